"""What of a log line may reach a terminal: text and colours, nothing that moves, clears, titles or asks.

A log is foreign text: an escape sequence in it could clear the screen, rename the window or make the terminal type
an answer. So only SGR sequences (colours, bold …) are kept, other sequences are dropped, and other control
characters are shown as their pictures (U+2400 …). Sequences: ECMA-48 §5.4, §5.6; OSC as xterm ends it.
"""

import re

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[(?P<csi>[0-?]*[ -/]*[@-~])"  # CSI … final
    r"|\](?:[^\x07\x1b]|\x1b(?!\\))*(?:\x07|\x1b\\|$)"  # OSC … BEL or ST
    r"|[PX^_](?:[^\x1b]|\x1b(?!\\))*(?:\x1b\\|$)"  # DCS, SOS, PM, APC … ST
    r"|[ -/]+[0-~]|[0-OQ-WYZ\\`-~]"  # charsets, two-character sequences
    r")|\x9b[0-?]*[ -/]*[@-~]"
)
_SGR = re.compile(r"[0-9;:]*m")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL_BUT_ESCAPE = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!\[[0-9;:]*m)")
_PICTURE_DELETE = "\u2421"
_C1_FIRST = 0x80


def strip_ansi(text: str) -> str:
    """The text without any escape sequence."""
    return _SEQUENCE.sub("", text) if "\x1b" in text or "\x9b" in text else text


def needs_care(text: str) -> bool:
    """Whether there is any control character besides tab and line feed: without one, `displayed` changes nothing."""
    return _CONTROL.search(text) is not None


def displayed(line: str) -> str:
    """One line as it may be shown: colours kept, a progress bar in its last state, nothing else obeyed."""
    line = line.rstrip("\r")
    if "\r" in line:
        line = _last_state(line)
    line = _SEQUENCE.sub(_keep_colour, line)
    return _CONTROL_BUT_ESCAPE.sub(_picture, line)


def _last_state(line: str) -> str:
    """What a terminal shows after carriage returns: the last piece that has text."""
    pieces = line.split("\r")
    return next((piece for piece in reversed(pieces) if strip_ansi(piece).strip()), pieces[-1])


def _keep_colour(found: re.Match[str]) -> str:
    csi = found["csi"]
    return found[0] if csi is not None and _SGR.fullmatch(csi) else ""


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code >= _C1_FIRST:
        return "\ufffd"
    return _PICTURE_DELETE if found[0] == "\x7f" else chr(0x2400 + code)
