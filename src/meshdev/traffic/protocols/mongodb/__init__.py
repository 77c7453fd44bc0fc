"""MongoDB's protocol, read along."""
