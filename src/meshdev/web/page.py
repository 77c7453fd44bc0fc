"""The one page: a terminal by textual-serve's script, in a frame of ours that asks no other host for anything."""

import html
from importlib.resources import files
from string import Template
from typing import Final

SMALLEST, USUAL, LARGEST = 8, 15, 40
"""Font sizes in pixels."""
ASSETS: Final = {
    name: files("meshdev.web").joinpath("assets", name).read_text("utf-8")
    for name in ("page.html", "page.css", "page.js")
}
"""The page's own files by name."""


def page(title: str, websocket: str, font: str) -> str:
    """HTML; ``font`` is what the user wrote, whatever it may be."""
    size = min(LARGEST, max(SMALLEST, int(font))) if font.isdecimal() and font.isascii() else USUAL
    template = Template(ASSETS["page.html"])
    return template.substitute(title=html.escape(title), websocket=html.escape(websocket), font=size)


def headers(host: str) -> dict[str, str]:
    """What every answer says: nothing from elsewhere, nothing kept, no frame around it, no name handed on."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",  # the terminal makes its own style elements
        "font-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' ws://{host}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "Server": "meshdev",
    }
