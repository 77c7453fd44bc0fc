"""No input makes redaction slow: a fifth of a megabyte of the worst takes a second, and twice as much twice as long."""

from time import process_time

import pytest

from meshdev.recording.redaction import Redactor
from support_secrets import exchange

SIZE = 200_000
WORST = {
    "a": "a",
    "digits": "4",
    "card after card": "4111111111111111 ",
    "groups": "4111 1111 ",
    "quotes": '"',
    "escaped quotes": '\\"',
    "open string": '{"password":"',
    "backslashes": '{"token":"' + "\\" * 50,
    "brackets": "[",
    "braces": '{"token":',
    "braces closed": '{"secret":[],"a":"b"},',
    "jwt": "eyJhbGciOiJIUzI1NiJ9.",
    "jwt again": "eyJhbGci",
    "pem begin": "-----BEGIN PRIVATE KEY-----",
    "pem lines": "-----BEGIN PRIVATE KEY-----\nMIIE",
    "begin": "-----BEGIN ",
    "userinfo": "http://a:b",
    "colons": "://:",
    "ats": "://@",
    "aws": "AKIAIOSFODNN7EXAMPLE ",
    "aws secret": "aws_secret=",
    "bearer": "Bearer ",
    "bearer token": "Bearer a",
    "basic": "basic dXNlcjpw ",
    "assignments": "password=",
    "spaces": "password" + " " * 100,
    "names": "password.password",
    "elements": "<password>",
    "elements with attributes": "<password a",
    "inputs": "<input name=token ",
    "parameters": "?token=a&token",
    "percents": "token=%20%",
    "boundaries": "--XyZ\r\n\r\n",
    "blank lines": "--XyZ\r\n\r",
    "vendor": "sk-",
    "dashes": "sk-proj-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-",
    "null": "\0token=",
    "line ends": "password:\n",
}
TYPES = ("", "application/x-www-form-urlencoded", "multipart/form-data; boundary=XyZ")


def seconds(data: bytes, content_type: str) -> float:
    """CPU time of one look, with something in front that makes it look closely."""
    redactor = Redactor(key=b"key")
    start = process_time()
    redactor._bodies.redact(data, content_type, [], suspected=True)
    return process_time() - start


@pytest.mark.parametrize("kind", WORST)
def test_much_of_it(kind: str) -> None:
    """As text, and less of it as a form and as multipart: twice as much takes twice as long."""
    unit = WORST[kind]
    for content_type, size in zip(TYPES, (SIZE, SIZE // 5, SIZE // 5), strict=True):
        spent = seconds((unit * (size // len(unit))).encode(), content_type)
        if spent > 0.5:
            assert spent < 3.2 * seconds((unit * (size // len(unit) // 2)).encode(), content_type)
        assert spent < 20, content_type


def test_a_head_and_a_query_of_it() -> None:
    """The other carriers have loops of their own."""
    redactor = Redactor(key=b"key")
    start = process_time()
    for unit in WORST.values():
        many = unit * (30_000 // len(unit))
        asked = (("Cookie", many), ("Authorization", "Digest " + many), ("Set-Cookie", many), ("X", many))
        redactor.exchange(exchange(target="/" + many + "?" + many, request_headers=asked))
    assert process_time() - start < 60
