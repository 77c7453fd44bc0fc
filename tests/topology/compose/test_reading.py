"""Compose projects as systems, beyond what the corpus shows: several files, variables, whatever may be written."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshdev.errors import TopologyError
from meshdev.topology.compose import keys
from meshdev.topology.compose.reading import read_compose
from meshdev.topology.compose.writing import as_toml
from meshdev.topology.container import Container
from meshdev.topology.lint import lint
from meshdev.topology.load import load
from meshdev.topology.render import as_json, as_text
from support_compose import ENVIRON, bare, composed, imported, write_compose
from support_topology import CALM


def test_the_shell_wins_over_the_env_file(tmp_path: Path) -> None:
    """As in Compose: the environment, then .env, then the default."""
    text = "services: {a: {image: '${A:-x}:${B:-y}:${C:-z}'}}\n"
    made = composed(tmp_path, text, environ={"A": "shell"}, __env="A=file\nB=file\n").services["a"].run
    assert isinstance(made, Container)
    assert made.image == "shell:file:z"


def test_files_in_the_order_that_they_are_named(tmp_path: Path) -> None:
    """Later ones lie over earlier ones; paths start from the first one's folder."""
    first = write_compose(tmp_path / "a", "services: {a: {image: a, labels: {x: 1}}}\n")
    (tmp_path / "b").mkdir()
    second = tmp_path / "b" / "more.yml"
    second.write_text("services: {a: {labels: {x: 2}, volumes: ['./d:/d']}, b: {image: b}}\n", "utf-8")
    system = load(first, overrides=[second], environ=ENVIRON)
    run = system.services["a"].run
    assert isinstance(run, Container)
    assert ({"x": "2"}, str(tmp_path / "a" / "d")) == (run.labels, run.mounts[0].source)
    assert list(system.services) == ["a", "b"]
    assert (first, (second,), (first, second)) == (system.file, system.overrides, system.sources)


def test_profiles_that_are_asked_for(tmp_path: Path) -> None:
    """COMPOSE_PROFILES chooses when nobody else does, and several may be chosen."""
    text = "services: {a: {image: a, profiles: [one]}, b: {image: b, profiles: [two]}, c: {image: c}}\n"
    file = write_compose(tmp_path, text)
    environ = {**ENVIRON, "COMPOSE_PROFILES": "one, two"}
    assert list(load(file, environ=environ).services) == ["a", "b", "c"]
    assert list(load(file, environ=environ, profiles=["two"]).services) == ["b", "c"]
    assert list(load(file, environ=ENVIRON).services) == ["c"]


def test_the_name_of_the_project(tmp_path: Path) -> None:
    """COMPOSE_PROJECT_NAME, then the file's, then the folder's."""
    named, plain = "name: mine\nservices: {a: {image: a}}\n", "services: {a: {image: a}}\n"
    assert composed(tmp_path, named, environ={"COMPOSE_PROJECT_NAME": "theirs"}).name == "theirs"
    assert composed(tmp_path, named).name == "mine"
    assert tmp_path.name == composed(tmp_path, plain).name


def test_a_password_of_the_shell_stays_there(tmp_path: Path) -> None:
    """An import keeps the reference, and not what it stood for."""
    text = "services: {a: {image: a, environment: {P: 'x-${SECRET}', D: '${NOPE:-d}', E: $NOPE}}}\n"
    file = write_compose(tmp_path, text)
    made = as_toml(read_compose([file], environ={**ENVIRON, "SECRET": "hush"}, references=True))
    assert "hush" not in made
    assert 'environment = { P = "x-${SECRET}", D = "${NOPE:-d}", E = "${NOPE-}" }' in made


def test_evidence_is_shown_with_the_graph(tmp_path: Path) -> None:
    """Each edge that nobody wrote says why it is there."""
    text = (
        "services:\n  web:\n    image: x\n    environment: {DB: 'postgres://db'}\n  db: {image: postgres}\n"
    )
    system = composed(tmp_path, text)
    assert "  -> db  (inferred from environment DB, compose.yml:4)\n" in as_text(system)
    assert '"detail": "inferred from environment DB, compose.yml:4"' in as_json(system)


def test_notes_are_findings(tmp_path: Path) -> None:
    """What has no meaning is no problem, but `check` tells it."""
    system = composed(tmp_path, "version: '3'\nservices: {a: {image: a}}\n")
    assert [(it.code, it.where.line) for it in lint(system, environ=ENVIRON)] == [("no-meaning", 1)]


def test_every_key_of_the_specification_is_known() -> None:
    """Those of a service, by the specification of 2025."""
    wanted = """
    annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name
    cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec
    depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file
    environment expose external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation
    label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models
    network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop
    privileged profiles provider pull_policy pull_refresh_after read_only restart runtime scale secrets
    security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits
    use_api_socket user userns_mode uts volumes volumes_from working_dir
    """
    assert {*wanted.split(), "extends"} == keys.SERVICE.keys()


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """A list, a scalar, no UTF-8: a problem with its place."""
    for content, fault in (
        (b"- a\n", "compose.yml:1: a Compose file is a mapping"),
        (b"5\n", "compose.yml:1: a Compose file is a mapping"),
        (b"a: \xff\n", "compose.yml:1: not UTF-8 text"),
    ):
        file = tmp_path / "compose.yml"
        file.write_bytes(content)
        with pytest.raises(TopologyError) as caught:
            load(file, environ=ENVIRON)
        assert str(caught.value.problems[0]).startswith(fault)
    with pytest.raises(TopologyError, match="no such file"):
        load(tmp_path / "nope.yml", environ=ENVIRON)


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70000),
    st.floats(0, 9),
    st.text("ab:/.-=$ {}1,", max_size=8),
    st.sampled_from(
        ["a", "b", "./x", "80:80", "1m", "10s", "db:5432", "service_healthy", "host", "NONE", "sync"]
    ),
)
_NAMES = sorted(
    {
        name
        for table in vars(keys).values()
        if isinstance(table, dict)
        for name in table
        if isinstance(name, str) and name.isidentifier()
    }
    | {"a", "b", "x-y"}
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
    max_leaves=10,
)
_SERVICES = st.dictionaries(st.sampled_from(["a", "b", "c.d"]), _VALUES, max_size=3)
_OF_A_SERVICE = st.fixed_dictionaries(
    {"image": st.just("x")},
    optional={key: _VALUES for key in keys.SERVICE if key != "image"},
)
_FILES = st.fixed_dictionaries(
    {},
    optional={
        "services": st.one_of(
            _SERVICES, st.dictionaries(st.sampled_from("ab"), _OF_A_SERVICE, max_size=2), _VALUES
        ),
        **dict.fromkeys(
            ("networks", "volumes", "secrets", "configs", "include", "name", "x-meshdev"), _VALUES
        ),
    },
)


@CALM
@given(_FILES)
def test_whatever_is_written(tmp_path: Path, tree: dict[str, Any]) -> None:
    """A system, or problems that each have a place; and a system is the same after an import."""
    file = write_compose(tmp_path, yaml.safe_dump(tree))
    try:
        system = load(file, environ=ENVIRON)
    except TopologyError as error:
        assert all(problem.where.file for problem in error.problems)  # noqa: PT017 -- what it says is the point
        return
    assert bare(system) == bare(imported([file]))
