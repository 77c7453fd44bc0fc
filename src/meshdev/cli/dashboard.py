"""``meshdev dashboard``: another name for ``attach``."""

from meshdev.cli.attach import command

__all__ = ["command"]
