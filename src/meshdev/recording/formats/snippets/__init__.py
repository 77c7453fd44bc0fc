"""An exchange as something to paste: `curl` for a shell, `httpx` for Python."""

from meshdev.errors import RecordingError
from meshdev.recording.formats.snippets.curl import curl
from meshdev.recording.formats.snippets.httpx import script
from meshdev.recording.model import Exchange

KINDS = ("curl", "httpx")


def snippet(exchange: Exchange, kind: str, base_url: str = "") -> str:
    """The call again, at ``base_url`` (else ``http://CALLEE``). Raises RecordingError for an unknown kind."""
    base = (base_url or f"http://{exchange.callee}").rstrip("/")
    if kind == "curl":
        return curl(exchange.request, base)
    if kind == "httpx":
        return script(exchange, base)
    raise RecordingError(f"no snippet is called {kind!r}", hint=f"there are: {', '.join(KINDS)}")
