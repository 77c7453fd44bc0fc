"""A real headless Chromium, driven by its DevTools protocol; it reaches nothing but this machine."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
PATIENCE = 40.0
T = TypeVar("T")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # CI is root in a container of its own
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--enable-unsafe-swiftshader",  # the terminal is drawn with WebGL; here without a graphics card
    "--remote-debugging-port=0",
    "--window-size=1200,800",
)
# Runs before the page's own script: keeps the terminal that xterm.js makes, so that a test can read its cells.
_KEEP_TERMINAL = """
Object.defineProperty(Object.prototype, "_core", {
  configurable: true,
  set(core) {
    if (typeof this.loadAddon === "function") globalThis.seen = this;
    Object.defineProperty(this, "_core", { value: core, writable: true, configurable: true });
  },
});
"""
_READ_TERMINAL = """
(() => {
  const buffer = globalThis.seen && globalThis.seen.buffer.active;
  if (!buffer) return "";
  const rows = [];
  for (let y = 0; y < globalThis.seen.rows; y++) rows.push(buffer.getLine(y).translateToString(true));
  return rows.join("\\n");
})()
"""


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection, close: Callable[[], None]) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        self.close = close

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol; events that come meanwhile are kept."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    def visit(self, url: str) -> int:
        """Go there; the HTTP status of the answer."""
        self.events.clear()
        self.ask("Page.navigate", url=url)

        def answered() -> list[int]:
            self.ask("Runtime.evaluate", expression="0")
            return [
                event["params"]["response"]["status"]
                for event in self.events
                if event.get("method") == "Network.responseReceived" and event["params"]["type"] == "Document"
            ]

        return wait_for(answered)[0]

    def evaluate(self, expression: str) -> Any:
        """The value of some JavaScript; a promise is waited for."""
        done = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def terminal(self) -> str:
        """What the terminal in the page shows, as text."""
        return str(self.evaluate(_READ_TERMINAL))

    def until(self, holds: Callable[[str], bool]) -> None:
        """Wait until the terminal is as it should be."""
        wait_for(lambda: holds(self.terminal()), lambda: f"the screen never got there:\n{self.terminal()}")

    def sees(self, *texts: str) -> None:
        """Wait until all of these are in the terminal."""
        self.until(lambda shown: all(text in shown for text in texts))

    def type(self, text: str) -> None:
        """Press keys as a person would: keydown, text, keyup."""
        for key in text:
            known = {"\r": "Enter", "\x1b": "Escape"}.get(key, key)
            code = {"Enter": 13, "Escape": 27}.get(known, ord(key.upper()))
            press = {"key": known, "windowsVirtualKeyCode": code}
            self.ask("Input.dispatchKeyEvent", type="keyDown", **press, text=key)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **press)

    def complaints(self) -> list[str]:
        """What the page has logged as an error, refused scripts and addresses included."""
        self.ask("Runtime.evaluate", expression="0")
        told = [event["params"]["entry"] for event in self.events if event.get("method") == "Log.entryAdded"]
        thrown = [str(event) for event in self.events if event.get("method") == "Runtime.exceptionThrown"]
        return [entry["text"] for entry in told if entry["level"] == "error"] + thrown

    def requested(self) -> list[str]:
        """The addresses that the page has asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]


class Chromium:
    """A running browser."""

    def __init__(self, port: int) -> None:
        self._at = f"http://127.0.0.1:{port}"

    @contextmanager
    def page(self) -> Iterator[Page]:
        """A new tab, closed at the end."""
        made = httpx.put(f"{self._at}/json/new?about:blank", timeout=PATIENCE, trust_env=False).json()

        def close() -> None:
            httpx.get(f"{self._at}/json/close/{made['id']}", timeout=PATIENCE, trust_env=False)

        with connect(made["webSocketDebuggerUrl"], max_size=None, proxy=None) as connection:
            page = Page(connection, close)
            for domain in ("Page", "Runtime", "Log", "Network"):
                page.ask(f"{domain}.enable")
            page.ask("Page.addScriptToEvaluateOnNewDocument", source=_KEEP_TERMINAL)
            yield page
        close()


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Start one with an empty profile; it is gone at the end, with all of its processes."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
            start_new_session=True,
        )
        try:
            file = Path(folder, "DevToolsActivePort")
            text = wait_for(lambda: file.read_text() if file.exists() else "")
            yield Chromium(int(text.split()[0]))
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(look: Callable[[], T], explain: Callable[[], str] = lambda: "it never came") -> T:
    """The first true answer within `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)
    return found
