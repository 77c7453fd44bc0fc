"""Recordings on disk: a folder each, with `recording.json` (what it says of itself) and its journal in segments."""

from meshdev.storage.recordings.library import Library, Summary

__all__ = ["Library", "Summary"]
