"""``meshdev … --web`` met by real HTTP and websocket clients."""

import json
import os
import re
import signal
import time
from base64 import b64decode
from collections.abc import Callable, Iterator

import httpx
import pyte
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from support_running import TICKER, RunningSystem, end_of, running_system, until
from support_web import Served, served, sessions_of

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop() -> Iterator[RunningSystem]:
    """A system that runs."""
    with running_system() as system:
        system.write(TICKER)
        assert system.meshdev("up", "--wait").code == 0
        yield system


@pytest.fixture(scope="module")
def server(shop: RunningSystem) -> Iterator[Served]:
    """The dashboard of a running system, served."""
    with served(shop, "dashboard") as one:
        yield one


@pytest.fixture
def site(server: Served) -> Served:
    """The same, once the tabs of earlier tests are gone: each process that a test then sees is of its own making."""
    until(lambda: server.sessions() == [])
    return server


def get(site: Served, path: str = "", **headers: str) -> httpx.Response:
    """What is at the address, or at a path from the root."""
    url = f"http://{site.host}{path}" if path else site.url
    return httpx.get(url, headers=headers, trust_env=False)


def tab(site: Served, *, origin: str | None = "", url: str = "", host: str = "") -> ClientConnection:
    """A websocket as the page opens it; ``origin`` None: without one."""
    return connect(
        f"{url or site.socket_url}?width=100&height=30",
        origin=Origin(origin or f"http://{site.host}") if origin is not None else None,
        additional_headers={"Host": host} if host else None,
        proxy=None,
        max_size=None,
        max_queue=None,  # a test that does not look must not hold the server up
    )


class Screen:
    """What a terminal at the websocket would show."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)
        self.copied: list[bytes] = []

    def until(self, holds: Callable[[str], bool]) -> None:
        """Draw until it holds; fails with what there is instead after half a minute."""
        deadline = time.monotonic() + 30.0
        while not holds(shown := "\n".join(self._screen.display)):
            assert time.monotonic() < deadline, shown
            message = self._connection.recv(30.0)
            if isinstance(message, bytes):
                self.copied += re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\a", message)
                self._stream.feed(message)

    def sees(self, text: str) -> None:
        """Draw until it is there."""
        self.until(lambda shown: text in shown)


def send(connection: ClientConnection, *message: object) -> None:
    """As the page's script does."""
    connection.send(json.dumps(message))


def test_the_page_needs_the_token(site: Served) -> None:
    """With it 200; without it, or with another, 403 and no word of the system."""
    assert get(site).status_code == 200
    for path in ("/", "/wrong/", "/ws", "/static/js/textual.js", f"/{'x' * 43}/"):
        refused = get(site, path)
        assert (refused.status_code, "demo" in refused.text) == (403, False), path


def test_another_host_is_refused(site: Served) -> None:
    """A name that was made to resolve to this machine doesn't help, not even with the token."""
    assert get(site, Host=f"rebound.example:{site.host.rpartition(':')[2]}").status_code == 403
    assert get(site, Host=site.host.replace("127.0.0.1", "localhost")).status_code == 200


def test_another_origin_is_refused(site: Served) -> None:
    """A page from elsewhere cannot read ours."""
    assert get(site, Origin="http://evil.example").status_code == 403
    assert get(site, Origin=f"http://{site.host}").status_code == 200


def test_every_answer_has_the_headers(site: Served) -> None:
    """Refusals and what doesn't exist, too; nothing but the page's own files exists."""
    token = "/" + site.url.rstrip("/").rpartition("/")[2]
    wanted = {
        "/": 403,
        f"{token}/": 200,
        f"{token}/page.js": 200,
        f"{token}/nothing": 404,
        f"{token}/static/": 404,
    }
    wanted[f"{token}/static/js/textual.js"] = 200
    wanted[f"{token}/static/../server.py"] = 404
    for path, status in wanted.items():
        answer = get(site, path)
        assert answer.status_code == status, path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Server"] == "meshdev", path


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_another_pages_websocket_is_refused(site: Served, origin: str | None) -> None:
    """Cross-site websocket hijacking: no process is started for it."""
    with pytest.raises(InvalidStatus) as refused, tab(site, origin=origin):
        pass
    assert refused.value.response.status_code == 403
    assert site.sessions() == []


