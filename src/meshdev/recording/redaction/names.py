"""Which names say that what stands under them is a secret: of JSON fields, form fields, query parameters, headers.

Names are compared without case and separators (``access_token``, ``accessToken``, ``ACCESS-TOKEN``). Most are known by
how they end, so that ``stripe_secret_key`` needs no entry; the exceptions (page tokens, counts of tokens) are listed. A
name that the user keeps is never secret; the user's other names are further ones. ``*`` stands for anything in both.
"""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Final

_SECRET: Final = re.compile(
    r"(?:password|passwd|passwort|kennwort|motdepasse|contrasena|passphrase|passcode|userpass|dbpass|pwd|secret|token"
    r"|apikey|accesskey|accesskeyid|secretkey|privatekey|signingkey|encryptionkey|masterkey|authkey|sharedkey|accountkey"
    r"|subscriptionkey|servicekey|sessionkey|deploykey|licensekey|credential|jwt|sessionid|sessid|sessioncookie|csrf|xsrf"
    r"|authorization|bearer|cookie|setcookie|cvv|cvc|cardnumber|cardno|ccnumber|creditcard|pinnumber|pincode|otpcode|totpcode"
    r"|onetimecode|mfacode|verificationcode|recoverycode|backupcode|connectionstring|socialsecuritynumber|samlresponse"
    r"|clientassertion|codeverifier|idtokenhint|connectionuri|privatepem|encryptedkey)"
    r"(?:s|[0-9]|value|raw|plain|plaintext|confirm|confirmation|repeat|again|old|new|current|hash|b64|base64|str)?\Z"
    r"|(?:pass|pin|otp|totp|mfa|cvv2|cvc2|csc|ssn|pan|auth|session|sid|phpsessid|jsessionid|aspnetsessionid|secretaccesskey"
    r"|oauth|sasurl|creds|passhash)\Z",
)
_NOT: Final = re.compile(
    r"(?:next|prev|previous|page|nextpage|prevpage|continuation|sync|nextsync|resume|cursor|start|pagination|skip)tokens?\Z"
    r"|(?:max|min|total|prompt|completion|input|output|cached|reasoning|num|used|remaining|new|maxnew|context)tokens\Z",
)
#: Of query and form only: signatures of links, and what a callback of OAuth carries.
_PARAMETER: Final = re.compile(
    r"(?:sig|signature|xamzsignature|xamzcredential|xgoogsignature|xgoogcredential|assertion|samlrequest|hmac|ticket)\Z"
)
_CALLBACK: Final = frozenset({"code", "devicecode", "usercode"})
#: Numbers are secrets only under these; counts and times stand under all the others.
_NUMBER: Final = re.compile(
    r"(?:password|passwd|pwd|passcode|pass|pin|pincode|otp|totp|cvv2?|cvc2?|csc|ssn|pan|secret|token|apikey|card(?:number|no)"
    r"|ccnumber|creditcard|verificationcode|mfacode|onetimecode|otpcode|recoverycode|socialsecuritynumber)\Z"
)
#: Whatever is below these is secret …
_CONTAINER: Final = re.compile(
    r"(?:passwords?|secrets?|tokens|apikeys|credentials?|cookies|privatekeys?|backupcodes|recoverycodes)\Z"
)
#: … except what describes it.
_BENIGN: Final = re.compile(
    r"(?:type|kind|scheme|algorithm|alg|user|username|login|email|scopes?|host|port|url|uri|region|provider|status|name"
    r"|description|label|id|version|enabled|format|length|.*(?:at|time|date|expires|expiry|expiresin|count))\Z"
)
_HEADER: Final = re.compile(
    r"(?:^|-)(?:auth|authorization|authentication|session|sessionid|token|secret|password|passwd|pwd|passphrase|csrf|xsrf"
    r"|cookie2?|credentials?|jwt|apikey|api-key|access-key|auth-key|secret-key|private-key|subscription-key|functions-key"
    r"|master-key|account-key|sid|csrftoken|xsrftoken)(?:$|-)|(?:token|secret|apikey|password|sessionid|authkey)$"
)
_NOT_HEADER: Final = re.compile(
    r"access-control-|sec-websocket-|sec-fetch-|(?:www|proxy)-authenticate$|authentication-(?:info|results)"
    r"|proxy-authentication-info$|x-ratelimit-|cookie-policy"
)
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")
_MOST_REMEMBERED: Final = 8192


def squeezed(name: str) -> str:
    """The name without case and separators."""
    return _NO_LETTER.sub("", name.lower())


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    patterns = [translate("*".join(map(squeezed, name.split("*")))) for name in names]
    return re.compile("|".join(patterns)) if patterns else None


class Names:
    """The defaults with the user's names; what was decided once is remembered."""

    def __init__(
        self, fields: Iterable[str] = (), headers: Iterable[str] = (), keep: Iterable[str] = ()
    ) -> None:
        self._fields = _any_of(fields)
        self._headers = _any_of(headers)
        self._keep = _any_of(keep)
        self._decided: dict[tuple[str, str], bool] = {}

    def _remembered(self, kind: str, name: str, decision: bool) -> bool:  # noqa: FBT001
        if len(self._decided) >= _MOST_REMEMBERED:
            self._decided.clear()
        if len(name) < 200:  # noqa: PLR2004
            self._decided[kind, name] = decision
        return decision

    def kept(self, name: str) -> bool:
        """Whether the user said that nothing under this name is a secret."""
        return self._keep is not None and bool(self._keep.match(squeezed(name)))

    def users(self, name: str) -> bool:
        """Whether the user named this field."""
        return self._fields is not None and bool(self._fields.match(squeezed(name)))

    def field(self, name: str) -> bool:
        """Whether a text under this name is a secret."""
        known = self._decided.get(("field", name))
        if known is not None:
            return known
        bare = squeezed(name[:200])
        secret = bool(_SECRET.search(bare)) and not _NOT.match(bare)
        return self._remembered("field", name, (secret or self.users(name)) and not self.kept(name))

    def number(self, name: str) -> bool:
        """Whether a number under this name is one."""
        return (bool(_NUMBER.search(squeezed(name[:200]))) or self.users(name)) and self.field(name)

    def parameter(self, name: str, *, callback: bool) -> bool:
        """The same for a query or form; ``callback`` when it looks like OAuth's, where ``code`` is a secret."""
        if self.field(name):
            return True
        bare = squeezed(name[:200])
        return (bool(_PARAMETER.match(bare)) or (callback and bare in _CALLBACK)) and not self.kept(name)

    def container(self, name: str) -> bool:
        """Whether all texts below this name are secrets, except those that `benign` knows."""
        known = self._decided.get(("container", name))
        if known is not None:
            return known
        container = bool(_CONTAINER.search(squeezed(name[:200]))) or self.users(name)
        return self._remembered("container", name, container and not self.kept(name))

    def benign(self, name: str) -> bool:
        """Whether this describes a secret and is none."""
        return bool(_BENIGN.match(squeezed(name[:200])))

    def header(self, name: str) -> bool:
        """Whether this header's value is a secret."""
        known = self._decided.get(("header", name))
        if known is not None:
            return known
        lower = name.lower().replace("_", "-")
        secret = bool(_HEADER.search(lower)) and not _NOT_HEADER.match(lower)
        named = self._headers is not None and bool(self._headers.match(squeezed(name)))
        return self._remembered("header", name, secret or named)
