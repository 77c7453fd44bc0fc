"""All kinds of secrets that are known by themselves, in the order in which a text is searched for them.

What is surest comes first, for what was replaced is a placeholder to those that follow.
"""

from typing import Final

from meshdev.recording.redaction.kind_aws import AWS_IDS, AWS_SECRETS, AWS_SIGNATURES
from meshdev.recording.redaction.kind_card import CARDS
from meshdev.recording.redaction.kind_jwt import JWTS
from meshdev.recording.redaction.kind_named import (
    ASSIGNMENTS,
    ELEMENTS,
    FIELDS,
    FIELDS_WITHIN,
    INPUTS,
    NUMBERS,
    PARAMETERS,
)
from meshdev.recording.redaction.kind_pem import PRIVATE_KEYS
from meshdev.recording.redaction.kind_scheme import BASIC, BEARER
from meshdev.recording.redaction.kind_userinfo import USERINFO_PASSWORDS
from meshdev.recording.redaction.kind_vendor import VENDOR_TOKENS

CATALOGUE: Final = (
    PRIVATE_KEYS,
    JWTS,
    USERINFO_PASSWORDS,
    AWS_SECRETS,
    AWS_IDS,
    AWS_SIGNATURES,
    VENDOR_TOKENS,
    BEARER,
    BASIC,
    PARAMETERS,
    FIELDS,
    FIELDS_WITHIN,
    NUMBERS,
    ELEMENTS,
    INPUTS,
    ASSIGNMENTS,
    CARDS,
)
