"""A request as a few lines of Python with httpx."""

import re

from meshdev.recording.formats.heads import first
from meshdev.recording.formats.python.call import as_itself, call_of
from meshdev.recording.formats.python.source import Value, laid_out
from meshdev.recording.model import Exchange


def script(exchange: Exchange, base: str) -> str:
    """A script that prints the status and the answer's text."""
    made = call_of("httpx", exchange, as_itself, base=base)
    cookie = first(exchange.request.headers, "cookie")
    if cookie:
        made = type(made)(made.opening, (*made.items, ("cookies=", _cookies(cookie))), made.closing)
    body = laid_out(made, before="reply = ")
    imports = [name for name in ("base64", "httpx") if re.search(rf"\b{name}\.", body)]
    standard, own = [one for one in imports if one == "base64"], [one for one in imports if one == "httpx"]
    heads = "\n\n".join(f"import {group[0]}" for group in (standard, own) if group)
    return f"{heads}\n\n{body}\nprint(reply.status_code, reply.text)\n"


def _cookies(header: str) -> Value:
    pairs = (piece.strip().partition("=") for piece in header.split(";"))
    return {name: value for name, _, value in pairs if name}
