"""A real engine for tests marked `docker`: asked for, given a base image without any registry, looked at from outside.

Without an engine these tests are skipped with the reason; where CI is set they fail instead.
"""

import functools
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from meshdev.kernel.project import project_key
from meshdev.runners.container import labels
from meshdev.runners.container.address import engine_address
from meshdev.runners.container.light import LightEngine, LightError

ADDRESS = engine_address(os.environ)
BASE = "meshdev-test/base:1"
SHOP_BASE = "meshdev-test/shop-base:1"
_BUSYBOX = Path("/bin/busybox")


def require_engine() -> None:
    """Skip, or in CI fail, the test that is being set up when there is nothing to run containers with."""
    reason = missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"containers cannot be tested: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
    base_image()


@functools.cache
def missing() -> str:
    """What keeps containers from being tested here; empty when nothing does."""
    try:
        LightEngine(ADDRESS).ask("GET", "/version")
    except LightError as error:
        return f"no container engine: {error}"
    if not _BUSYBOX.exists():
        return "no static busybox (Debian: apt install busybox-static)"
    return ""


@functools.cache
def base_image() -> str:
    """An image of a static busybox and nothing else; imported when the engine does not have it."""
    from docker import APIClient  # noqa: PLC0415 -- only where there is an engine

    client = APIClient(ADDRESS, version="auto")
    try:
        if not client.images(BASE):
            repository, _, tag = BASE.partition(":")
            client.import_image_from_data(busybox_archive(), repository=repository, tag=tag)
    finally:
        client.close()
    return BASE


@functools.cache
def shop_base() -> str:
    """A base image for the shop: this machine's Python with the shop's packages (sample_system/make_base.py)."""
    from docker import APIClient  # noqa: PLC0415

    client = APIClient(ADDRESS, version="auto")
    try:
        if not client.images(SHOP_BASE):
            make = Path(__file__).parents[1] / "sample_system" / "make_base.py"
            subprocess.run(
                [sys.executable, make, SHOP_BASE],
                check=True,
                capture_output=True,
                env={**os.environ, "DOCKER_HOST": ADDRESS},
            )
    finally:
        client.close()
    return SHOP_BASE


def busybox_archive() -> bytes:
    """The base image's file system as a tar."""
    content = io.BytesIO()
    listed = subprocess.run(
        [str(_BUSYBOX), "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for folder in ("bin", "etc", "tmp", "usr", "www", "data"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder in ("tmp", "data") else 0o755
            tar.addfile(info)
        tar.add(_BUSYBOX, "bin/busybox")
        for name in listed:
            if name != "busybox":
                info = tarfile.TarInfo(f"bin/{name}")
                info.type, info.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(info)
    return content.getvalue()


class Leftovers:
    """What an engine has of one project, by another way than the code under test: all labels are looked at here."""

    def __init__(self, root: Path | str, *, key: str = "") -> None:
        self._key = key or project_key(Path(root))
        self._engine = LightEngine(ADDRESS)

    def containers(self) -> list[dict[str, Any]]:
        """Its containers, in any state."""
        return [one for one in self._engine.ask("GET", "/containers/json", all="1") if self._mine(one)]

    def of(self, service: str) -> list[dict[str, Any]]:
        """The containers of one service, the oldest first."""
        found = [one for one in self.containers() if one["Labels"].get(labels.SERVICE) == service]
        return sorted(found, key=lambda one: int(one["Labels"][labels.GENERATION]))

    def networks(self) -> list[str]:
        """The names of its networks."""
        return [one["Name"] for one in self._engine.ask("GET", "/networks") if self._mine(one)]

    def volumes(self) -> list[str]:
        """The names of its volumes."""
        return [
            one["Name"] for one in self._engine.ask("GET", "/volumes")["Volumes"] or [] if self._mine(one)
        ]

    def bridges(self) -> list[str]:
        """Interfaces of meshdev's bridges on this machine."""
        return [one.name for one in Path("/sys/class/net").iterdir() if one.name.startswith("md-")]

    def none(self) -> bool:
        """Whether nothing is left but volumes."""
        return not self.containers() and not self.networks()

    def _mine(self, one: dict[str, Any]) -> bool:
        return (one.get("Labels") or {}).get(labels.PROJECT) == self._key
