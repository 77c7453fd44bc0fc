"""The answer made ready: turn, echoes, timing.

| where | what |
|---|---|
| `replayer` | request in, answer out |
| `answer` | what is sent |
| `echo` | the caller's values in the answer |
| `heads` | headers, lengths, content codings |
| `timing` | fast, recorded, so many times as fast |
| `conversation` | WebSocket messages |
"""

from meshdev.recording.replay.answer import Answer, Piece
from meshdev.recording.replay.conversation import Conversation, Step, Unexpected
from meshdev.recording.replay.replayer import Replayer

__all__ = ["Answer", "Conversation", "Piece", "Replayer", "Step", "Unexpected"]
