"""What must hold for any input: no error, nothing changes the second time, the same every time, the same shape."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from meshdev.recording.model import Body, Exchange, Message, MessageKind, Request, Response
from meshdev.recording.redaction import Redactor, is_placeholder

KEY = b"a key for tests"

#: Texts made of what the kinds look for, so that they meet in every order.
FRAGMENTS = st.sampled_from(
    [
        *(
            "password",
            "token",
            "secret",
            "api_key",
            "Authorization",
            "Bearer ",
            "Basic ",
            "cookie",
            "pin",
            "session",
        ),
        *(
            ":",
            "=",
            '"',
            "'",
            " ",
            "\n",
            "\\",
            '\\"',
            "{",
            "}",
            "[",
            "]",
            ",",
            "&",
            "?",
            ";",
            "<",
            ">",
            "</",
            "://",
            "@",
            "%20",
        ),
        *("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", ".", "-", "_", "/", "+", "dXNlcjpwYXNzd29yZA=="),
        *(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "4111111111111111",
            "4111 1111 1111 1111",
        ),
        *(
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
            "sk_live_",
        ),
        *(
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "hunter2",
            "abc123def456",
            "12345678901234567",
            "grüße",
            "\x00",
        ),
    ]
)
TEXTS = st.one_of(
    st.lists(FRAGMENTS, max_size=14).map("".join),
    st.text(max_size=60),
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=6)), max_size=12).map("".join),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(FRAGMENTS, st.text(max_size=8)), inner, max_size=3),
    ),
    max_leaves=8,
)


def redactor() -> Redactor:
    """A fresh one: it must not depend on what an earlier one has seen."""
    return Redactor(key=KEY)


@given(st.one_of(st.binary(max_size=200), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@example(b'{"password": "\xff\xfe"}')
@example(b"Bearer +++++++0=+")
@example(b"Bearer pk_live_000000000A=")
@example(b"[Bearer +0AAAAAA 4111111111111111{\x00")
def test_bytes_of_any_kind(data: bytes) -> None:
    """Any bytes: no error, idempotent, and the same from another redactor with the key."""
    once = redactor().data(data)
    assert redactor().data(once) == once
    assert redactor().data(data) == once


@given(TEXTS)
@example("Basic dXNlcjpwYXNzd29yZA==password")
def test_texts_of_any_kind(text: str) -> None:
    """Any text, lone surrogates among them: no error and idempotent, also for who has seen the secrets."""
    one = redactor()
    once = one.text(text)
    assert one.text(once) == once


@given(JSON, st.booleans())
def test_json_stays_json(value: object, ascii_only: bool) -> None:  # noqa: FBT001
    """JSON stays valid, with the same keys in the same order and the same types."""
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    made = redactor().data(raw)
    assert redactor().data(made) == made
    if raw[:1] in b'{["':
        assert shape(json.loads(made.decode("utf-8", "surrogatepass"))) == shape(value)


def shape(value: object) -> object:
    """What redaction must not change: types and structure (keys may hold secrets, so only their number)."""
    if isinstance(value, dict):
        return [shape(inner) for inner in value.values()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


@given(
    TEXTS,
    TEXTS,
    st.lists(st.tuples(FRAGMENTS, TEXTS), max_size=4),
    TEXTS,
    st.sampled_from(["", "application/json"]),
)
def test_exchanges_of_any_kind(
    target: str, text: str, headers: list[tuple[str, str]], more: str, kind: str
) -> None:
    """Any exchange: no error, idempotent, and Content-Length is true."""
    body = text.encode("utf-8", "surrogatepass")
    types = {"": "application/x-www-form-urlencoded", "application/json": "multipart/form-data; boundary=-"}
    exchange = Exchange(
        id="1",
        started=0.0,
        microseconds=1,
        caller="a",
        callee="b",
        request=Request("POST", target, (*headers, ("Content-Type", types[kind])), Body(body, len(body))),
        response=Response(
            200, "OK", (("content-length", str(len(body))), ("content-type", kind)), Body(body, len(body))
        ),
        messages=(Message(1, True, MessageKind.TEXT, more.encode("utf-8", "surrogatepass")),),  # noqa: FBT003
        error=more,
    )
    one = redactor()
    once = one.exchange(exchange)
    assert one.exchange(once) == once
    assert redactor().exchange(once) == once
    assert once.response is not None
    assert (
        dict(once.response.headers)["content-length"]
        == str(len(once.response.body.data))
        == str(once.response.body.size)
    )


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_placeholders_are_known(secret: str) -> None:
    """What stands under a telling name is a placeholder afterwards, as long as the secret unless that was short."""
    raw = json.dumps({"password": secret}).encode()
    made = json.loads(redactor().data(raw))["password"]
    assert is_placeholder(made)
    assert made == secret or secret not in made or len(secret) < 3 or not any(map(str.isalnum, secret))


@given(TEXTS, st.lists(st.integers(0, 400), max_size=6).map(sorted))
def test_pieces_move_along(text: str, offsets: list[int]) -> None:
    """The pieces of an answer begin in order and within it, before and after."""
    body = text.encode("utf-8", "surrogatepass")
    pieces = tuple((min(offset, len(body)), number) for number, offset in enumerate(offsets))
    exchange = Exchange(
        "1", 0.0, 1, "a", "b", Request("GET", "/"), Response(200, body=Body(body, len(body), pieces=pieces))
    )
    made = redactor().exchange(exchange)
    assert made.response is not None
    moved = [offset for offset, _ in made.response.body.pieces]
    assert len(moved) == len(pieces)
    assert moved == sorted(moved)
    assert all(0 <= offset <= len(made.response.body.data) for offset in moved)
