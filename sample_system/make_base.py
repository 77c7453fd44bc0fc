"""``python sample_system/make_base.py [NAME]``: a base image for the shop out of this machine, without any registry.

It holds the Python that runs this (its standard library without tests), the shop's packages from this environment,
the shared libraries that they need, and a static busybox (Debian: apt install busybox-static) for the shell. Linux
only; the image runs where this machine's programs run. Used as ``SHOP_BASE=shop-base meshdev up -p containers``.
"""

import importlib.metadata
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PACKAGES = ("httpx", "msgspec", "nats-py", "starlette", "uvicorn")
BUSYBOX = Path("/bin/busybox")
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_REQUIRED = re.compile(r"^[A-Za-z0-9._-]+")
_LIBRARY = re.compile(r"(/\S+) \(0x")
_LEFT_OUT = frozenset(
    {"test", "tests", "__pycache__", "site-packages", "idlelib", "tkinter", "turtledemo", "ensurepip"}
)


def main() -> int:
    """Make the image and hand it to the engine."""
    name = sys.argv[1] if len(sys.argv) > 1 else "shop-base"
    path = f"ENV PATH={sys.base_prefix}/bin:/usr/bin:/bin"
    command = ["docker", "import", "--change", path, "-", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None  # noqa: S101 -- for the type checker
        write_base(importing.stdin)
        importing.stdin.close()
    return importing.returncode


def write_base(out: IO[bytes]) -> None:
    """The image's file system as a tar."""
    with tarfile.open(fileobj=out, mode="w|") as tar:
        _folders(tar)
        _shell(tar)
        contents = dict(_contents())
        for place, file in contents.items():
            tar.add(file.resolve(), place, recursive=False)
        for word in ("python", "python3"):
            _link(tar, f"{sys.base_prefix}/bin/{word}", _VERSION)


def _contents() -> Iterator[tuple[str, Path]]:
    """Each file's place in the image, and the file."""
    prefix = Path(sys.base_prefix)
    library = prefix / "lib" / _VERSION
    files = {str(file): file for file in (prefix / "bin" / _VERSION, *_files(library))}
    files |= {str(library / "site-packages" / place): file for file, place in _packages(PACKAGES)}
    yield from files.items()
    needed = {needed for file in files.values() for needed in _libraries(file)}
    yield from ((str(one), one) for one in sorted(needed) if str(one) not in files)


def _folders(tar: tarfile.TarFile) -> None:
    for folder in ("bin", "etc", "tmp", "usr/bin", "root", "data", "app"):
        info = tarfile.TarInfo(folder)
        info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder in ("tmp", "data") else 0o755
        tar.addfile(info)


def _shell(tar: tarfile.TarFile) -> None:
    tar.add(BUSYBOX, "bin/busybox")
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        if name != "busybox":
            _link(tar, f"bin/{name}", "busybox")


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        within = file.relative_to(folder).parts
        if file.is_file() and _LEFT_OUT.isdisjoint(within) and not within[0].startswith("config-"):
            yield file


def _packages(names: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """The files of these distributions and of all that they require."""
    waiting, seen = [*names], set()
    while waiting:
        name = waiting.pop()
        if name.lower() in seen:
            continue
        seen.add(name.lower())
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # required on other systems, or by an extra
        for entry in found.files or ():
            if ".." not in entry.parts and "__pycache__" not in entry.parts:
                yield Path(str(found.locate_file(entry))), str(entry)
        for line in found.requires or ():
            match = _REQUIRED.match(line)
            if match and "extra ==" not in line:
                waiting.append(match[0])


def _libraries(file: Path) -> Iterator[Path]:
    """The shared libraries that a program or library needs, the loader among them."""
    if file.suffix == ".so" or ".so." in file.name or file.parent.name == "bin":
        said = subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
        yield from (Path(found) for found in _LIBRARY.findall(said))


if __name__ == "__main__":
    sys.exit(main())
