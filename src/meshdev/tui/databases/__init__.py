"""What the Data screen shows of the databases. Pure."""
