"""A service's ``protos`` made into descriptors: sets are read, ``.proto`` files compiled. Blocks; call it in a thread.

Raises ServiceError, with protoc's own words.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from meshdev.errors import ServiceError
from meshdev.topology.protos import SOURCE, Found, found

_PATIENCE = 60.0
_HINT = "pip install 'meshdev[grpc]', or name a set that protoc has written (--include_imports --descriptor_set_out)"


def given(service: str, patterns: Sequence[Path]) -> bytes:
    """All of them, as one set."""
    sets = []
    for pattern in patterns:
        folder, files = found(pattern)
        sources = tuple(one for one in files if one.suffix == SOURCE)
        if sources:
            sets.append(_compiled(service, Found(folder, sources)))
        try:
            sets += [one.read_bytes() for one in files if one.suffix != SOURCE]
        except OSError as error:
            raise ServiceError(
                f"protos of {service}: cannot read {error.filename}: {error.strerror}"
            ) from error
    return b"".join(sets)  # a set is a repeated field: sets behind each other are one


def _compiled(service: str, sources: Found) -> bytes:
    with tempfile.TemporaryDirectory(prefix="meshdev-protos-") as scratch:
        made = Path(scratch) / "set.binpb"
        argv = [sys.executable, "-m", "grpc_tools.protoc", f"-I{sources.folder}", f"-I{_well_known(service)}"]
        argv += ["--include_imports", f"--descriptor_set_out={made}", *map(str, sources.files)]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServiceError(f"protos of {service}: protoc cannot be run: {error}") from error
        if done.returncode or not made.exists():
            raise ServiceError(f"protos of {service}: {done.stderr.strip()}", hint=_import_hint(done.stderr))
        return made.read_bytes()


def _well_known(service: str) -> Path:
    """Where protobuf's own files are."""
    from importlib.util import find_spec  # noqa: PLC0415 - for those that have protos

    spec = find_spec("grpc_tools")
    if spec is None or spec.origin is None:
        raise ServiceError(
            f"protos of {service}: .proto files cannot be compiled, grpcio-tools is missing", hint=_HINT
        )
    return Path(spec.origin).parent / "_proto"


def _import_hint(said: str) -> str:
    if "not found" not in said:
        return ""
    return 'imports are looked for in front of the first *: "protos/**/*.proto" looks in protos/'
