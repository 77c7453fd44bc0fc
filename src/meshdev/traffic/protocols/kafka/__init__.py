"""Kafka's protocol, read along."""
