"""What is asked of the keeper of networks, and what it answers: msgpack in `frames`, descriptors riding along.

| asker → keeper | answered by | meaning |
|---|---|---|
| `Begin` | `Made`, `Refused` | the first words; the answer brings the user namespace that was made, if one was |
| `Gate` | `Made`, `Refused` | a network in which the mesh listens for one caller; its descriptor rides along |
| `Pod` | `Made`, `Refused` | a network for one instance, whose only way leads to that gate |
| `Sockets` | ``many`` times `Made` or `Refused` | TCP sockets of a network, one with each answer |
| `Known`, `Forget`, `Client` | nothing | a network of an earlier keeper · one that is over · somebody else who asks |

Answers come in the order of the questions, each asker's by itself.
"""

from typing import Final

import msgspec
from msgspec import Struct

from meshdev.wire.frames import frame

MOST_SOCKETS: Final = 64


class Begin(Struct, frozen=True, array_like=True, tag="begin"):
    """Be ready to make networks: with the rights that there are, or in a user namespace.

    With ``joins`` in that of an earlier keeper, which rides along.
    """

    joins: bool = False


class Gate(Struct, frozen=True, array_like=True, tag="gate"):
    """A network where every address of `names` is the mesh's."""

    net: str


class Pod(Struct, frozen=True, array_like=True, tag="pod"):
    """A network with loopback, ``address``, and a way to ``gate``."""

    net: str
    gate: str
    address: str


class Sockets(Struct, frozen=True, array_like=True, tag="sockets"):
    """So ``many`` unbound TCP sockets of ``net``."""

    net: str
    many: int


class Known(Struct, frozen=True, array_like=True, tag="known"):
    """The descriptor that rides along is the network ``net``."""

    net: str


class Forget(Struct, frozen=True, array_like=True, tag="forget"):
    """Nobody will ask for ``net`` any more."""

    net: str


class Client(Struct, frozen=True, array_like=True, tag="client"):
    """The descriptor that rides along is somebody else's end, who may ask for `Sockets`."""


class Made(Struct, frozen=True, array_like=True, tag="made"):
    """Here it is, riding along; ``bare`` is an answer without a descriptor."""

    bare: bool = False


class Refused(Struct, frozen=True, array_like=True, tag="refused"):
    """It cannot be had."""

    reason: str


Question = Begin | Gate | Pod | Sockets | Known | Forget | Client
Answer = Made | Refused

_ENCODER = msgspec.msgpack.Encoder()
_QUESTION: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)
_ANSWER: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def encode(message: Question | Answer) -> bytes:
    """The frame that carries ``message``."""
    return frame(_ENCODER.encode(message))


def decode_question(body: bytes) -> Question:
    """What was asked. Raises ValueError."""
    return _QUESTION.decode(body)


def decode_answer(body: bytes) -> Answer:
    """What was answered. Raises ValueError."""
    return _ANSWER.decode(body)
