"""AMQP 0-9-1, read along."""
