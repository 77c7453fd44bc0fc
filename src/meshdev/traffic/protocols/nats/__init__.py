"""NATS' protocol, JetStream's words included, read along."""
