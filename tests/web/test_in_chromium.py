"""The dashboard in a real browser, as a person meets it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support_chromium import CHROMIUM, Chromium, Page, chromium, wait_for
from support_running import TICKER, RunningSystem, end_of, running_system, until
from support_web import Served, served

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """One browser for all."""
    with chromium() as one:
        yield one


@pytest.fixture
def page(browser: Chromium) -> Iterator[Page]:
    """A new tab."""
    with browser.page() as one:
        yield one


@pytest.fixture
def shop() -> Iterator[RunningSystem]:
    """A folder for a system."""
    with running_system() as system:
        system.write(TICKER)
        yield system


@pytest.fixture
def site(shop: RunningSystem) -> Iterator[Served]:
    """The system, started for the browser."""
    with served(shop, "up") as one:
        yield one


def test_a_visit(shop: RunningSystem, site: Served, page: Page) -> None:
    """See the system, press a key, stop it: no click first, no complaint, nothing from another host."""
    assert page.visit(site.url) == 200
    page.sees("demo", "● healthy", "ticker", " tick  ")
    page.type("?")
    page.sees("ctrl+p", "Esc")
    page.type("\x1b")
    page.type("2")
    wait_for(lambda: "● healthy    ticker" not in page.terminal())
    page.type("1")
    page.sees("● healthy")
    assert page.complaints() == []
    assert {url for url in page.requested() if not url.startswith(("data:", f"http://{site.host}/"))} == set()
    page.type("q")
    page.sees("Stop the system")
    page.type("s")
    assert end_of(site.child)[0] == 0
    wait_for(lambda: page.evaluate("document.body.classList.contains('-closed')"))
    until(shop.is_gone)


def test_closing_the_tab_ends_its_dashboard(site: Served, page: Page) -> None:
    """And nothing else."""
    page.visit(site.url)
    page.sees("● healthy")
    assert len(site.sessions()) == 1
    page.close()
    until(lambda: site.sessions() == [])
    assert site.child.isalive()


def test_without_the_token(site: Served, page: Page) -> None:
    """Nothing to see."""
    assert page.visit(f"http://{site.host}/") == 403
    assert page.visit(f"http://{site.host}/{'x' * 43}/") == 403


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a page that is another service's on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Elsewhere(BaseHTTPRequestHandler):
    """An empty page without any policy."""

    def do_GET(self) -> None:
        """Always the same."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>elsewhere</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its signature
        """Say nothing."""


def test_another_page_cannot_connect(site: Served, page: Page, elsewhere: str) -> None:
    """A page of another origin that knows the whole address gets neither a word nor a socket; our own gets one."""
    opening = (
        "new Promise(done => { const it = new WebSocket('URL');"
        " it.onopen = () => { it.close(); done(true) }; it.onerror = () => done(false) })"
    ).replace("URL", site.socket_url)
    assert page.visit(elsewhere) == 200
    assert page.evaluate(opening) is False
    assert page.evaluate(f"fetch('{site.url}').then(() => true, () => false)") is False
    assert site.sessions() == []
    page.visit(site.url)
    assert page.evaluate(opening) is True
