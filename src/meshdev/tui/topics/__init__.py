"""What the Events screen shows of the brokers' topics. Pure."""
