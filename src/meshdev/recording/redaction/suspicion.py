"""The cheap question that is asked of every exchange: may there be anything in these bytes?

Nearly always the answer is no, so this is what redaction costs. Asking is a handful of C-speed passes over the bytes:
small letters alone (so ``api_key`` and ``apiKey`` look alike) are searched for the cores of telling names, digits alone
for a run as long as a card number, the words for short names and for values that are known to be secret. One combined
regex was tried: it is three times slower, since its alternatives begin with the commonest letters.

Whatever a kind of the catalogue, a name or a header finds must be suspected here: the tests go through all of them.
"""

import re
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import Final

from meshdev.recording.redaction.card import CARD, holds_card, is_card
from meshdev.recording.redaction.known import Known
from meshdev.recording.redaction.percent import decoded

_EVERY: Final = bytes(range(256))
_LETTERS: Final = ascii_letters.encode()
_ALNUM: Final = (ascii_letters + digits).encode()
_LOWER: Final = bytes.maketrans(ascii_uppercase.encode(), ascii_lowercase.encode())
_NOT_LETTERS: Final = bytes(set(_EVERY) - set(_LETTERS))
_WORDS: Final = bytes(code if code in _ALNUM else 32 for code in _EVERY)
_DIGITS_ONLY: Final = bytes(48 if code in digits.encode() else 32 for code in _EVERY)
_SEPARATORS: Final = b" -+%"
_CARD: Final = b"0" * 13
_DIGITS: Final = bytes(code if code in digits.encode() else 32 for code in _EVERY)

#: Cores of names, in small letters with nothing else between.
_CORES: Final = tuple(
    b"pass pwd secret token key cred jwt srf sess authori cookie bearer signat cardn creditc timecode".split()
)
#: Beginnings as they are, by a letter in them that most texts have not.
_RAW: Final = ((b"J", (b"eyJ",)), (b"I", (b"AKIA", b"ASIA", b"AIza")), (b"=", (b"code=",)))
_ADDRESS: Final = re.compile(rb":\\?/\\?/[^\s\"'<>@]{0,1024}+@")
#: Names as they stand between other characters than letters and digits, each in the usual spellings, and prefixes.
_NAMES: Final = (
    "pin otp totp mfa cvv cvc cvv2 cvc2 csc ssn pan auth sid creds oauth sig hmac ticket basic kennwort motdepasse"
    " contrasena assertion verifier pincode otpcode totpcode mfacode"
)
_SPELT: Final = (
    "codeverifier socialsecuritynumber clientassertion backupcode backupcodes connectionuri onetimecode"
    " samlresponse samlrequest ccnumber recoverycode recoverycodes verificationcode pinCode otpCode totpCode"
    " mfaCode verificationCode verification recoveryCode recoveryCodes recovery backupCode backupCodes backup"
    " oneTimeCode cc ccNumber connectionString ConnectionString connection connectionstring SAMLResponse"
    " SAMLRequest samlResponse saml codeVerifier clientAssertion userCode deviceCode connectionUri"
    " connectionURI sasUrl social socialSecurityNumber motDePasse ghp gho ghu ghs ghr github glpat gloas gldt"
    " glrt glptt glft glsoat glcbt glimt glagent xoxb xoxp xoxa xoxr xoxs xoxe xapp sk pk rk whsec npm hf SG"
    " hvs hvb dckr shpat shpca shppa shpss doo dop dor GOCSPX ya29 pypi PRIVATE"
)
_NOTICED: Final = frozenset(
    spelling.encode()
    for name in (*_NAMES.split(), *_SPELT.split())
    for spelling in {name, name.upper(), name[:1].upper() + name[1:]}
)


def words_of(data: bytes) -> list[bytes]:
    """Runs of letters and digits."""
    return data.translate(_WORDS).split()


class Suspicion:
    """Asks, with the secrets that are known so far; ``extra`` are the cores of the user's names."""

    def __init__(self, known: Known, extra: tuple[bytes, ...] = ()) -> None:
        self._known = known
        known.notice(_NOTICED)
        self._cores = _CORES + extra

    def __call__(self, data: bytes) -> bool:
        """Whether it is worth looking."""
        letters = data.translate(_LOWER, _NOT_LETTERS)
        for core in self._cores:
            if core in letters:
                return True
        for rare, beginnings in _RAW:
            if rare in data and any(raw in data for raw in beginnings):
                return True
        if not self._known.unmarked(data.translate(_WORDS).split()):
            return True
        if b"@" in data and _ADDRESS.search(data):
            return True
        return _CARD in data.translate(_DIGITS_ONLY, _SEPARATORS) and _has_card(data)


def _has_card(data: bytes) -> bool:
    """Whether a run that is long enough is a card number: times in milliseconds are as long."""
    if b"%" not in data:  # escapes bring digits of their own
        runs = [run for run in data.translate(_DIGITS, _SEPARATORS).split() if len(run) >= len(_CARD)]
        if not any(holds_card(run.decode("ascii")) for run in runs):
            return False
    text = data.decode("latin-1")
    if any(is_card(found[0]) for found in CARD.finditer(text)):
        return True
    plain = decoded(text)
    return plain != text and any(is_card(found[0]) for found in CARD.finditer(plain))
