"""Tables with rare keys: they are told, placed and described as if there were one table."""

import subprocess
import sys
from pathlib import Path

import pytest

from meshdev.topology.file_model import BrokerTable, DatabaseTable, FileTable, ServiceTable
from meshdev.topology.file_parted import PartedTable, keys_of
from meshdev.topology.file_parts import EdgeTable
from meshdev.topology.schema import file_schema
from support_topology import complaints, loaded, write

_PARTED = (FileTable, ServiceTable, DatabaseTable, BrokerTable)

_WHAT_IS_IMPORTED = """
import os, sys
from pathlib import Path
from meshdev.topology.load import load
load(Path(sys.argv[1]), environ=os.environ)
print("meshdev.topology.file_container" in sys.modules)
"""


def test_mistakes_in_both_sorts_of_keys_are_told_at_once(tmp_path: Path) -> None:
    """Each with its own place and its own words."""
    found = complaints(
        tmp_path,
        """
        [services.a]
        image = "a"
        replicas = "two"
        privileged = "perhaps"
        volumes = [{ type = "bind", target = 3 }]
        build = { contxt = "." }
        """,
    )
    assert found == [
        'meshdev.toml:3: services.a.replicas: found "two" (string), accepted: whole number ≥ 0',
        'meshdev.toml:4: services.a.privileged: found "perhaps" (string), accepted: true or false',
        "meshdev.toml:5: services.a.volumes[0].target: found 3 (whole number), accepted: text",
        'meshdev.toml:6: services.a.build: unknown key "contxt"\n  did you mean "context"?',
    ]


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("imag = 'x'", 'services.a: unknown key "imag"\n  did you mean "image"?'),
        ("privilegd = true", 'services.a: unknown key "privilegd"\n  did you mean "privileged"?'),
        ("rare = true", 'services.a: unknown key "rare"'),
    ],
)
def test_an_unknown_key_is_compared_with_both_sorts(tmp_path: Path, written: str, complaint: str) -> None:
    """And the field that holds the rare ones is no key."""
    (found,) = complaints(tmp_path, f"[services.a]\ncommand = 'a'\n{written}\n")
    assert found.startswith(f"meshdev.toml:3: {complaint}")


def test_what_is_wrong_in_a_rare_section_leaves_the_others(tmp_path: Path) -> None:
    """A network with a mistake is told, and so is a service's."""
    found = complaints(
        tmp_path,
        """
        [services.a]
        command = "a"
        port = 0
        [networks.back]
        internal = "yes"
        """,
    )
    assert found == [
        "meshdev.toml:3: services.a.port: found 0 (whole number), accepted: whole number from 1 to 65535",
        'meshdev.toml:5: networks.back.internal: found "yes" (string), accepted: true or false',
    ]


def test_an_overlay_of_a_profile_that_is_not_active_is_looked_at(tmp_path: Path) -> None:
    """Also its rare keys, at their place."""
    (found,) = complaints(
        tmp_path,
        """
        [services.a]
        command = "a"
        [profiles.p.services.a]
        privileged = 1
        """,
    )
    assert found == (
        "meshdev.toml:4: profiles.p.services.a.privileged: found 1 (whole number), accepted: true or false"
    )


def test_free_keys_are_free_beside_rare_ones(tmp_path: Path) -> None:
    """``x-`` keys of a node and of the file."""
    system = loaded(tmp_path, 'x-a = 1\n[services.a]\nimage = "a"\nuser = "me"\nx-b = 2\n[volumes.v]\n')
    assert list(system.volumes) == ["v"]


@pytest.mark.parametrize("table", _PARTED, ids=lambda table: table.__name__)
def test_both_sorts_are_apart_and_in_the_schema(table: type[PartedTable]) -> None:
    """No key is in both tables; the schema of the file has all, and no word of the division."""
    own, rare = set(table.model_fields) - {"rare"}, set(table.rare_table().model_fields)
    assert own.isdisjoint(rare)
    assert set(keys_of(table)) == own | rare
    schema = file_schema()
    described = schema if table is FileTable else schema["$defs"][table.__name__]
    assert set(described["properties"]) == own | rare
    assert table.rare_table().__name__ not in schema["$defs"]


def test_a_table_without_rare_keys_has_its_own() -> None:
    """`keys_of` takes any table."""
    assert keys_of(EdgeTable) == EdgeTable.model_fields


@pytest.mark.parametrize(
    ("written", "imported"), [("command = 'true'", False), ("image = 'x'\nuser = 'me'", True)]
)
def test_the_table_of_rare_keys_is_imported_for_a_file_that_has_one(
    tmp_path: Path, written: str, *, imported: bool
) -> None:
    """A system of processes pays nothing for containers."""
    file = write(tmp_path, f"[services.a]\n{written}\n")
    done = subprocess.run(
        [sys.executable, "-c", _WHAT_IS_IMPORTED, str(file)], check=True, capture_output=True, text=True
    )
    assert done.stdout == f"{imported}\n"
