"""TLS that ends at an edge beside HAProxy (`command`)."""
