"""Secrets of callers: placeholders in the recording, other secrets in the replay, nobody mistaken for somebody else."""

import hashlib
import json

import pytest
from msgspec.structs import replace

from meshdev.recording.matching import Match, Matcher, Miss
from meshdev.recording.model import Body, Exchange, Recording, Request
from support_recording import recording, request, response


class Redaction:
    """Bearer tokens and passwords become placeholders that depend on a key, as the real one does it."""

    def __init__(self, key: str) -> None:
        self.key = key

    def hidden(self, text: str) -> str:
        """The placeholder of a secret; a placeholder stays."""
        if text.startswith("hidden-"):
            return text
        return "hidden-" + hashlib.sha256(f"{self.key}{text}".encode()).hexdigest()[:16]

    def request(self, asked: Request) -> tuple[Request, tuple[str, ...]]:
        """Without secrets."""
        headers = tuple(
            (name, "Bearer " + self.hidden(value[7:]) if name == "Authorization" else value)
            for name, value in asked.headers
        )
        body = asked.body
        if b"password" in body.data:
            content = json.loads(body.data)
            content["password"] = self.hidden(content["password"])
            data = json.dumps(content).encode()
            body = Body(data, len(data))
        return replace(asked, headers=headers, body=body), ()

    def exchange(self, one: Exchange) -> Exchange:
        """Without secrets, with their places."""
        places = ["request.header.authorization"] if "Authorization" in dict(one.request.headers) else []
        places += ["request.body/password"] if b"password" in one.request.body.data else []
        return replace(one, request=self.request(one.request)[0], redacted=tuple(places))


def get(path: str, token: str = "") -> Request:
    """A call of somebody, or of nobody."""
    return request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else None)


def login(password: str) -> Request:
    """Anna, with this password."""
    return request("POST", "/login", {"user": "anna", "password": password})


def hidden(key: str = "k") -> Recording:
    """Two users and a stranger, redacted."""
    recorded = recording(
        (get("/me", "stranger"), response({"error": "who"}, 401)),
        (get("/me", "anna-1"), response({"me": "anna"})),
        (get("/me", "bob-1"), response({"me": "bob"})),
        (get("/me"), response({"error": "nobody"}, 401)),
        (get("/all", "anna-1"), response({"all": 1})),
        (get("/anna", "anna-1"), response({"anna": 1})),
        (login("wrong"), response({"error": "no"}, 401)),
        (login("right"), response({"token": "t"})),
    )
    return Recording(meta=recorded.meta, exchanges=tuple(map(Redaction(key).exchange, recorded.exchanges)))


def ids(matcher: Matcher, *requests: Request) -> list[int | None]:
    """Numbers of what answered, None for misses."""
    found = [matcher.find(one) for one in requests]
    return [int(one.exchange.id) if isinstance(one, Match) else None for one in found]


def test_with_the_same_key_everybody_is_known() -> None:
    """The same secret has the same placeholder."""
    matcher = Matcher([hidden()], redactor=Redaction("k"))
    asked = [
        get("/me", "bob-1"),
        get("/me", "anna-1"),
        get("/me", "stranger"),
        get("/me"),
        login("right"),
        login("wrong"),
    ]
    assert ids(matcher, *asked) == [2, 1, 0, 3, 7, 6]


@pytest.mark.parametrize("redactor", [None, Redaction("k"), Redaction("another key")])
def test_new_secrets_stand_for_recorded_ones(redactor: Redaction | None) -> None:
    """One for one, in the order in which they come; never for one that was turned away."""
    matcher = Matcher([hidden()], redactor=redactor)
    assert ids(matcher, get("/me", "anna-2"), get("/me", "bob-2"), get("/me", "carl-2")) == [1, 2, None]
    assert ids(matcher, get("/me", "bob-2"), get("/me", "anna-2"), get("/me")) == [2, 1, 3]
    assert ids(matcher, get("/anna", "anna-2"), get("/anna", "bob-2"), get("/anna")) == [5, None, None]
    matcher.reset()
    assert ids(matcher, get("/me", "bob-2")) == [1]


def test_placeholders_are_secrets_too() -> None:
    """A client that was given a placeholder sends it back."""
    matcher = Matcher([hidden()], redactor=Redaction("k"))
    assert ids(matcher, get("/me", Redaction("k").hidden("bob-1"))) == [2]


def test_a_password_that_nobody_has_seen_may_be_wrong() -> None:
    """Where a wrong one was turned away, there is no answer to it."""
    for redactor in (None, Redaction("another key")):
        assert ids(Matcher([hidden()], redactor=redactor), login("right"), login("wrong")) == [None, None]


def test_a_password_that_was_never_refused() -> None:
    """Stands for the recorded one, and is not told in a miss."""
    recorded = recording((login("right"), response({"token": "t"})))
    key = Redaction("k")
    recorded = Recording(meta=recorded.meta, exchanges=tuple(map(key.exchange, recorded.exchanges)))
    matcher = Matcher([recorded], redactor=key)
    assert ids(matcher, login("another")) == [0]
    miss = matcher.find(request("POST", "/login", {"user": "bob", "password": "s3cret"}))
    assert isinstance(miss, Miss)
    assert "s3cret" not in str(miss)
    assert 'body/user: recorded "anna", asked "bob"' in str(miss)


def test_secrets_in_places_that_are_told_nowhere() -> None:
    """A secret in the path is found by redacting the request."""
    one = recording((get("/reset/hidden-1"), response({}))).exchanges[0]
    recorded = Recording(meta=hidden().meta, exchanges=(replace(one, redacted=("request.path",)),))

    class OfPaths(Redaction):
        def request(self, asked: Request) -> tuple[Request, tuple[str, ...]]:
            return replace(asked, target=asked.target.replace("s3cret", "hidden-1")), ("path",)

    assert ids(Matcher([recorded], redactor=OfPaths("k")), get("/reset/s3cret"), get("/reset/other")) == [
        0,
        None,
    ]


def test_without_redaction_an_unknown_token_is_nobody() -> None:
    """What was recorded is no placeholder: another value is another user."""
    recorded = recording(
        (get("/me", "anna-1"), response({"me": "anna"})), (get("/me", "bob-1"), response({"me": "bob"}))
    )
    assert ids(Matcher([recorded]), get("/me", "bob-1"), get("/me", "carl-1")) == [1, None]
