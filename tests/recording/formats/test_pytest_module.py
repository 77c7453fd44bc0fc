"""pytest: the module that is made passes as it is, fails readably, and a linter and a formatter leave it alone."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshdev.recording.formats import export, written
from meshdev.recording.model import Exchange, Message, MessageKind, Provenance
from support_exchanges import PNG, call, full_exchanges, plain_exchanges, recording
from support_little_shop import LittleShop, Recorder, little_shop

ORDER = "7d8a5f6e-0c1b-4f7e-9a39-1f2e3d4c5b6a"
STAND_IN = """
import os

import httpx
import pytest


class Mesh:
    def http(self, service):
        assert service == "storefront"
        return httpx.Client(base_url=os.environ["SHOP_URL"], trust_env=False)


@pytest.fixture
def mesh():
    return Mesh()
"""


def shopping(shop: LittleShop) -> tuple[Exchange, ...]:
    """An afternoon in the little shop: browse, fill a cart, order, look at the order; and at one that is not there."""
    with Recorder(shop.url) as client:
        client.redacted = ("request.header.authorization",)
        client.get("/", headers={"accept": "text/html,application/xhtml+xml"})
        client.get("/items?page=1")
        client.post("/cart", data={"sku": "tea", "qty": "2"})
        csrf = client.get("/cart").text.partition('value="')[2].partition('"')[0]
        made = client.post("/orders", json={"csrf": csrf}, headers={"authorization": "Bearer sesame"})
        client.get(made.headers["location"])
        client.get("/orders/999")
        return tuple(client.kept)


def run(folder: Path, module: bytes, url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Pytest over a module, in a process of its own, with the stand-in in the mesh's place."""
    (folder / "conftest.py").write_text(STAND_IN, "utf-8")
    (folder / "test_checkout.py").write_bytes(module)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        *options,
        str(folder),
    ]
    environment = {**os.environ, "SHOP_URL": url, "CHECKOUT_AUTHORIZATION": "Bearer sesame"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_it_passes_as_generated_and_fails_with_a_readable_difference(tmp_path: Path) -> None:
    """New ids, times and sessions do not matter; another price does, and is named with its place."""
    with little_shop() as shop:
        module = export(recording(*shopping(shop)), "pytest")["test_checkout.py"]
        shop.carts.clear()

        same = run(tmp_path, module, shop.url)
        shop.price = 6.0
        dearer = run(tmp_path, module, shop.url)
        shop.price, shop.broken = 5.5, True
        broken = run(tmp_path, module, shop.url)

    assert same.returncode == 0, same.stdout
    assert "1 passed" in same.stdout
    assert dearer.returncode == 1
    assert "the answer is as expected, but for:" in dearer.stdout
    assert "$[0].price: is 6.0, expected 5.5" in dearer.stdout
    assert "$.id" not in dearer.stdout
    assert "payments are down" in broken.stdout
    assert "assert 503 == 201" in broken.stdout


def test_a_colleague_can_read_it() -> None:
    """Ids become variables, secrets come from the environment, noise is named by its shape."""
    with little_shop() as shop:
        module = export(recording(*shopping(shop)), "pytest")["test_checkout.py"].decode()

    assert 'AUTHORIZATION = os.environ.get("CHECKOUT_AUTHORIZATION", "Bearer sesame")' in module
    assert 'reply = storefront.post("/cart", data={"sku": "tea", "qty": "2"})' in module
    assert 'csrf = re.search(r\'<input name="csrf" value="([\\w-]+)\', reply.text)[1]' in module
    assert 'number = reply.json()["number"]' in module
    assert 'json={"csrf": csrf}' in module
    assert 'headers={"authorization": AUTHORIZATION}' in module
    assert 'order_id = reply.json()["id"]' in module
    assert 'assert reply.headers["location"] == f"/orders/{order_id}"' in module
    assert 'reply = storefront.get(f"/orders/{order_id}")' in module
    assert '"at": like.timestamp' in module
    assert 'like.items(8, first={"sku": "item-0", "price": 5.5})' in module
    assert '"<title>The little shop</title>" in reply.text' in module
    assert "def test_post_cart_then_post_orders(mesh):" in module


def ruff() -> str:
    """The program that came with the development tools."""
    found = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert found is not None
    return found


def lint(folder: Path) -> None:
    """Neither the linter nor the formatter (at two line lengths) finds anything to do."""
    for command in (
        ["check", "--select", "E4,E7,E9,F,I,W,UP,B,C4,SIM,PIE,RET,PT,D3,D4", "--ignore", "D407,D413,SIM117"],
        ["format", "--check", "--line-length", "88"],
        ["format", "--check", "--line-length", "110"],
    ):
        done = subprocess.run(
            [ruff(), *command, "--isolated", "--no-cache", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        shown = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py")) if done.returncode else ""
        assert done.returncode == 0, said + shown


def everything() -> tuple[Exchange, ...]:
    """Calls of every kind that make long lines and odd literals."""
    trace = "a" * 32
    key = {"Idempotency-Key": ORDER, "accept": "application/json, */*;q=0.1"}
    multipart = {"content-type": "multipart/form-data; boundary=xyz"}
    parts = (
        b'--xyz\r\nContent-Disposition: form-data; name="title"\r\n\r\ntea\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        b"\x00\xff\"'\r\n--xyz--\r\n"
    )
    return (
        call("POST", "/orders", {"sku": "tea", "note": "it's \"good\" \\ {brace}\n" * 5}, headers=key, trace=trace,
             answer={"id": 17, "key": ORDER, "empty": {}, "none": [], "long": "word " * 40, "at": 1_764_300_000},
             status=201),
        call("POST", "/charge", {}, edge="orders -> payments", trace=trace, status=201, at=0.1),
        call("GET", "/orders/17?full=yes&tag=a&tag=b&text=a%20rather%20long%20text%20in%20here",
             answer={"id": 17}, at=1),
        call("PUT", "/logo", PNG, answer="", status=204, at=2),
        call("POST", "/upload", parts, headers=multipart, answer="stored in a place that has a name\n" * 4, at=3),
        call("DELETE", "/orders", {"ids": [1, 2]}, answer="ok", at=4),
        call("PATCH", "/text", "plain {text}", answer="tea's \"ready\"", headers={"content-type": "text/plain"}, at=5),
        call("GET", "/events", answer="data: 1\n\n", answered={"content-type": "text/event-stream"}, at=6),
        call("GET", "/a%2Fb/caf%C3%A9?flag", answer=PNG, answered={"content-type": "image/png"}, at=7),
        call("GET", "/health", answer={"ok": True}, edge="outside -> a-service-with-a-very-long-name-indeed",
             trace=trace, at=8),
        call("HEAD", "/", answer="", at=9),
        call("PURGE", "/cache", answer=None, at=10),
    )  # fmt: skip


def test_a_linter_and_a_formatter_leave_it_alone(tmp_path: Path) -> None:
    """Long lines, odd texts, bytes, several services."""
    for name, content in export(recording(*everything()), "pytest").items():
        (tmp_path / name).write_bytes(content)

    lint(tmp_path)
    text = (tmp_path / "test_checkout.py").read_text("utf-8")
    assert "idempotency_key = str(uuid4())" in text
    assert 'headers={"Idempotency-Key": idempotency_key, "accept": "application/json"},' in text
    assert "Behind it: orders -> payments POST /charge 201." in text
    assert 'storefront.request("DELETE", "/orders", json={"ids": [1, 2]})' in text
    assert 'with storefront.stream("GET", "/events") as reply:' in text


@settings(max_examples=25, deadline=None)
@given(st.lists(plain_exchanges().map(lambda one: replace(one, caller="outside")), min_size=1, max_size=5))
def test_whatever_was_recorded_is_python_that_stays_as_it_is(exchanges: list[Exchange]) -> None:
    """It compiles, and the formatter has nothing to do."""
    (module,) = export(recording(*exchanges), "pytest").values()

    ast.parse(module)
    for width in ("88", "110"):
        done = subprocess.run(
            [ruff(), "format", "--isolated", "--line-length", width, "-"],
            input=module,
            capture_output=True,
            check=True,
        )
        assert done.stdout.decode() == module.decode()


@settings(deadline=None, max_examples=40)
@given(st.lists(full_exchanges(), max_size=3))
def test_any_recording_makes_a_module(exchanges: list[Exchange]) -> None:
    """Also when nothing of it can be tested."""
    (module,) = export(recording(*exchanges), "pytest").values()

    ast.parse(module)


def test_what_is_left_out_is_noted() -> None:
    """What faults have changed, what meshdev answered, pictures of a page, WebSockets; the same scenario twice."""
    frame = Message(1, outgoing=True, kind=MessageKind.TEXT, data=b"")
    made = written(
        recording(
            call("GET", "/a", faults=("latency",)),
            call("GET", "/b", by="meshdev"),
            replace(call("GET", "/c"), response=None, error="timeout"),
            replace(call("GET", "/d", status=101), messages=(frame,)),
            call("GET", "/e.css", answered={"content-type": "text/css"}),
            call("GET", "/f"),
            call("GET", "/f"),
        ),
        "pytest",
    )

    assert [note.partition(": ")[2] or note for note in made.notes] == [
        "left out, faults acted on it (latency)",
        "left out, meshdev answered it",
        "left out, it had no answer (timeout)",
        "left out, a WebSocket",
        "pictures, styles and scripts are left out (1)",
        "scenarios that are like others stand here once (1 left out)",
    ]


def test_without_calls_from_outside_the_edge_of_the_recorded_part_is_tested() -> None:
    """What orders asked of payments; not what payments asked in turn."""
    trace = "b" * 32
    module = export(
        recording(
            call("POST", "/charge", {"a": 1}, edge="orders -> payments", trace=trace),
            call("GET", "/rates", edge="payments -> bank", trace=trace, at=1),
        ),
        "pytest",
    )["test_checkout.py"].decode()

    assert 'mesh.http("payments") as payments' in module
    assert "Behind it: payments -> bank GET /rates 200." in module
    assert module.count("def test_") == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (call("POST", "/login", answer={"token": "s3cr3tT0k3n99"}),
         call("GET", "/me", headers={"X-Auth": "Bearer s3cr3tT0k3n99"}, at=1)),
        (call("POST", "/carts", answer={"id": 42}, status=201), call("GET", "/carts/42", at=1)),
        (call("POST", "/carts", answer={"number": 42}, status=201), call("POST", "/pay", {"number": 42}, at=1)),
        (call("GET", "/", answer="", answered={"set-cookie": "s=1; Path=/"}),
         call("GET", "/x", headers={"cookie": "s=1"}, at=1)),
        (call("GET", "/", trace="c" * 32), call("GET", "/x", trace="c" * 32, at=1)),
    ],
    ids=["token", "id in a path", "number in a body", "session", "trace"],
)  # fmt: skip
def test_calls_that_belong_together_are_one_test(first: Exchange, second: Exchange) -> None:
    """By a value that one brought and the other uses, by a cookie, by a trace."""
    module = export(recording(first, second), "pytest")["test_checkout.py"].decode()

    assert module.count("def test_") == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (call("GET", "/a", answer={"count": 42}), call("GET", "/b?page=42", at=1)),
        (call("GET", "/orders/17", answer={"id": 17}), call("GET", "/orders/17/lines", at=1)),
        (call("GET", "/a", answer={"state": "new"}), call("GET", "/b", headers={"X-State": "new"}, at=1)),
    ],
    ids=["a number by chance", "said before", "a word"],
)
def test_calls_that_do_not_are_two(first: Exchange, second: Exchange) -> None:
    """The same number somewhere else, what the caller said itself, common words."""
    module = export(recording(first, second), "pytest")["test_checkout.py"].decode()

    assert module.count("def test_") == 2


