"""Whether this terminal can open a browser that the user would see."""

from collections.abc import Mapping


def can_browse(environ: Mapping[str, str], platform: str) -> bool:
    """No browser over SSH, nor on a Linux without a display: there it would open a text browser over the dashboard.

    >>> can_browse({"DISPLAY": ":0"}, "linux"), can_browse({"SSH_TTY": "/dev/pts/1"}, "darwin")
    (True, False)
    """
    if "SSH_TTY" in environ or "SSH_CONNECTION" in environ:
        return False
    return platform == "darwin" or "DISPLAY" in environ or "WAYLAND_DISPLAY" in environ
