"""Every way in which a file can be wrong has one exact message, with its line and the way out."""

from pathlib import Path

import pytest

from meshdev.errors import TopologyError
from meshdev.topology.load import find_file, load
from support_topology import PATH, complaints, loaded, write

A = '[services.a]\ncommand = "true"\n'

CASES = dict(
    case.split("\n", 1)
    for case in (Path(__file__).parent / "bad_input.txt").read_text("utf-8").split("\n== ")[1:]
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_message(case: str, tmp_path: Path) -> None:
    """One mistake, one message: where, what was found, what is accepted, what was probably meant."""
    rows: list[str] = []
    expected = ""
    for row in case.rstrip().split("\n"):
        if row.startswith("#! "):
            expected = f"meshdev.toml:{len(rows)}: {row[3:]}"
        elif row.startswith("#> "):
            expected += f"\n  {row[3:]}"
        else:
            rows.append(row)
    assert complaints(tmp_path, "\n".join(rows) + "\n") == [expected.replace("ROOT", str(tmp_path))]


def test_all_problems_at_once_in_order(tmp_path: Path) -> None:
    """Mistakes of different sorts are told together, sorted by file and line; none hides another."""
    write(tmp_path, '[services.x]\ncommand = "true"\nbad = 1\n', "b.toml")
    text = """
        include = ["b.toml"]
        [services.a]
        replicas = "two"
        working_dir = "nowhere"
        calls = ["zzz"]
        environment = { K = "${NOPE}" }
        [services.b]
        comand = "true"
        stop = { signal = "SIGX" }
        """
    places = [complaint.split(": ", 2)[:2] for complaint in complaints(tmp_path, text)]
    assert places == [
        ["b.toml:3", "services.x"],
        ["meshdev.toml:3", "services.a.replicas"],
        ["meshdev.toml:4", "services.a.working_dir"],
        ["meshdev.toml:5", "services.a.calls"],
        ["meshdev.toml:6", "services.a.environment.K"],
        ["meshdev.toml:8", "services.b"],
        ["meshdev.toml:9", "services.b.stop.signal"],
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that isn't there says how to get one."""
    with pytest.raises(TopologyError) as caught:
        load(tmp_path / "meshdev.toml", environ=PATH)
    assert str(caught.value) == "meshdev.toml: no such file\n  `meshdev init` writes a first one"
    assert caught.value.exit_code == 2


def test_no_file_above(tmp_path: Path) -> None:
    """Looking upwards finds the nearest file, or says what to do."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(TopologyError, match=r"there is no meshdev\.toml in .* or above") as caught:
        find_file(inner)
    assert caught.value.hint == "`meshdev init` writes a first one, `-f FILE` names another"
    file = write(tmp_path, "")
    assert find_file(inner) == file


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """The line of the first byte that isn't UTF-8 is told."""
    (tmp_path / "meshdev.toml").write_bytes(b"[system]\nname = '\xff'\n")
    with pytest.raises(TopologyError) as caught:
        load(tmp_path / "meshdev.toml", environ=PATH)
    assert str(caught.value) == "meshdev.toml:2: not UTF-8 text\n  save the file as UTF-8"


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    """A folder means the file in it."""
    write(tmp_path, A)
    assert list(load(tmp_path, environ=PATH).services) == ["a"]


def test_the_included_files_tie_a_knot(tmp_path: Path) -> None:
    """Files that include each other are told with the whole chain."""
    write(tmp_path, 'include = ["../meshdev.toml"]\n', "team/meshdev.toml")
    assert complaints(tmp_path, 'include = ["team/meshdev.toml"]\n') == [
        "team/meshdev.toml:1: files include each other: meshdev.toml -> team/meshdev.toml -> meshdev.toml"
    ]


def test_a_name_used_twice(tmp_path: Path) -> None:
    """Names are unique over all files, and both places are told."""
    write(tmp_path, A, "team/meshdev.toml")
    (complaint,) = complaints(tmp_path, f'include = ["team/meshdev.toml"]\n{A}')
    assert complaint.split("\n  ") == [
        "team/meshdev.toml:1: services.a is already defined at meshdev.toml:2",
        "names are unique over all included files",
    ]


def test_faults_of_dotenv_files(tmp_path: Path) -> None:
    """What is wrong in .env and in an env_file is told with the file and line there."""
    write(tmp_path, "OK=1\nX=${NOPE}\n", ".env")
    write(tmp_path, "?\n", "a.env")
    assert complaints(tmp_path, A + 'env_file = "a.env"\n') == [
        ".env:2: variable NOPE is not set\n  set it in .env or the shell, or write ${NOPE:-default}",
        'a.env:1: found "?", accepted: NAME=value (letters, digits and _ in the name)',
    ]


def test_what_a_profile_leaves_out(tmp_path: Path) -> None:
    """Waiting for a service that the profiles leave out is a problem that names them."""
    text = A + 'depends_on = ["b"]\n[services.b]\ncommand = "true"\nprofiles = ["extra"]\n'
    (complaint,) = complaints(tmp_path, text)
    assert complaint.split("\n  ") == [
        'meshdev.toml:3: services.a.depends_on: "b" is left out (profiles: extra)',
        "choose one of them (-p), or { b = { required = false } }",
    ]
    assert list(loaded(tmp_path, text, profiles=["extra"]).services) == ["a", "b"]


def test_an_unknown_profile(tmp_path: Path) -> None:
    """A profile that no file knows is refused with the nearest that is known."""
    text = A + 'profiles = ["local"]\n'
    assert complaints(tmp_path, text, profiles=["locale"]) == [
        'meshdev.toml: there is no profile "locale"\n  did you mean "local"?'
    ]