def module_of(*exchanges: Exchange) -> str:
    """The module's text."""
    return export(recording(*exchanges), "pytest")["test_checkout.py"].decode()


def test_answers_of_all_kinds() -> None:
    """Redirects elsewhere, to something random; pages without a heading; texts that are noise; links to new things."""
    html = {"content-type": "text/html"}
    module = module_of(
        call("GET", "/a", answer="", status=302, answered={"location": "http://shop.example.com/cart"}),
        call("GET", "/b", answer="", status=302, answered={"location": "/login?state=9f8e7d6c5b4a39281706f5"}),
        call("GET", "/c", answer="<p>nothing</p>", answered=html),
        call("GET", "/d", answer=ORDER, answered={"content-type": "text/plain"}),
        call("POST", "/things", answer={"id": "thing-4711", "self": "/things/thing-4711", "up": "/things"}, status=201),
        call("GET", "/things/thing-4711", answer={"self": "/things/thing-4711", "up": "/things"}, at=1),
        call("POST", "/n", answer={"number": 17}, status=201, at=2),
        call("POST", "/n/17", {"number": 17, "text": "17"}, answer={"number": "17", "count": 17}, at=3),
        call("POST", "/n", {"number": "17"}, at=4),
        call("GET", "/1st", edge="outside -> 1st-service", at=5),
    )  # fmt: skip

    assert 'assert reply.headers["location"].endswith("/cart")' in module
    assert 'assert reply.headers["location"]\n' in module
    assert 'assert reply.headers["content-type"] == "text/html"' in module
    assert "assert reply.text\n" in module
    assert '"self": like.text, "up": "/things"' in module
    assert '"self": f"/things/{thing_id}"' in module
    assert 'json={"number": number, "text": "17"}' in module
    assert 'reply.json() == {"number": str(number), "count": 17}' in module
    assert 'json={"number": str(number)}' in module
    assert 'mesh.http("1st-service") as service_1st_service' in module


