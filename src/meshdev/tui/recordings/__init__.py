"""Recordings in the dashboard: what is under way, what is in one, a call whole, replays and their reports."""
