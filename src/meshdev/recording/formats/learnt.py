"""What is noise in an export: by its shape, by what the recording teaches, by what a person has said."""

from meshdev.recording.comparison import Noise, learn_noise
from meshdev.recording.formats.noise import volatile_by_shape
from meshdev.recording.formats.written import Volatile
from meshdev.recording.model import Exchange, Recording


def learnt(recording: Recording) -> Volatile:
    """Whether a place of an exchange changes from call to call."""
    noise = learn_noise(recording.exchanges).joined(recording.meta.noise)
    pinned = Noise().joined(recording.meta.pinned)

    def volatile(exchange: Exchange, place: str) -> bool:
        short = place.removeprefix("response.")
        if short != place and pinned.covers(exchange.route, short):
            return False
        return (short != place and noise.covers(exchange.route, short)) or volatile_by_shape(exchange, place)

    return volatile
