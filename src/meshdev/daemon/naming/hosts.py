"""The hosts file of one caller, and the loopback addresses in it: pure."""

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

_FIRST: Final = 64  # 127.64.0.0 to 127.127.255.255: below are addresses that people use by hand
_SIZE: Final = 1 << 22


class LoopbackAddresses:
    """An address for each (caller, callee), drawn from ``seed`` and their names: mostly the same each time."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._given: dict[tuple[str, str], int] = {}
        self._taken: set[int] = set()

    def of(self, caller: str, callee: str) -> str:
        """``127.93.12.7``."""
        number = self._given.get((caller, callee))
        if number is None:
            number = zlib.crc32(f"{self._seed}\0{caller}\0{callee}".encode()) % _SIZE
            while number in self._taken:
                number = (number + 1) % _SIZE
            self._taken.add(number)
            self._given[caller, callee] = number
        return f"127.{_FIRST + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


class GateAddresses:
    """The same in the network of one caller, where every address of 10.197.0.0/16 is the mesh's: by turns."""

    def __init__(self) -> None:
        self._given: dict[str, dict[str, int]] = {}

    def of(self, caller: str, callee: str) -> str:
        """``10.197.0.3``."""
        given = self._given.setdefault(caller, {})
        number = given.setdefault(callee, len(given) + 1)
        return f"10.197.{number >> 8}.{number & 255}"


def hosts_text(names: Iterable[tuple[str, str]], machine: str) -> str:
    """The file: ``names`` (name, address; of a name the first counts), then what the machine's own says.

    Without remarks: libnss_wrapper takes them for names.
    """
    own = dict(reversed(list(names)))
    lines = [f"{address}\t{' '.join(known)}" for address, known in _by_address(own).items()]
    for line in machine.splitlines():
        address, *words = line.partition("#")[0].split() or [""]
        kept = [word for word in words if word.lower() not in own]
        if kept:
            lines.append(f"{address}\t{' '.join(kept)}")
    return "\n".join(lines) + "\n"


def _by_address(names: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, address in names.items():
        found.setdefault(address, []).append(name)
    return found
