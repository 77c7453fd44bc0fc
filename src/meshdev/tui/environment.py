"""What the details pane says about a service's environment: what meshdev gave it, secrets hidden. Pure.

A secret is told by its name, and a password by its place in a URL. Hidden values have all the same length, so that they
tell nothing.
"""

import re
from collections.abc import Iterator, Mapping

from meshdev.tui.cells import clean, width_of, wrap_words
from meshdev.tui.tone import Span, Tone
from meshdev.wire.control import EnvView

HIDDEN = "••••••"

_SECRET = re.compile(
    r"(SECRET|TOKEN|PASSW|PASSPHRASE|PWD$|(^|_)PASS$|KEY$|KEYS$|CREDENTIAL|PRIVATE|AUTH$|COOKIE|SALT$|DSN$|SIGNATURE)",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"^(PWD|OLDPWD|SSH_AUTH_SOCK)$|_PUBLIC_KEY$", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)([^\s/@:]*):([^\s/@]+)(?=@)")


def masked(name: str, value: str) -> str:
    """``value`` as it may stand on a screen that others see.

    >>> masked("DATABASE_URL", "postgres://shop:hunter2@db/shop")
    'postgres://shop:••••••@db/shop'
    """
    if value and _SECRET.search(name) and not _HARMLESS.search(name):
        return HIDDEN
    return _PASSWORD.sub(rf"\1:{HIDDEN}", value)


def environment_of(
    view: EnvView | None, ours: Mapping[str, str], width: int, *, shown: bool, trouble: str = ""
) -> Iterator[list[Span]]:
    """What ``view`` has beyond ``ours`` (this terminal's environment); ``shown``: with its secrets."""
    yield []
    if view is None:
        yield [Span("Environment", Tone.TITLE)]
        yield [Span(f"  {clean(trouble)}" if trouble else "  asking …", Tone.MUTED)]
        return
    own = {name: value for name, value in sorted(view.environment.items()) if ours.get(name) != value}
    hides = any(masked(name, value) != value for name, value in own.items())
    hint = ("   u hides the secrets" if shown else "   u shows the secrets") if hides else ""
    yield [Span("Environment", Tone.TITLE), Span(hint, Tone.FAINT)]
    for name, value in own.items():
        text = value if shown else masked(name, value)
        head = f"  {clean(name)}="
        room = max(8, width - width_of(head))
        pieces = wrap_words(clean(text), room) if width_of(head) < width // 2 else []
        if pieces or not text:
            yield [Span(head, Tone.MUTED), Span(pieces[0] if pieces else "", Tone.TEXT)]
            rest, indent = pieces[1:], " " * width_of(head)
        else:
            yield [Span(head, Tone.MUTED)]
            rest, indent = wrap_words(clean(text), max(8, width - 4)), "    "
        for piece in rest:
            yield [Span(indent + piece, Tone.TEXT)]
    yield [Span(f"  in {clean(view.working_dir)}", Tone.FAINT)]
