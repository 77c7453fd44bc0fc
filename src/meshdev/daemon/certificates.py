"""The project's own authority and the certificates that it signs: files below ``.meshdev/tls``, renewed in time.

Rules: nothing is made before some endpoint needs it · keys are readable for their user only, every file is replaced
whole · what is good for a while yet stays, the authority for as long as the daemon runs, so callers go on trusting · a
callee has one certificate, and its edges show the same: they stand for it · trust is only ever added: where the
environment from outside names a file of authorities, callers get that file's content and ours. `ready` must have run
for a system before anything else is asked of it.
"""

import asyncio
import os
import ssl
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from meshdev.daemon.edges import Edge, callees
from meshdev.daemon.names import host_name, names_of
from meshdev.errors import ServiceError
from meshdev.topology.model import Remote, Service, System, TlsMode
from meshdev.topology.tls import OWN_TLS, is_secure, speakers
from meshdev.wire.mesh import EdgeTls

if TYPE_CHECKING:
    from meshdev.identity.authority import Pair

CHECK_SECONDS: Final = 6 * 3600.0
BUNDLED: Final = (
    "SSL_CERT_FILE",  # OpenSSL and what uses it: Python, Ruby, curl, Go, .NET, rustls
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "AWS_CA_BUNDLE",
)
"""Variables that name all the authorities that a program trusts."""
ADDED: Final = ("NODE_EXTRA_CA_CERTS",)
"""Variables that name those which it trusts besides."""
_LOCAL: Final = ("localhost", "127.0.0.1", "::1", "host.docker.internal")
_USUAL: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644


@dataclass(frozen=True, slots=True)
class Kept:
    """A callee's certificate and key, as files."""

    certificate: Path
    key: Path
    stamp: str


