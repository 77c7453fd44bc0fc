"""The dashboard in a real browser, as a person meets it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support_chromium import CHROMIUM, Chromium, Page, chromium, wait_for
from support_running import TICKER, end_of, running_system, until
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


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """A system, started for the browser."""
    with running_system() as system:
        system.write(TICKER)
        with served(system, "up") as one:
            yield one


def test_a_visit(page: Page) -> None:
    """See the system, press keys, stop it: no click first, no complaint, nothing from another host."""
    with running_system() as system:
        system.write(TICKER)
        with served(system, "up") as site:
            assert page.visit(site.url) == 200
            page.sees("demo", "● running", "ticker", " tick  ")
            page.type("2")
            page.until(lambda shown: " tick  " not in shown)
            page.type("1")
            page.sees("● running", " tick  ")
            assert page.complaints() == []
            foreign = [url for url in page.requested() if not url.startswith(f"http://{site.host}/")]
            assert [url for url in foreign if not url.startswith("data:")] == []
            page.type("q")
            page.sees("Stop the system")
            page.type("s")
            assert end_of(site.child)[0] == 0
            wait_for(lambda: page.evaluate("document.body.classList.contains('-closed')"))
            until(system.is_gone)


def test_closing_the_tab_ends_its_dashboard(site: Served, page: Page) -> None:
    """And nothing else."""
    page.visit(site.url)
    page.sees("● running")
    until(lambda: len(site.sessions()) == 1)  # that of an earlier test may still be on its way out
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
    until(lambda: site.sessions() == [])  # that of an earlier test may still be on its way out
    assert page.visit(elsewhere) == 200
    assert page.evaluate(opening) is False
    assert page.evaluate(f"fetch('{site.url}').then(() => true, () => false)") is False
    assert site.sessions() == []
    page.visit(site.url)
    assert page.evaluate(opening) is True
