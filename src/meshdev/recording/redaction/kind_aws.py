"""Keys of AWS: ids by their prefix, secret keys where an id or a telling word is near, signatures of requests."""

import re
from typing import Final

from meshdev.recording.redaction.kinds import Context, Edit, Kind, group, whole
from meshdev.recording.redaction.mint import Mint
from meshdev.recording.redaction.percent import WORD_START

AWS_IDS: Final = Kind(
    "AWS access key",
    "`AKIA…`, `ASIA…` and 16 more",
    ("akia", "asia"),
    re.compile(WORD_START + r"A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    whole(Mint.plain),
)
_DIGIT: Final = re.compile(r"[0-9]")


def _secret_key(found: re.Match[str], context: Context) -> Edit | None:
    secret = found[1]
    mixed = _DIGIT.search(secret) and secret != secret.lower() and secret != secret.upper()
    return group(found, 1, context.mint.plain(secret)) if mixed else None


#: Forty characters of base64 within 200 characters after an id or a word that says so.
AWS_SECRETS: Final = Kind(
    "AWS secret key",
    "40 characters of base64 soon after an access key or the words `secret access key`",
    ("akia", "asia", "secret"),
    re.compile(
        r"(?:A(?:KIA|SIA)[A-Z0-9]{16}|(?i:secret_?access_?key|aws_?secret))"
        r".{1,200}?"
        r"(?<![A-Za-z0-9/+=])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        re.DOTALL,
    ),
    _secret_key,
)


def _signature(found: re.Match[str], context: Context) -> Edit:
    return group(found, 1, context.mint.plain(found[1]))


AWS_SIGNATURES: Final = Kind(
    "AWS signature",
    "`Signature=…` of SigV4",
    ("signature=",),
    re.compile(r"(?<![A-Za-z0-9])Signature=([0-9a-f]{64})(?![0-9a-f])"),
    _signature,
)
