"""What passes over an edge, read along without IO: protocol scanners, balancing (floor 1)."""