def test_the_source_and_long_secrets_are_told() -> None:
    """System, revision, whether it was clean; a constant that is too long for a line."""
    kept = recording(
        call("GET", "/", headers={"x-api-key": "k" * 80}, redacted=("request.header.x-api-key",))
    )
    made = replace(
        kept, meta=replace(kept.meta, provenance=Provenance("1", "shop", "1a2b3c4d5e6f7a8b", dirty=True))
    )

    module = export(made, "pytest")["test_checkout.py"].decode()

    assert "Recorded from shop at 1a2b3c4d5e6f with uncommitted changes." in module
    assert 'X_API_KEY = os.environ.get(\n    "CHECKOUT_X_API_KEY",\n' in module


def test_a_scenario_over_two_services_that_asks_twice() -> None:
    """Both clients on a line where they fit; the same call with the same answer right behind itself stands once."""
    trace = "d" * 32
    again = [call("GET", "/state", answer="new", trace=trace, at=at) for at in (1, 2)]
    module = module_of(
        *again,
        call("GET", "/ping", edge="outside -> admin", trace=trace, at=3),
        call("POST", "/up", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
             b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n2\r\n--x--',
             headers={"content-type": "multipart/form-data; boundary=x"}, trace=trace, at=4),
    )  # fmt: skip

    assert 'with mesh.http("storefront") as storefront, mesh.http("admin") as admin:' in module
    assert module.count('storefront.get("/state")') == 1
    assert 'files=[("a", (None, "1")), ("a", (None, "2"))]' in module


def test_an_idempotency_key_is_made_anew() -> None:
    """Whatever it looks like: with that of the recording the answer would be the recorded one."""
    key = {"Idempotency-Key": "order 17 of today"}
    made = call(
        "POST", "/charges", {"cents": 5}, headers=key, answer={"key": "order 17 of today"}, status=201
    )
    text = next(iter(export(recording(made), "pytest").values())).decode()
    assert "idempotency_key = str(uuid4())" in text
    assert 'assert reply.json() == {"key": idempotency_key}' in text
