"""Containers: twenty started and removed beside docker-compose, and what watching them costs."""
