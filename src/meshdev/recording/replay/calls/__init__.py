"""Calls of gRPC given again. Matching and echoes are those of HTTP: a call is translated into a request with JSON.

| where | what |
|---|---|
| `translated` | a call as an exchange of HTTP with JSON in it, and the messages again |
| `dialogue` | one call being played: message by message |
| `metadata` | metadata as grpcio has them |
| `player` | a call begins: which recorded one it is, or why none |
"""

from meshdev.recording.replay.calls.dialogue import CallEnd, Dialogue, Say, Surprise, Turn
from meshdev.recording.replay.calls.player import CallPlayer, Opened
from meshdev.recording.replay.calls.translated import ALL

__all__ = ["ALL", "CallEnd", "CallPlayer", "Dialogue", "Opened", "Say", "Surprise", "Turn"]
