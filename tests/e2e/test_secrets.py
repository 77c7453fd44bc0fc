"""Secrets of eleven kinds pass the mesh while it records: none is in a file, an export, a report or a log afterwards.

And yet the recording answers: a client sends its real secrets to the stand-in and gets what it got from the service.
"""

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from websockets.asyncio.client import connect

from meshdev.recording.redaction.leaks import leaks
from support_product import Product, eventually
from support_secrets import JWT, PEM
from support_unpacked import unpacked
from support_variety import variety_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SECRETS: Final[Mapping[str, str]] = {
    "bearer": "Zx81-bearer-9f8e7d6c5b4a",
    "basic": "basically-secret-31337",
    "cookie": "s3ss10n-c00k1e-value-42",
    "jwt": JWT,
    "key": "k-1234567890abcdefABCDEF",
    "password": "correct horse battery staple",
    "form": "open-sesame-55",
    "card": "4111 1111 1111 1111",
    "pem": PEM.split("\n")[2],
    "aws": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzZEXAMPLEK",
    "message": "hunter2-in-a-message-77",
    "message, louder": "HUNTER2-IN-A-MESSAGE-77",
    "stranger": "nobody-has-recorded-this-0815",
}
FORMATS: Final = ("har", "vcr", "wiremock", "hoverfly", "pact", "openapi", "pytest")


def calls(client: httpx.Client) -> Iterator[httpx.Response]:
    """Each secret in its place, real and as a program would send it."""
    token = client.post("/login", json={"user": "ana", "password": SECRETS["password"]})
    yield token
    issued = token.json()["access_token"]
    yield client.get("/items/issued", headers={"authorization": f"Bearer {issued}"})
    yield client.get("/items/bearer", headers={"authorization": f"Bearer {SECRETS['bearer']}"})
    yield client.get("/items/basic", auth=("ana", SECRETS["basic"]))
    yield client.get("/items/cookie", headers={"cookie": f"theme=dark; session={SECRETS['cookie']}"})
    yield client.get("/items/jwt", headers={"x-user": SECRETS["jwt"]})
    yield client.get("/search", params={"q": "mug", "api_key": SECRETS["key"]})
    yield client.post("/echo", data={"user": "ana", "password": SECRETS["form"]})
    yield client.post("/echo", json={"name": "Ana", "number": SECRETS["card"]})
    yield client.post("/echo", content=f"take this:\n{PEM}\n", headers={"content-type": "text/plain"})
    yield client.post("/echo", json={"aws_secret_access_key": SECRETS["aws"], "region": "eu-central-1"})


async def talk(port: int) -> list[str | bytes]:
    """A password within a dialogue."""
    async with connect(f"ws://127.0.0.1:{port}/talk") as socket:
        heard = []
        for text in ("hello", json.dumps({"password": SECRETS["message"]}), "bye"):
            await socket.send(text)
            heard.append(await socket.recv())
        return heard


@dataclass(frozen=True, slots=True)
class Stage:
    """What was recorded as ``secret``, and what the service had answered."""

    product: Product
    port: int
    answered: list[httpx.Response]
    heard: list[str | bytes]

    @property
    def issued(self) -> str:
        """A secret that only the service knew."""
        token: str = self.answered[0].json()["access_token"]
        return token

    def clean(self, text: str | bytes, where: object) -> None:
        """Fails if any secret is in there."""
        data = text.encode() if isinstance(text, str) else text
        basic = base64.b64encode(f"ana:{SECRETS['basic']}".encode()).decode()
        assert not leaks(data, [*SECRETS.values(), self.issued, basic]), where

    def clean_files(self, folder: Path) -> None:
        """Fails if any secret is in any file below, unpacked."""
        for file in folder.rglob("*"):
            if file.is_file():
                self.clean(unpacked(file), file)


@pytest.fixture(scope="module")
def stage(shared: Product, shared_port: int) -> Stage:
    """Recorded once."""
    shop = variety_up(shared, shared_port)
    shared.run("record", "start", "secret")
    with httpx.Client(base_url=shop) as client:
        answered = list(calls(client))
    heard = asyncio.run(talk(shared_port))
    assert shared.run("record", "stop").stdout.startswith("secret: 12 calls")
    return Stage(shared, shared_port, answered, heard)


def test_none_is_on_the_disk(stage: Stage) -> None:
    """Neither in the journal nor in any other file of the project, logs of daemon and services among them."""
    stage.clean_files(stage.product.root)


@pytest.mark.parametrize("format_", FORMATS)
def test_none_is_in_an_export(stage: Stage, format_: str) -> None:
    """In no format."""
    folder = stage.product.root / "exports" / format_
    folder.mkdir(parents=True)
    done = stage.product.run("record", "export", "secret", "--to", format_, "-o", str(folder / "out"))
    stage.clean(done.stdout + done.stderr, format_)
    files = [one for one in folder.rglob("*") if one.is_file()]
    assert files
    stage.clean_files(folder)


def test_none_is_shown(stage: Stage) -> None:
    """In the list, in the calls as a whole, in JSON; the kinds of secret are told by where they were."""
    shown = stage.product.run("record", "show", "secret").stdout
    whole = stage.product.run("record", "show", "secret", *(str(number) for number in range(1, 13))).stdout
    listed = stage.product.run("record", "show", "secret", "--json").stdout
    for text in (shown, whole, listed):
        stage.clean(text, text[:200])
    assert "placeholders at request.header.authorization" in whole
    assert len(json.loads(listed)) == 12


def test_none_is_in_a_report(stage: Stage) -> None:
    """Verified and replayed against a service that answers otherwise, so that there is something to report."""
    text = stage.product.run("record", "verify", "secret", check=None)
    stage.clean(text.stdout + text.stderr, "verify")
    for more in ((), ("--json",)):
        text = stage.product.run("replay", "secret", "--to", "shop", *more, check=None)
        stage.clean(text.stdout + text.stderr, "replay")
    stage.clean_files(stage.product.root)


def test_the_recording_answers_who_sends_real_secrets(stage: Stage) -> None:
    """The same program, with its secrets, gets the same answers; a miss tells none of them, nor does any log."""
    product = stage.product
    product.run("swap", "shop", "--with", "recording:secret")
    with httpx.Client(base_url=f"http://127.0.0.1:{stage.port}") as client:
        for asked, live in zip(calls(client), stage.answered, strict=True):
            assert asked.status_code == live.status_code, (asked.request.url, asked.text)
            if live not in (stage.answered[0], stage.answered[-2]):  # theirs are placeholders
                assert asked.text == live.text
            assert len(asked.text) >= len(live.text)
        missed = client.post(
            "/echo?token=" + SECRETS["stranger"],
            json={"aws_secret_access_key": SECRETS["stranger"], "region": "eu-west-9"},
            headers={"authorization": f"Bearer {SECRETS['stranger']}", "x-user": SECRETS["jwt"]},
        )
    assert missed.status_code == 599
    stage.clean(missed.content + str(missed.headers).encode(), "a miss")
    assert asyncio.run(talk(stage.port))[0::2] == stage.heard[0::2]
    eventually(lambda: "no match: POST /echo" in product.run("logs", "shop").stdout)
    stage.clean_files(product.root)
