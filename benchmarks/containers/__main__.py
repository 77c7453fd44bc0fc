"""``python -m benchmarks.containers [--rounds N]``: starts in turns, medians, the daemon's CPU while nothing happens.

Each service touches a file when its program begins; the time is from the start of the command until the last file is
there. Removing is from the command until the engine has no container of the project. Needs an engine (DOCKER_HOST),
Debian's docker-compose, and the tests' base image, which is made if it is missing.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from meshdev.runners.container.light import LightEngine
from support_docker import ADDRESS, BASE, base_image

COUNT = 20
WATCHED_SECONDS = 20.0
COMMAND = ["sh", "-c", "touch /ready/$$NAME; exec httpd -f -p 8080"]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    rounds = options.parse_args().rounds
    base_image()
    figures: dict[str, list[tuple[float, float]]] = {"meshdev": [], "docker-compose": []}
    idle = 0.0
    with tempfile.TemporaryDirectory() as place:
        folders = {name: _folder(Path(place, name)) for name in figures}
        for turn in range(rounds):
            for name in sorted(figures, reverse=bool(turn % 2)):
                up, down = _COMMANDS[name]
                started = _measure(folders[name], up, lambda folder: len(list(folder.iterdir())) == COUNT)
                if name == "meshdev" and turn == rounds - 1:
                    idle = _idle(folders[name])
                ended = _measure(folders[name], down, lambda _: _running() == 0)
                figures[name].append((started, ended))
                shutil.rmtree(folders[name] / "ready")
                (folders[name] / "ready").mkdir()
    print(
        f"{COUNT} containers, {rounds} rounds, medians (smallest-largest), seconds; load {os.getloadavg()[0]:.1f}"
    )
    for name, pairs in figures.items():
        print(f"  {name:15} started {_shown([a for a, _ in pairs])}   gone {_shown([b for _, b in pairs])}")
    print(f"  meshdev's daemon while followed (states, CPU and memory every 2 s): {idle:.2f} % of a core")


def _folder(folder: Path) -> Path:
    (folder / "ready").mkdir(parents=True)
    services = {f"s{number}": None for number in range(COUNT)}
    toml = '[system]\nname = "twenty"\n' + "".join(
        f'[services.{name}]\nimage = "{BASE}"\ncommand = {json.dumps(COMMAND)}\nport = 8080\ninit = true\n'
        f'environment = {{ NAME = "{name}" }}\nvolumes = ["./ready:/ready"]\n'
        for name in services
    )
    (folder / "meshdev.toml").write_text(toml)
    compose = {
        "version": "3.7",
        "services": {
            name: {
                "image": BASE,
                "command": COMMAND,
                "init": True,
                "environment": {"NAME": name},
                "volumes": ["./ready:/ready"],
            }
            for name in services
        },
    }
    (folder / "docker-compose.yml").write_text(json.dumps(compose))
    return folder


def _measure(folder: Path, command: list[str], done: Callable[[Path], bool]) -> float:
    began = time.perf_counter()
    environ = {**os.environ, "DOCKER_HOST": ADDRESS, "XDG_RUNTIME_DIR": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ):
        while not done(folder / "ready"):
            time.sleep(0.01)
        return time.perf_counter() - began


def _running() -> int:
    found = LightEngine(ADDRESS).ask("GET", "/containers/json", all="1")
    return sum("httpd -f -p 8080" in one["Command"] for one in found)


def _idle(folder: Path) -> float:
    """The daemon's share of a core while somebody follows its stream."""
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
    pid = json.loads((folder / ".meshdev" / "daemon.lock").read_text())["pid"]
    following = [*_MESHDEV, "events"]
    with subprocess.Popen(following, cwd=folder, env=environ, stdout=subprocess.DEVNULL) as follower:
        time.sleep(5.0)  # what the start has left to do is over
        before = _cpu(pid)
        time.sleep(WATCHED_SECONDS)
        used = _cpu(pid) - before
        follower.terminate()
    return 100 * used / WATCHED_SECONDS


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _shown(values: list[float]) -> str:
    return f"{statistics.median(values):5.2f} ({min(values):.2f}-{max(values):.2f})"


_MESHDEV = [sys.executable, "-m", "meshdev"]
_COMMANDS = {
    "meshdev": ([*_MESHDEV, "up", "-d"], [*_MESHDEV, "down"]),
    "docker-compose": (["docker-compose", "up", "-d"], ["docker-compose", "down", "-t", "5"]),
}

if __name__ == "__main__":
    main()
