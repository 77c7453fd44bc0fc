"""Did you mean: see `kernel.nearest`."""

from meshdev.kernel.nearest import did_you_mean, nearest

__all__ = ["did_you_mean", "nearest"]
