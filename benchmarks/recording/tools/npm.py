"""Packages of npm, each in a folder of the benchmarks' own, installed when they are missing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.tools.base import Unfit
from benchmarks.tools.binary_peers import CACHE

_SECONDS = 300.0


def package(name: str, wanted: str) -> Path:
    """Its folder. Raises Unfit."""
    prefix = CACHE / name
    found = prefix / "node_modules" / name
    if not found.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            raise Unfit("missing: npm, which brings it")
        CACHE.mkdir(exist_ok=True)
        (CACHE / ".gitignore").write_text("*\n", "utf-8")
        print(f"installing {name} into {prefix}", file=sys.stderr, flush=True)
        command = [npm, "install", "--prefix", str(prefix), "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            [*command, f"{name}@{wanted}"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            raise Unfit(f"missing: npm install {name} said {done.stderr.strip()[-200:]}")
    return found


def version(folder: Path) -> str:
    """As its package says."""
    told: dict[str, str] = json.loads((folder / "package.json").read_text("utf-8"))
    return told["version"]