def test_a_websocket_without_token_is_refused(site: Served) -> None:
    """From our own origin as well."""
    with pytest.raises(InvalidStatus) as refused, tab(site, url=f"ws://{site.host}/ws"):
        pass
    assert refused.value.response.status_code == 403


def test_a_tab_has_a_dashboard_of_its_own(site: Served) -> None:
    """Drawn, resized, obeying keys, deaf to nonsense; gone with the tab."""
    with tab(site) as one, tab(site) as other:
        screen = Screen(one)
        screen.sees("● running")
        Screen(other).sees("● running")
        assert len(site.sessions()) == 2
        for nonsense in ("[", "7", '["stdin", 7]', '["resize", {"width": -1}]', '["what"]', "[" * 100_000):
            one.send(nonsense)
        send(one, "resize", {"width": 90, "height": 10**9})
        send(one, "ping", "17")
        send(one, "stdin", "q")
        screen.sees("Leave it running")
    until(lambda: site.sessions() == [])


def test_what_needs_a_terminal_says_so(shop: RunningSystem) -> None:
    """An editor of the terminal: the place is copied (OSC 52, which the page hears); the plain stream: where it is."""
    with served(shop, "dashboard", EDITOR="vi") as site, tab(site) as one:
        screen = Screen(one)
        screen.sees("● running")
        send(one, "stdin", "e")
        screen.sees("vi needs a terminal")
        place = f"{shop.root / 'meshdev.toml'}:".encode()
        assert any(b64decode(copied).startswith(place) for copied in screen.copied)
        send(one, "stdin", "t")
        screen.sees("the plain stream needs a terminal")
        send(one, "stdin", "q")
        screen.sees("Leave it running")


def test_leaving_closes_the_tab_alone(site: Served) -> None:
    """The server and the system go on."""
    with tab(site) as one:
        Screen(one).sees("● running")
        send(one, "stdin", "q")
        Screen(one).sees("Leave it running")
        send(one, "stdin", "l")
        with pytest.raises(ConnectionClosed):
            Screen(one).sees("never")
    until(lambda: site.sessions() == [])
    assert get(site).status_code == 200


def test_stopping_the_system_ends_the_server() -> None:
    """Chosen in the browser: the system is down, and the command that served it ends."""
    with running_system() as system:
        system.write(TICKER)
        with served(system, "up") as site:
            with tab(site) as one:
                Screen(one).sees("● running")
                send(one, "stdin", "q")
                Screen(one).sees("Stop the system")
                send(one, "stdin", "s")
                assert end_of(site.child)[0] == 0
            assert system.is_gone()


@pytest.mark.parametrize("closing", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_what_this_command_started(closing: signal.Signals) -> None:
    """Ctrl-C at the terminal, and its kin: tabs, services, daemon, all gone."""
    with running_system() as system:
        system.write(TICKER)
        with served(system, "up") as site, tab(site) as one:
            Screen(one).sees("● running")
            os.kill(site.pid, closing)
            assert end_of(site.child)[0] == 0
            assert sessions_of(system.root) == []
            until(system.is_gone)


def test_ctrl_c_leaves_what_it_found_running(shop: RunningSystem) -> None:
    """Who only shows a system doesn't end it."""
    with served(shop, "attach") as site, tab(site) as one:
        Screen(one).sees("● running")
        site.child.sendintr()
        code, said = end_of(site.child)
        assert (code, "left running" in said, site.sessions()) == (0, True, [])
    assert "ticker" in shop.meshdev("status").out


def test_a_killed_server_leaves_no_dashboard(shop: RunningSystem) -> None:
    """Each tab's process watches the server."""
    with served(shop, "attach") as site, tab(site) as one:
        Screen(one).sees("● running")
        sessions = site.sessions()
        assert len(sessions) == 1
        os.kill(site.pid, signal.SIGKILL)
        until(lambda: not any(one.is_running() and one.status() != "zombie" for one in sessions))


def test_a_stop_elsewhere_ends_the_server() -> None:
    """``meshdev down`` in another terminal, no tab open."""
    with running_system() as system:
        system.write(TICKER)
        with served(system, "up") as site:
            assert system.meshdev("down").code == 0
            assert end_of(site.child)[0] == 0