class Certificates:
    """Those of one project; ``base`` is the environment that instances have from outside."""

    def __init__(
        self,
        folder: Path,
        base: Mapping[str, str],
        warn: Callable[[str], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._base = base
        self._warn = warn
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._stamps: dict[str, str] = {}
        self._trust: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()
        self._closing = asyncio.Event()

    @property
    def authority(self) -> Path:
        """The authority's certificate, for whoever is to trust it."""
        return self._folder / "ca.pem"

    async def ready(self, system: System) -> bool:
        """Have a good certificate for everybody in ``system`` who needs one; whether any is new.

        Raises ServiceError.
        """
        async with self._one_at_a_time:
            needed = {callee.name: names_on(system, callee) for callee in speakers(system)}
            if not needed:
                return False
            before = dict(self._kept)
            self._kept = await asyncio.to_thread(self._make, system.name, needed, _authorities(system))
            return self._kept != before

    async def run(self, system: Callable[[], System], renewed: Callable[[System], None]) -> None:
        """Have new ones before those that there are expire, until `close`; ``renewed`` has them shown."""
        while not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), CHECK_SECONDS)
                return
            try:
                if await self.ready(system()):
                    renewed(system())
            except ServiceError as error:
                self._warn(f"certificates are not renewed: {error.message}")

    def close(self) -> None:
        """Let `run` return."""
        self._closing.set()

    # --- what follows from it ---------------------------------------------------------------------

    def edge_tls(self, system: System, edge: Edge) -> EdgeTls | None:
        """What the mesh is told of an edge, None where it speaks no TLS."""
        tls = edge.tls
        callee = system.services.get(edge.key.callee)
        if tls is None or callee is None or tls.mode is TlsMode.PASSTHROUGH:
            return None
        kept = self._kept.get(callee.name)
        ends_here = tls.mode is TlsMode.TERMINATE and kept is not None
        remote = isinstance(callee.run, Remote)
        verified_by = str(tls.ca) if tls.ca is not None else "" if remote else str(self.authority)
        return EdgeTls(
            certificate=str(kept.certificate) if ends_here and kept is not None else "",
            key=str(kept.key) if ends_here and kept is not None else "",
            authority=str(self.authority),
            verified_by=verified_by,
            verify=tls.verify,
            server_name=tls.server_name or ("" if remote else host_name(system, callee)),
            stamp=(kept.stamp if kept is not None else "") + self._stamps.get(verified_by, ""),
        )

    def variables(self, system: System, service: Service) -> dict[str, str]:
        """What ``service`` finds in its environment: whom to trust, and who it is itself."""
        found = self.trusted(system, service)
        kept = self._kept.get(service.name)
        if kept is not None and any(one.tls is not None and one.tls.to_callee for one in service.endpoints):
            files = (kept.certificate, kept.key, self.authority)
            found.update(zip(OWN_TLS, map(str, files), strict=True))
        return found

    def trusted(self, system: System, service: Service) -> dict[str, str]:
        """By variable, the file of those whom it shall trust; nothing where it calls nobody by TLS."""
        secure = (
            is_secure(service, callee, endpoint)
            for callee in callees(system, service)
            for endpoint in callee.endpoints
        )
        return dict(self._trust) if any(secure) and self._kept else {}

    # --- files ------------------------------------------------------------------------------------

    def _make(
        self, system: str, needed: Mapping[str, tuple[str, ...]], others: Iterable[Path]
    ) -> dict[str, Kept]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            authority = self._authority(system)
            self._trust = dict(self._bundles(authority.certificate))
            kept = {name: self._leaf(authority, name, names) for name, names in needed.items()}
            self._stamps = {str(path): _stamp(path.read_bytes()) for path in (self.authority, *others)}
        except OSError as error:
            raise ServiceError(f"certificates cannot be kept in {self._folder}: {error.strerror}") from error
        except ImportError as error:
            raise ServiceError(
                "TLS on edges needs the package cryptography", hint="pip install 'meshdev[tls]'"
            ) from error
        return kept

    def _authority(self, system: str) -> "Pair":
        from meshdev.identity.authority import Pair, is_of, new_authority, outlook  # noqa: PLC0415 - few need it

        key = self._folder / "ca.key"
        if self.authority.exists() and key.exists():
            pair = Pair(self.authority.read_bytes(), key.read_bytes())
            in_use = bool(self._kept)  # callers that run trust it, and would not trust another
            if is_of(pair.certificate, pair) and (
                in_use or not outlook(pair.certificate).is_due(self._clock())
            ):
                return pair
        pair = new_authority(f"{system} (meshdev, local)", self._clock())
        _write(key, pair.key, _PRIVATE)
        _write(self.authority, pair.certificate, _PUBLIC)
        return pair

    def _leaf(self, authority: "Pair", name: str, names: tuple[str, ...]) -> Kept:
        from meshdev.identity.authority import Pair, fits, issue  # noqa: PLC0415 - few need it

        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        if certificate.exists() and key.exists():
            pair = Pair(certificate.read_bytes(), key.read_bytes())
            if fits(pair, authority, names, self._clock()):
                return Kept(certificate, key, _stamp(pair.certificate))
        pair = issue(authority, names, self._clock())
        _write(key, pair.key, _PRIVATE)
        _write(certificate, pair.certificate, _PUBLIC)
        return Kept(certificate, key, _stamp(pair.certificate))

    def _bundles(self, authority: bytes) -> Iterator[tuple[str, str]]:
        """By variable, the file of whom a caller trusts: whom it would trust anyway, and us."""
        for name in (*BUNDLED, *ADDED):
            outer = self._base.get(name, "")
            content = _content(outer)
            if outer and not content:
                continue  # a folder, or nothing: theirs, and not for us to understand
            if not content and name in BUNDLED:
                content = system_authorities()
            place = self.authority
            if content:
                content = content.rstrip() + b"\n" + authority
                place = self._folder / f"trust-{_stamp(content)[:8]}.pem"
                if not place.exists():
                    _write(place, content, _PUBLIC)
            yield name, str(place)


def names_on(system: System, callee: Service) -> tuple[str, ...]:
    """By which names a callee's certificate can be asked for: its own, those of its networks, those of this machine."""
    own = host_name(system, callee)
    found = dict.fromkeys((own, callee.name.rpartition(".")[2].lower(), f"{own}.local", *_LOCAL))
    for caller in system.services.values():
        found.update(dict.fromkeys(name.lower() for name in names_of(system, caller, callee)))
    for endpoint in callee.endpoints:
        found.update(dict.fromkeys(endpoint.tls.names if endpoint.tls is not None else ()))
    return tuple(found)


def system_authorities() -> bytes:
    """Those that programs on this machine trust anyway."""
    import certifi  # noqa: PLC0415 - only where the system has no such file

    usual = ssl.get_default_verify_paths()
    return next(filter(None, map(_content, (usual.openssl_cafile, *_USUAL, certifi.where()))), b"")


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes() if path else b""
    except OSError:
        return b""


def _authorities(system: System) -> set[Path]:
    """The files that the topology names."""
    return {
        endpoint.tls.ca
        for service in system.services.values()
        for endpoint in service.endpoints
        if endpoint.tls is not None and endpoint.tls.ca is not None
    }


def _stamp(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace ``path`` whole. Raises OSError."""
    number, beside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "wb") as file:
        os.fchmod(number, mode)
        file.write(content)
    Path(beside).replace(path)
