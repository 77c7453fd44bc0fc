"""A request as a curl command that any POSIX shell takes, on one line.

| body | how it is said |
|---|---|
| text | ``--data-raw``, as it is |
| a form of plain fields, multipart | ``--form-string``: curl makes a boundary of its own |
| anything with bytes that no argument can have, or with files | base64 through a pipe, byte by byte |

Left out is what curl says by itself, and what belongs to one connection or one trace.
"""

import shlex
from typing import Final

from meshdev.recording.formats.address import url_of
from meshdev.recording.formats.content import Part, base64_of, parts_of, text_of
from meshdev.recording.formats.heads import CONNECTION, FRAMING, TRACING, first, without
from meshdev.recording.model import Request

_BY_ITSELF: Final = CONNECTION | FRAMING | TRACING | {"accept-encoding", "expect", "host"}
_FORM: Final = "application/x-www-form-urlencoded"


def curl(request: Request, base: str) -> str:
    """The command; ``base`` is a URL without a path."""
    url = url_of("", request.target, {"": base})
    parts = _plain_parts(request)
    piped, sent = ("", _form(parts)) if parts else _data(request)
    words = ["curl", *_method(request, bool(sent))]
    if "/./" in url or "/../" in url or url.endswith(("/.", "/..")):
        words.append("--path-as-is")
    if first(request.headers, "accept-encoding"):
        words.append("--compressed")
    words += [url, *_headers(request, multipart=bool(parts), data=bool(sent)), *sent]
    return piped + " ".join(shlex.quote(word) for word in words)


def _method(request: Request, sent: bool) -> list[str]:  # noqa: FBT001 -- whether there is a body
    if request.method == "HEAD" and not sent:
        return ["-I"]
    implied = "POST" if sent else "GET"
    return [] if request.method == implied else ["-X", request.method]


def _headers(request: Request, *, multipart: bool, data: bool) -> list[str]:
    words = []
    kind = first(request.headers, "content-type")
    for name, value in without(request.headers, _BY_ITSELF):
        made_by_curl = name.lower() == "content-type" and (multipart or (data and value == _FORM))
        if not made_by_curl:
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if data and not multipart and not kind:
        words += ["-H", "content-type:"]  # curl would say that it is a form
    return words


def _data(request: Request) -> tuple[str, list[str]]:
    """What stands before the command, and the arguments."""
    data = request.body.data
    if not data:
        return "", []
    text = text_of(data)
    if text is not None and "\r" not in text:
        return "", ["--data-raw", text]
    return f"echo {base64_of(data)} | base64 -d | ", ["--data-binary", "@-"]


def _plain_parts(request: Request) -> tuple[Part, ...]:
    """The parts of a multipart body, if all of them are fields of plain text."""
    parts = parts_of(request.body, request.headers) or ()
    plain = all(part.filename is None and not part.media and text_of(part.data) is not None for part in parts)
    return parts if plain else ()


def _form(parts: tuple[Part, ...]) -> list[str]:
    return [word for part in parts for word in ("--form-string", f"{part.name}={part.data.decode()}")]
