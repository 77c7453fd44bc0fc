"""A recording goes out into every format, and comes back out of those that are read, by the command line."""

import json
from pathlib import Path

import httpx
import pytest

from meshdev.storage.recordings import Library
from support_product import Product
from support_variety import variety_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def recorded(product: Product, port: int) -> None:
    """A recording called day, with a secret in it."""
    shop = variety_up(product, port)
    product.run("record", "start", "day")
    with httpx.Client(base_url=shop) as client:
        client.post("/orders", json={"id": "o-1", "item": "apple"})
        client.get("/items/apple", headers={"authorization": "Bearer a-secret-of-somebody"})
        client.get("/search?q=a")
    product.run("record", "stop")


def test_out_into_every_format_and_back(product: Product, free_port: int) -> None:
    """Each is written where it is expected, without secrets; what is read again has the same calls."""
    recorded(product, free_port)
    for format_ in ("har", "vcr", "wiremock", "hoverfly", "pact", "openapi", "pytest"):
        told = product.run("record", "export", "day", "--to", format_).stdout
        path = product.root / told.partition(":")[0]
        files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
        assert files
        assert all(b"a-secret-of-somebody" not in one.read_bytes() for one in files)
    library = Library(product.root / ".meshdev" / "recordings")
    targets = [one.request.target for one in library.open("day").exchanges]
    for name in ("day.har", "day.yaml", "day-wiremock", "day.json"):
        product.run(
            "record", "import", name, "--name", f"from-{Path(name).suffix or 'wiremock'}".replace(".", "")
        )
    for name in ("from-har", "from-yaml", "from-wiremock", "from-json"):
        assert sorted(one.request.target for one in library.open(name).exchanges) == sorted(targets), name
    assert (product.root / "test_day.py").is_file()
    assert json.loads(product.run("record", "export", "day", "--to", "har", "-o", "-").stdout)["log"][
        "entries"
    ]


def test_secrets_of_an_imported_file_do_not_reach_the_disk(product: Product, free_port: int) -> None:
    """What somebody else has recorded is redacted on the way in."""
    variety_up(product, free_port)
    entry = {
        "startedDateTime": "2026-11-28T10:00:00.000Z",
        "time": 12,
        "request": {
            "method": "GET", "url": "http://shop/items/a", "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": [{"name": "Authorization", "value": "Bearer somebodys-real-token-1"}],
            "queryString": [], "headersSize": -1, "bodySize": 0,
        },
        "response": {
            "status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
            "content": {"size": 2, "mimeType": "text/plain", "text": "ok"}, "redirectURL": "", "headersSize": -1,
            "bodySize": 2,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 12, "receive": 0},
    }  # fmt: skip
    har = {"log": {"version": "1.2", "creator": {"name": "b", "version": "1"}, "entries": [entry]}}
    (product.root / "browser.har").write_text(json.dumps(har))
    product.run("record", "import", "browser.har")
    shown = product.run("record", "show", "browser", "--json").stdout
    assert "somebodys-real-token-1" not in shown
    assert json.loads(shown)[0]["redacted"] == ["request.header.authorization"]


def test_what_cannot_be_written_or_read_is_told(product: Product, free_port: int) -> None:
    """Files that are there, files that are nothing, edges that are not in it."""
    recorded(product, free_port)
    product.run("record", "export", "day", "--to", "har")
    assert "is there already" in product.run("record", "export", "day", "--to", "har", check=2).stderr
    product.run("record", "export", "day", "--to", "har", "--force")
    other = product.run("record", "export", "day", "--to", "har", "--edge", "a -> b", "-o", "x.har", check=2)
    assert "it has: outside -> shop" in other.stderr
    (product.root / "nothing.txt").write_text("nothing")
    assert "of which format?" in product.run("record", "import", "nothing.txt", check=2).stderr
    (product.root / "bad.har").write_text('{"log": {"entries": [{"request": 5}]}}')
    bad = product.run("record", "import", "bad.har", check=1).stderr
    assert "bad.har" in bad
