"""Notifications: turns events into messages to shoppers, one per event, however often the event is delivered."""
