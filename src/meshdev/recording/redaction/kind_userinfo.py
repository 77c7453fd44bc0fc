"""Passwords in addresses, ``scheme://user:password@host``, connection strings among them: the user stays."""

import re
from typing import Final

from meshdev.recording.redaction.kinds import Context, Edit, Kind, group
from meshdev.recording.redaction.percent import decoded

#: ``\\/`` is how some JSON encoders write a slash.
_PATTERN: Final = re.compile(
    r"(?a)(?<=:)\\?/\\?/([^\s/?#@:\"'<>\\]{0,256}+)(?::([^\s/?#@\"'<>\\]{0,512}+))?@(?=[A-Za-z0-9\[_%$*(-])",
)


def _replace(found: re.Match[str], context: Context) -> Edit | None:
    """The password, or the user when it stands alone and is a token (``https://TOKEN@github.com``)."""
    which = 2 if found[2] else 1
    secret = decoded(found[which], plus=False)
    if not secret or (which == 1 and len(secret) < 20):  # noqa: PLR2004 - names are shorter than tokens
        return None
    new = context.mint.value(secret)
    return group(found, which, new) if new != secret else None


USERINFO_PASSWORDS: Final = Kind(
    "password in an address",
    "`scheme://user:password@host`, connection strings too",
    ("@",),
    _PATTERN,
    _replace,
)
