"""Protocols that are read: what such an edge costs beside HAProxy, and a long mixed run that is counted."""
