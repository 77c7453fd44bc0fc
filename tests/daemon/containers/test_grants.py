"""Secrets and configs as files."""

import stat
from pathlib import Path

import pytest

from meshdev.daemon.containers.grants import grant_mounts
from meshdev.errors import MeshdevError
from meshdev.topology.container import FileGrant


def test_files_and_contents(tmp_path: Path) -> None:
    """A file is mounted as it is, unless it has a mode of its own; a content becomes a file nobody else can reach."""
    source = tmp_path / "token"
    source.write_text("t")
    folder = tmp_path / "grants"
    plain, moded, content = grant_mounts(
        [
            FileGrant("/run/secrets/token", source=source),
            FileGrant("/run/secrets/moded", source=source, mode=0o400),
            FileGrant("/etc/conf", content="c"),
        ],
        folder,
    )
    assert (plain.source, plain.target, plain.read_only) == (str(source), "/run/secrets/token", True)
    assert stat.S_IMODE(Path(moded.source).stat().st_mode) == 0o400
    assert Path(content.source).read_text() == "c"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "grant", [FileGrant("/x", external="vault"), FileGrant("/x", source=Path("/no/such/file"))]
)
def test_what_cannot_be_given(grant: FileGrant, tmp_path: Path) -> None:
    """It is told before anything starts."""
    with pytest.raises(MeshdevError):
        grant_mounts([grant], tmp_path)
