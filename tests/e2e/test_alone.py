"""One service is tested alone: itself real, what it calls played out of a recording, beside the running system."""

import sys

import httpx
import pytest

from support_product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CHAIN = """
[system]
name = "chain"

[services.front]
command = "@python@ @programs@/passer.py"
healthcheck = "/healthz"
calls = ["back"]
ports = ["@port@:http"]

[services.back]
command = "@python@ @programs@/variety.py"
healthcheck = "/healthz"
"""


@pytest.fixture
def recorded(product: Product, free_port: int) -> Product:
    """The chain, with a recording called day; it runs."""
    product.write(CHAIN.replace("@port@", str(free_port)))
    product.run("up", "-d", "--wait")
    product.run("record", "start", "day")
    with httpx.Client(base_url=f"http://127.0.0.1:{free_port}") as client:
        for item in ("apple", "pear"):
            assert client.get(f"/items/{item}").json()["name"] == item
    product.run("record", "stop")
    return product


def test_recorded_calls_are_answered_as_before(recorded: Product) -> None:
    """Without a command: what came to the service comes again; the system beside it runs on untouched."""
    before = recorded.status()
    told = recorded.run("test-alone", "front", "--recording", "day")
    assert "2 answers compared, all as recorded" in told.stdout
    assert "front runs alone at http://127.0.0.1:" in told.stderr
    assert recorded.status().keys() == before.keys()
    recorded.run("down")
    assert "2 answers compared" in recorded.run("test-alone", "front", "--recording", "day").stdout
    assert not recorded.programs()


def test_a_command_runs_against_it(recorded: Product) -> None:
    """Its address is in the environment, its exit code is ours; what was not recorded is a miss, not a call."""
    recorded.run("down")
    script = recorded.root / "check.py"
    script.write_text(
        "import os, sys, urllib.request, urllib.error\n"
        "url = os.environ['FRONT_URL']\n"
        "assert b'apple' in urllib.request.urlopen(url + '/items/apple').read()\n"
        "try:\n"
        "    urllib.request.urlopen(url + '/items/unheard-of')\n"
        "except urllib.error.HTTPError as error:\n"
        "    print('missed', error.code)\n"
        "    sys.exit(7)\n"
    )
    alone = ("test-alone", "front", "--recording", "day", "--", sys.executable, str(script))
    told = recorded.run(*alone, check=7)
    assert "missed 599" in told.stdout
    recorded.run("test-alone", "front", "--recording", "day", "--", "no-such-command", check=127)


def test_what_cannot_be_tested_is_told(recorded: Product) -> None:
    """Unknown services and recordings, and one that was never called."""
    assert "did you mean" in recorded.run("test-alone", "frontt", "--recording", "day", check=2).stderr
    assert (
        "no recording called dya" in recorded.run("test-alone", "front", "--recording", "dya", check=4).stderr
    )
