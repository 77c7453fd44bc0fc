"""honcho, supervisor and circus: from PyPI, installed beside meshdev by the extra `bench`."""

import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.case import GRACE, Case
from benchmarks.tools.base import Tool, Unfit

_BIN = Path(sys.executable).parent


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise Unfit(f"{package} is not installed; pip install '.[bench]'") from None


class Honcho(Tool):
    """Starts a Procfile, interleaves the output."""

    name = "honcho"
    stop_signal = signal.SIGTERM

    def version(self) -> str:
        """Of the package."""
        return _version("honcho")

    def configure(self, case: Case) -> None:
        """A Procfile."""
        lines = [f"{service.name}: exec {shlex.join(service.argv)}\n" for service in case.services]
        case.write("Procfile", "".join(lines))

    def command(self, case: Case) -> Sequence[str]:
        """In the foreground."""
        _ = case
        return [str(_BIN / "honcho"), "start"]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """It has no client."""
        _ = case
        return {"help": [str(_BIN / "honcho"), "--help"]}


class Supervisor(Tool):
    """A daemon with a log file for each program."""

    name = "supervisor"

    def version(self) -> str:
        """Of the package."""
        return _version("supervisor")

    def configure(self, case: Case) -> None:
        """A program per service, logs without rotation, ready as soon as it runs."""
        head = (
            "[supervisord]\nnodaemon=true\nlogfile=%(here)s/supervisord.log\npidfile=%(here)s/supervisord.pid\n"
            "[unix_http_server]\nfile=%(here)s/supervisor.sock\n"
            "[supervisorctl]\nserverurl=unix://%(here)s/supervisor.sock\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        )
        parts = [
            f"[program:{service.name}]\ncommand={shlex.join(service.argv)}\nstartsecs=0\nstopwaitsecs={GRACE}\n"
            f"stopasgroup=true\nkillasgroup=true\nredirect_stderr=true\n"
            f"stdout_logfile=%(here)s/{service.name}.log\nstdout_logfile_maxbytes=0\n"
            for service in case.services
        ]
        case.write("supervisord.conf", head + "".join(parts))

    def command(self, case: Case) -> Sequence[str]:
        """In the foreground; as root it wants to be told that this is meant."""
        return [str(_BIN / "supervisord"), "-c", str(case.folder / "supervisord.conf")]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """By its own client."""
        client = [str(_BIN / "supervisorctl"), "-c", str(case.folder / "supervisord.conf")]
        return {"help": [*client, "--help"], "status": [*client, "status"]}

    def logs(self, case: Case) -> list[Path]:
        """One for each."""
        return [case.folder / f"{service.name}.log" for service in case.services]


class Circus(Tool):
    """A daemon on ZeroMQ with a watcher per service."""

    name = "circus"

    def version(self) -> str:
        """Of the package."""
        return _version("circus")

    def configure(self, case: Case) -> None:
        """A watcher per service, each with its own log file; endpoints are sockets in the case's folder."""
        head = (
            f"[circus]\nendpoint = ipc://{case.folder}/circus.c\npubsub_endpoint = ipc://{case.folder}/circus.p\n"
            "statsd = False\n"
        )
        parts = [
            f"[watcher:{service.name}]\ncmd = {shlex.join(service.argv)}\ncopy_env = True\n"
            f"graceful_timeout = {GRACE}\nstop_children = True\n"
            f"stdout_stream.class = FileStream\nstdout_stream.filename = {case.folder}/{service.name}.log\n"
            for service in case.services
        ]
        case.write("circus.ini", head + "".join(parts))

    def command(self, case: Case) -> Sequence[str]:
        """In the foreground."""
        return [str(_BIN / "circusd"), str(case.folder / "circus.ini")]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """By its own client."""
        client = str(_BIN / "circusctl")
        return {
            "help": [client, "--help"],
            "status": [client, "--endpoint", f"ipc://{case.folder}/circus.c", "status"],
        }

    def logs(self, case: Case) -> list[Path]:
        """One for each."""
        return [case.folder / f"{service.name}.log" for service in case.services]
