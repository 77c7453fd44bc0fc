"""The product as an ordinary user has it, also where the tests are root: no capabilities, another user id.

A user namespace that is held open gives root's own files another owner and leaves nobody any right; commands enter it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support_product import Product

AS_USER = "1000"
WHO = ("root", "user")


def unprivileged() -> bool:
    """Whether an ordinary user may have namespaces here."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return False
    tried = subprocess.run(
        ["unshare", "-U", f"--map-user={AS_USER}", f"--map-group={AS_USER}", "unshare", "-Um", "true"],
        check=False,
        capture_output=True,
    )
    return tried.returncode == 0


@contextmanager
def acting_as(product: Product, who: str) -> Iterator[Product]:
    """``product`` by commands of ``root``, or of a ``user`` without rights; skips where that cannot be.

    One who is ``caged`` may have no namespaces, either.
    """
    if who == "root":
        if os.geteuid() != 0:
            pytest.skip("not root")
        yield product
        return
    if not unprivileged():
        pytest.skip("users may not have namespaces here")
    caged = who == "caged"
    mapped = ("--map-root-user",) if caged else (f"--map-user={AS_USER}", f"--map-group={AS_USER}")
    holder = subprocess.Popen(
        ["unshare", "-U", *mapped, sys.executable, "-c", _CAGE + _HOLD if caged else _HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        enter = ("nsenter", "-t", str(holder.pid), "-U", "--preserve-credentials")
        product.prefix = enter if os.geteuid() == 0 or caged else ()
        product.prefix += ("setpriv", "--bounding-set", "-sys_admin", "--") if caged else ()
        try:
            yield product
        finally:
            product.end()
    finally:
        holder.communicate()


_HOLD = "import sys; print('held', flush=True); sys.stdin.read()"
_CAGE = "open('/proc/sys/user/max_user_namespaces', 'w').write('0');"


def rights_of(pid: int) -> int:
    """The effective capabilities of a process, as bits."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("CapEff")).split()[1], 16)
