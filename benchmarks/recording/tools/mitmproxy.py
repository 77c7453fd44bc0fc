"""mitmproxy (PyPI): ``mitmdump -w`` as a reverse proxy, and ``--server-replay``."""

import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.mesh.proxies.base import Running, free_ports, packaged
from benchmarks.recording.tools.base import Entry, Recorder, on_proxy_core
from benchmarks.tools.base import Unfit

_FILE = "flows.mitm"


class Mitmproxy(Recorder):
    """As it comes, quiet."""

    name = "mitmproxy"
    calls = 500

    def version(self) -> str:
        """As it says itself."""
        said = subprocess.run([self._program(), "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[1]

    def proxying(self, folder: Path, upstream: int, *, record: bool) -> AbstractContextManager[Running]:
        """Bodies go through its memory."""
        (port,) = free_ports(1)
        command = [self._program(), "-q", "--set", f"confdir={folder}"]
        command += ["--mode", f"reverse:http://127.0.0.1:{upstream}@127.0.0.1:{port}"]
        command += ["-w", str(folder / _FILE)] if record else []
        return on_proxy_core(command, folder, port)

    def files(self, folder: Path) -> list[Path]:
        """One."""
        return [folder / _FILE]

    def replaying(self, folder: Path) -> AbstractContextManager[Running]:
        """What is not in the recording is killed, not passed on; an answer is used once, as is its default."""
        (port,) = free_ports(1)
        command = [self._program(), "-q", "--set", f"confdir={folder}", "-S", str(folder / _FILE)]
        command += ["--set", "server_replay_extra=404", "--set", "server_replay_refresh=false"]
        command += ["--set", "connection_strategy=lazy", "--set", "server_replay_ignore_host=true"]
        command += ["--set", "server_replay_ignore_port=true"]
        command += ["--mode", f"reverse:http://127.0.0.1:9@127.0.0.1:{port}"]
        return on_proxy_core(command, folder, port)

    def write(self, folder: Path, entries: list[Entry]) -> None:
        """Its format is its own."""
        del folder, entries
        raise Unfit("its files are written by itself only")

    def _program(self) -> str:
        return packaged("mitmdump", "mitmproxy>=11")
