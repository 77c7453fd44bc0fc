"""HTTP/2, and gRPC on it, read along."""
