"""mprocs, pm2 (npm) and dekit (a wheel with a binary): each in a folder of the benchmarks' own."""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.case import GRACE, Case
from benchmarks.tools.base import Started, Tool, Unfit, said

CACHE = Path(__file__).resolve().parents[2] / ".benchmarks-cache"
_NPM = {"mprocs": "mprocs@0.9", "pm2": "pm2@7"}
_DEKIT = "dekit-cli>=0.10,<0.11"
_INSTALL_SECONDS = 300.0


def install() -> str:
    """Install what is missing; returns what went wrong, if anything did (those tools are then left out)."""
    trouble = []
    CACHE.mkdir(exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n", "utf-8")
    wanted = [package for name, package in _NPM.items() if not _npm(name).exists()]
    if wanted:
        trouble.append(
            _quietly(["npm", "install", "--prefix", str(CACHE), "--no-audit", "--no-fund", *wanted])
        )
    if not _dekit().exists():
        folder = str(CACHE / "python")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        trouble.append(_quietly([*pip, "--no-deps", "--prefix", folder, _DEKIT]))
    return "; ".join(filter(None, trouble))


def _quietly(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return f"{command[0]}: {done.stderr.strip()[-300:]}" if done.returncode else ""


def _npm(name: str) -> Path:
    return CACHE / "node_modules" / ".bin" / name


def _dekit() -> Path:
    return CACHE / "python" / "bin" / "dekit"


class Mprocs(Tool):
    """A terminal program with a screen for each process."""

    name = "mprocs"
    needs_terminal = True

    def version(self) -> str:
        """As it says itself."""
        if not _npm("mprocs").exists():
            raise Unfit("npm could not install it")
        return said([str(self._program()), "--version"]).split()[-1]

    def configure(self, case: Case) -> None:
        """YAML is JSON here; each process also writes a log file."""
        procs = {
            service.name: {"cmd": list(service.argv), "stop": "SIGTERM", "log": True}
            for service in case.services
        }
        case.write("mprocs.yaml", json.dumps({"procs": procs}))

    def command(self, case: Case) -> Sequence[str]:
        """The program itself, not its wrapper in Node, which would be measured with it."""
        server = f"127.0.0.1:{_port(case)}"
        return [str(self._program()), "--log-dir", str(case.folder / "logs"), "--server", server]

    def stop_command(self, case: Case) -> Sequence[str]:
        """What the key `q` does."""
        return [str(self._program()), "--server", f"127.0.0.1:{_port(case)}", "--ctl", "{c: quit}"]

    def logs(self, case: Case) -> list[Path]:
        """One for each."""
        return [case.folder / "logs" / f"{service.name}.log" for service in case.services]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """It has no list."""
        _ = case
        return {"help": [str(self._program()), "--help"]}

    def _program(self) -> Path:
        ours = f"mprocs-*-{platform.system().lower()}-{platform.machine()}*/mprocs"
        return next((CACHE / "node_modules" / "mprocs").glob(ours), _npm("mprocs"))


class Pm2(Tool):
    """A daemon in Node with a log file for each process."""

    name = "pm2"
    watches = True
    detached = True

    def version(self) -> str:
        """Of the package."""
        if not _npm("pm2").exists():
            raise Unfit("npm could not install it")
        package = CACHE / "node_modules" / "pm2" / "package.json"
        return str(json.loads(package.read_text("utf-8"))["version"])

    def configure(self, case: Case) -> None:
        """An ecosystem file; `fork` mode, no interpreter."""
        case.environ |= {"PM2_HOME": str(case.folder / "pm2"), "PM2_DISCRETE_MODE": "true"}
        apps = [
            {
                "name": service.name,
                "script": service.argv[0],
                "args": list(service.argv[1:]),
                "interpreter": "none",
                "exec_mode": "fork",
                "cwd": str(case.folder),
                "out_file": str(case.folder / f"{service.name}.log"),
                "kill_timeout": GRACE * 1000,
                "autorestart": True,
                "vizion": False,
                "pmx": False,
                "watch": [str(case.watched.parent)] if case.watched else False,
            }
            for service in case.services
        ]
        case.write("ecosystem.config.json", json.dumps({"apps": apps}))

    def command(self, case: Case) -> Sequence[str]:
        """Starts the daemon if need be, hands it the file, returns."""
        return [str(_npm("pm2")), "start", str(case.folder / "ecosystem.config.json")]

    def stop_command(self, case: Case) -> Sequence[str]:
        """Ends the processes and the daemon."""
        _ = case
        return [str(_npm("pm2")), "kill"]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """By its own client."""
        _ = case
        program = str(_npm("pm2"))
        return {
            "help": [program, "--help"],
            "status": [program, "ls"],
            "logs": [program, "logs", "--nostream", "--lines", "20"],
        }

    def logs(self, case: Case) -> list[Path]:
        """One for each."""
        return [case.folder / f"{service.name}.log" for service in case.services]

    def main_pid(self, case: Case, started: Started) -> int:
        """The daemon."""
        _ = started
        return int((case.folder / "pm2" / "pm2.pid").read_text())


class Dekit(Tool):
    """mprocs' successor: a runner in the background."""

    name = "dekit"
    detached = True

    def version(self) -> str:
        """As it says itself."""
        if not _dekit().exists():
            raise Unfit("pip could not install it")
        return said([str(_dekit()), "--version"]).split()[-1]

    def configure(self, case: Case) -> None:
        """YAML is JSON here."""
        log = {"enabled": True, "dir": str(case.folder / "logs")}
        tasks = {
            service.name: {
                "cmd": list(service.argv),
                "autostart": True,
                "log": log,
                "stop": {"timeout": f"{GRACE}s"},
            }
            for service in case.services
        }
        case.write("dekit.yaml", json.dumps({"tasks": tasks}))

    def command(self, case: Case) -> Sequence[str]:
        """Starts the runner and the tasks, returns."""
        _ = case
        return [str(_dekit()), "up"]

    def stop_command(self, case: Case) -> Sequence[str]:
        """Stops both."""
        _ = case
        return [str(_dekit()), "runner", "stop"]

    def commands(self, case: Case) -> Mapping[str, Sequence[str]]:
        """By the same program."""
        _ = case
        program = str(_dekit())
        return {"help": [program, "--help"], "status": [program, "ls"], "wait": [program, "up", "--wait"]}

    def logs(self, case: Case) -> list[Path]:
        """One for each."""
        return [case.folder / "logs" / f"{service.name}.log" for service in case.services]

    def main_pid(self, case: Case, started: Started) -> int:
        """The runner: the only one that stays."""
        return next(pid for pid in case.tool() if pid != started.process.pid)


def _port(case: Case) -> int:
    """A port for mprocs' remote control, likely free, the same for each question about this case."""
    return 20_000 + int(case.mark[:4], 16) % 10_000
