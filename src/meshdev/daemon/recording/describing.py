"""What the calls of recorded endpoints are made of: as the file says, else as their servers tell (server reflection).

Rules: whoever runs is asked once, an instance that follows it is asked anew · all at once, and `PATIENCE` seconds at
most: a recording begins without names rather than late · what cannot be had is told to a person if the file
named it, and then the server is asked after all: by numbers fewer secrets are found · a server without reflection is
no news.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from meshdev.daemon.recording.protos import given
from meshdev.errors import MeshdevError, ServiceError
from meshdev.runners.grpc_reflection import descriptors_at
from meshdev.wire.capture import Described
from meshdev.wire.mesh import Upstream

PATIENCE: Final = 3.0
SPOKEN: Final = frozenset({"grpc", "http2"})

Endpoint = tuple[str, str]  # service and endpoint


@dataclass(slots=True)
class Describing:
    """What is known; ``notes`` are for a person, about what could not be had when this was last asked."""

    notes: list[str] = field(default_factory=list)
    _told: dict[Endpoint, tuple[str, bytes]] = field(default_factory=dict)

    def unasked(self, places: Mapping[Endpoint, Upstream | None]) -> dict[Endpoint, Upstream | None]:
        """Those of which an instance runs that was not asked."""
        return {
            endpoint: upstream
            for endpoint, upstream in places.items()
            if upstream is not None and self._told.get(endpoint, ("", b""))[0] != upstream.instance
        }

    async def known(
        self, places: Mapping[Endpoint, Upstream | None], protos: Mapping[str, tuple[Path, ...]]
    ) -> tuple[Described, ...]:
        """The descriptors of these endpoints, as far as they can be had now; ``protos`` by service."""
        self.notes = []
        services = [service for service in {service for service, _ in places} if protos.get(service)]
        said = await asyncio.gather(*(_given(service, protos[service]) for service in services))
        files = dict(zip(services, said, strict=True))
        asked = [self._one(endpoint, places[endpoint], files.get(endpoint[0])) for endpoint in places]
        found = await asyncio.gather(*asked)
        return tuple(Described(*endpoint, data) for endpoint, data in zip(places, found, strict=True) if data)

    async def _one(
        self, endpoint: Endpoint, upstream: Upstream | None, files: bytes | MeshdevError | None
    ) -> bytes:
        if isinstance(files, bytes):
            return files
        data = await self._told_by(endpoint, upstream)
        if files is not None:
            hint = f" ({files.hint})" if files.hint else ""
            how = "by what it tells itself (server reflection)" if data else "without names"
            note = f"{files.message}; its calls are recorded {how}{hint}"
            self.notes += [note] if note not in self.notes else []
        return data

    async def _told_by(self, endpoint: Endpoint, upstream: Upstream | None) -> bytes:
        told = self._told.get(endpoint, ("", b""))
        if upstream is None or upstream.net or upstream.remote is not None or told[0] == upstream.instance:
            return told[1]
        try:
            async with asyncio.timeout(PATIENCE):
                data, _ = await descriptors_at(upstream.host, upstream.port, tls=upstream.tls)
        except TimeoutError:
            data = b""
        self._told[endpoint] = (upstream.instance, data or told[1])
        return data or told[1]


async def _given(service: str, protos: tuple[Path, ...]) -> bytes | MeshdevError:
    try:
        data = await asyncio.to_thread(given, service, protos)
    except MeshdevError as error:
        return error
    return data or ServiceError(f"protos of {service}: there is nothing in them")
