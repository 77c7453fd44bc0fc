"""How processes find others: `names`, its default, and what follows from a network of one's own."""

from pathlib import Path

from meshdev.topology.diff import Action, diff
from meshdev.topology.lint import lint
from meshdev.topology.model import Names, PublishedPort, ReloadStrategy
from support_topology import PATH, complaints, loaded

POD = """
[services.a]
command = "true"
names = "pod"
port = 8080
ports = ["8080:8080"]
replicas = 2
"""


def test_a_process_says_how_it_finds_others(tmp_path: Path) -> None:
    """By itself, or by the system's default; without either by its environment."""
    text = '[services.a]\ncommand = "true"\n{}\n[services.b]\ncommand = "true"\nnames = "pod"\n'
    plain = loaded(tmp_path, text.format("")).services
    default = loaded(tmp_path, '[system]\nnames = "hosts"\n' + text.format("")).services

    assert [node.names for node in plain.values()] == [Names.ENV, Names.POD]
    assert [node.names for node in default.values()] == [Names.HOSTS, Names.POD]


def test_others_have_their_own_way(tmp_path: Path) -> None:
    """Containers know names anyway, and what runs elsewhere looks for nobody."""
    text = '[system]\nnames = "pod"\n[services.a]\nimage = "x"\n[services.b]\nurl = "http://b.example"\n'
    assert {node.names for node in loaded(tmp_path, text).services.values()} == {Names.ENV}


def test_another_word(tmp_path: Path) -> None:
    """Said with what is accepted."""
    told = complaints(tmp_path, '[services.a]\ncommand = "true"\nnames = "host"\n')
    assert told == [
        (
            'meshdev.toml:3: services.a.names: found "host" (string), accepted: "env" | "hosts" | "pod"\n'
            '  did you mean "hosts"?'
        )
    ]


def test_ports_in_a_pod_are_its_own(tmp_path: Path) -> None:
    """Several can have one port, one service can have several instances on it, and its reload rolls."""
    system = loaded(
        tmp_path, POD + POD.replace("[services.a]", "[services.b]").replace('["8080:8080"]', "[]")
    )
    first = system.services["a"]

    assert first.replicas == 2
    assert first.reload is ReloadStrategy.ROLLING
    assert first.ports == (PublishedPort(8080, "http"),)


def test_another_way_to_find_others_is_another_start(tmp_path: Path) -> None:
    """A running process cannot be moved."""
    one = loaded(tmp_path, '[services.a]\ncommand = "true"\n')
    two = loaded(tmp_path, '[services.a]\ncommand = "true"\nnames = "hosts"\n')

    assert [(change.action, change.reason) for change in diff(one, two)] == [(Action.RESTART, "names")]


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    """Code and hint of what lint says of names."""
    codes = {"shared-port", "out-of-reach"}
    all_of_them = lint(loaded(folder, text), environ=PATH)
    return [(finding.code, finding.hint) for finding in all_of_them if finding.code in codes]


def test_a_name_and_its_program_on_one_port(tmp_path: Path) -> None:
    """By hosts, a program that listens on all addresses takes the port where its name is looked for."""
    text = """
    [services.a]
    command = "true"
    names = "hosts"
    calls = ["b", "c"]
    uses = ["databases.d"]
    [services.b]
    command = "true"
    port = 8080
    [services.c]
    command = "true"
    [databases.d]
    engine = "redis"
    command = "true"
    port = 6379
    """
    assert found(tmp_path, text) == [("shared-port", 'names = "pod" for b gives it a network of its own')]
    assert found(tmp_path, text.replace("port = 8080", 'port = 8080\nnames = "pod"')) == []


def test_what_a_pod_cannot_reach(tmp_path: Path) -> None:
    """Only what meshdev can lead an edge to."""
    text = """
    [services.a]
    command = "true"
    names = "pod"
    uses = ["databases.d"]
    calls = ["e"]
    [services.e]
    url = "https://e.example"
    [databases.d]
    engine = "postgres"
    url = "postgres://db.example/x"
    """
    assert [code for code, _ in found(tmp_path, text)] == ["out-of-reach"]
    assert found(tmp_path, text.replace('"pod"', '"hosts"')) == []
