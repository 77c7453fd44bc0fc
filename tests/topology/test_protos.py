"""Which files a service's ``protos`` mean."""

from pathlib import Path

import pytest

from meshdev.topology.protos import found


@pytest.mark.parametrize(
    ("pattern", "folder", "files"),
    [
        ("till.proto", "", ["till.proto"]),
        ("none.proto", "", []),
        ("*.proto", "", ["till.proto"]),
        ("deep/*.proto", "deep", ["deep/a.proto"]),
        ("deep/**/*.proto", "deep", ["deep/a.proto", "deep/er/b.proto"]),
        ("de*/er/b.proto", "", ["deep/er/b.proto"]),
    ],
)
def test_files_and_where_their_imports_are(
    tmp_path: Path, pattern: str, folder: str, files: list[str]
) -> None:
    """The folder is that in front of the first star, or the file's."""
    for name in ("till.proto", "deep/a.proto", "deep/er/b.proto", "deep/er/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    it = found(tmp_path / pattern)
    assert it.folder == tmp_path / folder
    assert [one.relative_to(tmp_path).as_posix() for one in it.files] == files
