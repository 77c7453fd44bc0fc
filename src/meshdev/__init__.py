"""meshdev: one terminal for a whole microservice system on a laptop."""

__version__ = "0.1.0.dev0"
