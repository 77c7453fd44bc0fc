"""Placeholders: their shape, that they are known, that they tell secrets apart and nothing else."""

import base64
import json
import re

import pytest

from meshdev.recording.redaction import Redactor, is_placeholder
from meshdev.recording.redaction.card import is_card
from meshdev.recording.redaction.mint import Mint
from meshdev.recording.redaction.pem import is_pem_placeholder
from support_secrets import EVIDENT, JWT, PEM

SHAPES = {
    "0f8fad5bd9cb469fa16570867728950e": r"[0-9a-f]{32}",
    "0F8FAD5BD9CB469F": r"[0-9A-F]{16}",
    "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}",
    "JBSWY3DPEHPK3PXP": r"[A-Z2-7]{16}",
    "123456789012": r"[1-9][0-9]{11}",
    "1234": r"[1-9][0-9]{8}",
    "k1tt3n": r"[a-z0-9]{10}",
    "correct-horse-battery": r"[a-z]{7}-[a-z]{5}-[a-z]{7}",
    "7Fjfp0ZBr1KtDRbnfVdmIw==": r"[A-Za-z0-9+/]{22}==",
    "p@ss w0rd/1": r"[a-z0-9]-[a-z0-9]{2}-[a-z0-9]{4}-[a-z0-9]{3}",
    "grüße": r"[a-z]{10}",
    "!!!": r"---[a-z0-9]{10}",
    EVIDENT["stripe"]: r"sk_live_[A-Za-z0-9]{24}",
    EVIDENT["aws id"]: r"AKIA[A-Z0-9]{16}",
    EVIDENT["github"]: r"ghp_[A-Za-z0-9]{36}",
    EVIDENT["slack"]: r"xoxb-[A-Za-z0-9]{10}-[A-Za-z0-9]{13}-[A-Za-z0-9]{24}",
}


@pytest.mark.parametrize("secret", SHAPES)
def test_shapes(secret: str) -> None:
    """Length, alphabet, separators and prefix stay; too short ones grow."""
    made = Mint(b"key").value(secret)
    assert re.fullmatch(SHAPES[secret], made)
    assert made != secret
    assert is_placeholder(made)
    assert not is_placeholder(secret)
    assert Mint(b"other key").value(made) == made


def test_the_same_for_the_same_and_others_for_others() -> None:
    """By secret and by key."""
    secrets = [f"secret-{number:04}" for number in range(2000)]
    one, two = Mint(b"one"), Mint(b"two")
    made = [one.value(secret) for secret in secrets]
    assert made == [Mint(b"one").value(secret) for secret in secrets]
    assert len(set(made)) == len(secrets)
    assert not set(made) & {two.value(secret) for secret in secrets}


def test_few_secrets_pass_for_placeholders() -> None:
    """The checksum is not met by chance."""
    assert not any(is_placeholder(f"{number:012x}") for number in range(0, 2**47, 2**47 // 20_000))


@pytest.mark.parametrize(
    "card",
    [
        "4111111111111111",
        "5500 0055 5555 5559",
        "3782-822463-10005",
        "4222222222222",
        "6011000990139424",
        "30569309025904",
    ],
)
def test_cards(card: str) -> None:
    """Another card of the brand: Luhn holds, groups and length stay."""
    made = Mint(b"key").value(card)
    assert made != card
    assert is_card(made)
    assert is_placeholder(made)
    assert re.sub("[0-9]", "0", made) == re.sub("[0-9]", "0", card)
    assert made[0] == card[0]
    assert Mint(b"key").value(re.sub("[ -]", "", card)) == re.sub("[ -]", "", made)


def parts(token: str) -> list[dict[str, object]]:
    """Header and payload of a JWT."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def test_jwt() -> None:
    """Still parseable; algorithm and times stay, person and signature do not."""
    made = Mint(b"key").value(JWT)
    (header, claims), (old_header, old) = parts(made), parts(JWT)
    assert header == old_header
    assert [len(part) for part in made.split(".")[::2]] == [len(part) for part in JWT.split(".")[::2]]
    assert list(claims) == list(old)
    assert {name: claims[name] for name in ("iat", "exp")} == {name: old[name] for name in ("iat", "exp")}
    assert claims["sub"] != old["sub"]
    assert str(claims["email"]).endswith("@example.com")
    assert "alice" not in str(claims["email"])
    assert made.split(".")[2] != JWT.split(".")[2]
    assert is_placeholder(made)
    assert not is_placeholder(JWT)


def test_jwt_without_signature_and_tokens_of_five_parts() -> None:
    """Both are tokens too."""
    unsigned = ".".join([*JWT.split(".")[:2], ""])
    made = Mint(b"key").value(unsigned)
    assert made != unsigned
    assert made.endswith(".")
    assert Mint(b"other").value(made) == made
    encrypted = (
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..48V1_ALb6US04U3b"
        ".5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4.XFBoMYUZodetZdvT"
    )
    made = Mint(b"key").value(encrypted)
    assert made.startswith("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..")
    assert [len(part) for part in made.split(".")] == [len(part) for part in encrypted.split(".")]
    assert is_placeholder(made)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n"])
def test_pem(end: str) -> None:
    """The block stays a block, its lines stay as long as they were, and it still decodes."""
    block = PEM.replace("\n", end)
    made = Redactor(key=b"key").text(f"key: {block}!")
    assert made.startswith("key: -----BEGIN PRIVATE KEY-----" + end)
    assert made.endswith(end + "-----END PRIVATE KEY-----!")
    inside = made[5:-1]
    assert [len(line) for line in inside.split(end)] == [len(line) for line in block.split(end)]
    assert not set(inside.split(end)[1:-1]) & set(block.split(end)[1:-1])
    base64.b64decode("".join(inside.split(end)[1:-1]), validate=True)
    assert is_pem_placeholder(inside)
    assert is_placeholder(inside)
    assert not is_placeholder(block)


def test_pem_that_was_cut() -> None:
    """A block without an end is replaced as far as it goes."""
    cut = PEM[:120]
    assert PEM[40:80] not in Redactor(key=b"key").text(cut)


def test_basic_stays_decodable() -> None:
    """User kept, password replaced by the same placeholder as anywhere else."""
    redactor = Redactor(key=b"key")
    encoded = base64.b64encode(b"alice:wonderland").decode()
    made = redactor.text(f"Authorization: Basic {encoded}").removeprefix("Authorization: Basic ")
    user, password = base64.b64decode(made, validate=True).decode().split(":")
    assert user == "alice"
    assert password == json.loads(redactor.text('{"password": "wonderland"}'))["password"]
    assert is_placeholder(f"Basic {made}")


@pytest.mark.parametrize(
    "text", ["", " ", "x", "Bearer", "Basic", "....", "eyJ", "-----BEGIN PRIVATE KEY-----x", "a:b@c"]
)
def test_what_is_no_placeholder(text: str) -> None:
    """Anything may be asked about."""
    assert not is_placeholder(text)
