"""PostgreSQL's protocol, read along."""
