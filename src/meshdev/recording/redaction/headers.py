"""Heads: values of telling headers, cookies, credentials; all other values as texts of their own.

What was decided about a name and value is remembered, since a connection's heads are nearly always the same.
"""

import re
from typing import Final

from meshdev.recording.model import Headers
from meshdev.recording.redaction.authorization import redact_credentials
from meshdev.recording.redaction.edits import substitute
from meshdev.recording.redaction.kinds import Context, Edit
from meshdev.recording.redaction.scanner import Scanner

_COOKIE: Final = re.compile(r"(?a)(?:\A|(?<=;))([^=;]*+)=\s*(\"[^\"]*+\"|[^;]*)")
_CREDENTIALS: Final = re.compile(r"(?:.*-)?authorization\Z", re.IGNORECASE)
_MOST_REMEMBERED: Final = 4096
_LONGEST_REMEMBERED: Final = 2048


class Heads:
    """Redacts headers and trailers."""

    def __init__(self, scanner: Scanner, context: Context) -> None:
        self._scanner = scanner
        self._context = context
        self._made: dict[tuple[str, str], tuple[str, bool]] = {}
        self._plain: set[tuple[str, str]] = set()
        self._telling: dict[str, bool] = {}
        self._at = 0

    def fresh(self, headers: Headers, asked: list[tuple[str, str]]) -> list[int]:
        """Add those of which it is not known that they are plain; the places of all that `redact` must look at.

        These are the ones that are secret by their name, and those too long to be remembered.
        """
        if self._context.mint.known.learnt != self._at:  # what was plain may hold what is known now
            self._forget()
        places: list[int] = []
        telling, plain = self._telling, self._plain
        for place, pair in enumerate(headers):
            if pair not in plain:
                name, value = pair
                tells = telling.get(name)
                if tells is None:
                    tells = self._tells(name)
                if tells:
                    places.append(place)
                else:
                    asked.append(pair)
                    if len(value) > _LONGEST_REMEMBERED:
                        places.append(place)
        return places

    def settle(self, asked: list[tuple[str, str]]) -> None:
        """These are plain: somebody has asked about their values."""
        if len(self._plain) >= _MOST_REMEMBERED:
            self._plain.clear()
        self._plain.update([pair for pair in asked if len(pair[1]) <= _LONGEST_REMEMBERED])

    def _tells(self, name: str) -> bool:
        tells = self._context.names.header(name)
        if len(self._telling) >= _MOST_REMEMBERED:
            self._telling.clear()
        if len(name) <= _LONGEST_REMEMBERED:
            self._telling[name] = tells
        return tells

    def _forget(self) -> None:
        self._plain.clear()
        self._made = {pair: made for pair, made in self._made.items() if made[1]}
        self._at = self._context.mint.known.learnt

    def redact(self, headers: Headers, places: list[int] | None = None) -> tuple[Headers, list[str]]:
        """The headers without secrets (the same object when nothing changed), and names where placeholders stand.

        ``places`` are those that `fresh` told, where the others have been settled.
        """
        if self._context.mint.known.learnt != self._at:
            self._forget()
            places = None
        names: list[str] = []
        changed: dict[int, str] = {}
        for place in range(len(headers)) if places is None else places:
            pair = headers[place]
            if pair in self._plain:
                continue
            made = self._made.get(pair)
            if made is None:
                made = self._decide(*pair)
            if made[1]:
                names.append(pair[0].lower())
                if made[0] != pair[1]:
                    changed[place] = made[0]
        if not changed:
            return headers, names
        return tuple((name, changed.get(place, value)) for place, (name, value) in enumerate(headers)), names

    def _decide(self, name: str, value: str) -> tuple[str, bool]:
        made = self._value(name, value)
        if len(self._made) >= _MOST_REMEMBERED:
            self._made.clear()
        if len(value) <= _LONGEST_REMEMBERED:
            self._made[name, value] = made
        return made

    def _value(self, name: str, value: str) -> tuple[str, bool]:
        mint, lower = self._context.mint, name.lower()
        if not value.strip():
            return value, False
        if lower in {"cookie", "cookie2"}:
            return self._cookies(value, first=False), True
        if lower in {"set-cookie", "set-cookie2"}:
            return self._cookies(value, first=True), True
        if self._context.names.header(name):
            return redact_credentials(mint, value) if _CREDENTIALS.match(name) else mint.value(value), True
        new = self._scanner.look(value)
        return new, new != value

    def _cookies(self, value: str, *, first: bool) -> str:
        """Values become placeholders; of Set-Cookie only the first pair, the others are attributes."""
        edits: list[Edit] = []
        pairs = list(_COOKIE.finditer(value))
        if not pairs:
            return self._context.mint.value(value, weak=True)
        for pair in pairs[:1] if first else pairs:
            start, end = pair.span(2)
            secret = pair[2].strip()
            if secret.startswith('"') and secret.endswith('"') and len(secret) > 1:
                start, end, secret = start + 1, pair.start(2) + len(secret) - 1, secret[1:-1]
            else:
                end = start + len(pair[2].rstrip())
            if secret:
                weak = not self._context.names.field(pair[1].strip())
                edits.append((start, end, self._context.mint.value(secret, weak=weak)))
        return substitute(value, edits)
