"""Profiles and included files: what goes over what, and where it stands."""

from pathlib import Path

from meshdev.topology.container import Container
from meshdev.topology.model import Condition, Process
from support_topology import complaints, loaded, write

TEXT = """
[system]
default_profile = "local"
[services.a]
command = "true"
environment = ["A=1", "B=2"]
depends_on = ["b"]
healthcheck = "/healthz"
limits = { memory = "1k", cpus = 1 }
[services.b]
command = "true"
[services.c]
command = "true"
profiles = ["local", "more"]
[services.d]
command = "true"
profiles = "more"
replicas = "${NOT_SET}"
[profiles.containers.services.a]
image = "x"
[profiles.more.services.a]
environment = { B = "3", C = "4" }
depends_on = { c = "healthy" }
healthcheck = { tcp = true }
limits.cpus = 2
"""


def test_the_default_profile(tmp_path: Path) -> None:
    """Without a choice the default profile is active; what names others is left out and never complains."""
    system = loaded(tmp_path, TEXT)
    assert system.profiles == ("local",)
    assert list(system.services) == ["a", "b", "c"]
    assert system.inactive == ("d",)


def test_no_profile_at_all(tmp_path: Path) -> None:
    """An empty choice is a choice."""
    assert list(loaded(tmp_path, TEXT, profiles=[]).services) == ["a", "b"]


def test_another_way_to_run(tmp_path: Path) -> None:
    """An overlay that says how to run takes the place of the way that was written."""
    run = loaded(tmp_path, TEXT, profiles=["containers"]).services["a"].run
    assert isinstance(run, Container)
    assert (run.image, run.command) == ("x", None)
    assert loaded(tmp_path, TEXT).services["a"].run == Process(("true",))


def test_an_overlay_key_by_key(tmp_path: Path) -> None:
    """Tables of names are merged, whichever form they have; other keys are replaced whole."""
    system = loaded(tmp_path, TEXT, profiles=["more"], environ={"NOT_SET": "2"})
    made = system.services["a"]
    assert made.environment == {"A": "1", "B": "3", "C": "4"}
    assert [(entry.target, entry.condition) for entry in made.depends_on] == [
        ("b", Condition.STARTED),
        ("c", Condition.HEALTHY),
    ]
    assert [entry.where.line for entry in made.depends_on if entry.where] == [6, 22]
    assert made.healthcheck is not None
    assert made.healthcheck.kind == "tcp"
    assert made.limits is not None
    assert (made.limits.memory, made.limits.cpus) == (1024, 2.0)
    assert system.services["d"].replicas == 2


def test_a_mistake_in_an_overlay_has_its_line(tmp_path: Path) -> None:
    """Active or not, an overlay is checked, and told where it stands."""
    text = '[services.a]\ncommand = "true"\n[profiles.p.services.a]\nreplicas = "x"\n'
    said = 'replicas: found "x" (string), accepted: whole number ≥ 0'
    assert complaints(tmp_path, text) == [f"meshdev.toml:4: profiles.p.services.a.{said}"]
    assert complaints(tmp_path, text, profiles=["p"]) == [f"meshdev.toml:4: services.a.{said}"]


def test_an_edge_to_who_is_left_out_is_left_out(tmp_path: Path) -> None:
    """A call of an inactive service is a warning, so a smaller system can run."""
    text = '[services.a]\ncommand = "true"\ncalls = ["b"]\n[services.b]\ncommand = "true"\nprofiles = ["x"]\n'
    system = loaded(tmp_path, text)
    assert system.services["a"].calls == ()
    assert [str(warning) for warning in system.warnings] == [
        'meshdev.toml:3: services.a.calls: "b" is left out (profiles: x)\n  this edge is left out too'
    ]
    assert loaded(tmp_path, text, profiles=["x"]).services["a"].calls == ("b",)


def test_included_files(tmp_path: Path) -> None:
    """Each team keeps its own file, with paths and variables of its own folder; edges go across."""
    write(tmp_path, "WHO=root\nONLY=root\n", ".env")
    write(tmp_path, "WHO=team\nTEAM=t\n", "team/.env")
    team = """
        include = ["inner/more.toml"]
        [system]
        name = "alone"
        [services.b]
        command = "true"
        working_dir = "src"
        environment = { WHO = "${WHO}", TEAM = "${TEAM}", ONLY = "${ONLY}" }
        [profiles.p.services.b]
        replicas = 2
        """
    (tmp_path / "team" / "src").mkdir(parents=True)
    write(tmp_path, team, "team/meshdev.toml")
    write(tmp_path, '[services.c]\ncommand = "true"\n', "team/inner/more.toml")
    text = """
        include = ["team/meshdev.toml", "team/inner/more.toml"]
        [system]
        name = "whole"
        [services.a]
        command = "true"
        calls = ["b", "c"]
        [profiles.p.services.a]
        replicas = 3
        """
    system = loaded(tmp_path, text, profiles=["p"])
    assert system.name == "whole"
    assert {name: node.working_dir for name, node in system.services.items()} == {
        "a": tmp_path,
        "b": tmp_path / "team" / "src",
        "c": tmp_path / "team" / "inner",
    }
    assert system.services["b"].environment == {"WHO": "root", "TEAM": "t", "ONLY": "root"}
    assert [system.services[name].replicas for name in "ab"] == [3, 2]
    assert [str(file.relative_to(tmp_path)) for file in system.sources] == [
        "meshdev.toml",
        "team/meshdev.toml",
        "team/inner/more.toml",
    ]


def test_the_head_of_an_included_file_is_checked_too(tmp_path: Path) -> None:
    """It counts for nothing, but a mistake in it would surprise who uses that file alone."""
    write(tmp_path, "[system]\nnam = 1\n", "b.toml")
    (complaint,) = complaints(tmp_path, 'include = "b.toml"\n')
    assert complaint == 'b.toml:2: system: unknown key "nam"\n  did you mean "name"?'


def test_what_has_no_shape(tmp_path: Path) -> None:
    """Parts that are no tables, in any file and any overlay, are told where they stand."""
    write(tmp_path, "services = 3\nprofiles = { p = { services = 3 } }\n", "b.toml")
    text = """
        include = "b.toml"
        services = 4
        [profiles.p]
        services = { a = 5 }
        databases = 6
        """
    assert complaints(tmp_path, text) == [
        "meshdev.toml:2: services: found 4 (whole number), accepted: a table",
        "meshdev.toml:4: profiles.p.services.a: found 5 (whole number), accepted: a table",
        "meshdev.toml:5: profiles.p.databases: found 6 (whole number), accepted: a table",
    ]
    good = '[services.a]\ncommand = "true"\n[profiles.p]\nservices = { a = 5 }\n'
    assert complaints(tmp_path, good, profiles=["p"]) == [
        "meshdev.toml:4: services.a: found 5 (whole number), accepted: a table"
    ]
    lists = '[services.a]\ncommand = "true"\ncalls = []\n[profiles.p.services.a]\ncalls = [5]\n'
    assert complaints(tmp_path, lists, profiles=["p"])[0].startswith(
        "meshdev.toml:5: services.a.calls: found an array"
    )


def test_one_overlay_in_two_files(tmp_path: Path) -> None:
    """A profile may be spread over files, but not one node's overlay."""
    write(tmp_path, "[profiles.p.services.a]\nreplicas = 1\n", "b.toml")
    text = 'include = "b.toml"\n[services.a]\ncommand = "true"\n[profiles.p.services.a]\nreplicas = 2\n'
    (complaint,) = complaints(tmp_path, text)
    assert complaint == "b.toml:1: profiles.p.services.a is already defined at meshdev.toml:4"
