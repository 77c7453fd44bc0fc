"""Names of queues, subjects and topics as patterns, so that telemetry counts `replies.{id}` and not every one of them.

What looks like a value becomes ``{id}``: a number that is a level of its own (``devices/17/state``), three digits or
more behind a hyphen or underscore (``order-1042``), a UUID, a long hexadecimal or mixed word, and what brokers and
client libraries make up (``amq.gen-…``). Wildcards stay. Guesses are for people and for sums.
"""

import re
from typing import Final

MOST_LETTERS: Final = 160
_MADE_UP: Final = re.compile(r"\A(amq\.(?:gen-|ctag-|rabbitmq\.reply-to\.)).+\Z", re.DOTALL)
_VALUE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # UUID
    r"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{12,}"
    r"|(?=[A-Za-z]*[0-9])[0-9A-Za-z]{16,}"  # ULID, KSUID
    r"|[0-9]{3,}"
    r"|(?:(?<=[./:])|(?<=\A))[0-9]+(?=[./:]|\Z)"
    r")(?![0-9A-Za-z])"
)
_DIGIT: Final = re.compile(r"[0-9]")


def pattern_of(name: str) -> str:
    """The guessed pattern behind a name: ``orders.17.paid`` gives ``orders.{id}.paid``."""
    name = _MADE_UP.sub(r"\1{id}", name)
    if _DIGIT.search(name):
        name = _VALUE.sub("{id}", name)
    return name[:MOST_LETTERS]
