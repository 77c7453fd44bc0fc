"""What we make of Compose files beside what Docker Compose itself makes of them (`docker-compose config`).

The peer is Debian's docker-compose, version 1.29: it knows neither include, develop nor the tags of merging, and writes
its answer in an older form. So only those of the corpus that it can read are compared, in what both of them say.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshdev.topology.compose.nodes import plain
from meshdev.topology.compose.project import read_project
from meshdev.topology.load import load
from support_compose import CORPUS, ENVIRON, laid_out

COMPOSE = shutil.which("docker-compose")

ALSO_READ = ("anchors", "environment-list", "expose", "links", "logging", "override", "stop", "tmpfs")


@pytest.fixture(scope="module")
def compose() -> str:
    """The peer; CI must have it."""
    if COMPOSE is None:
        message = "docker-compose is not installed (apt-get install docker-compose)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return COMPOSE


def theirs(compose: str, files: tuple[Path, ...]) -> dict[str, Any]:
    """The project as the peer has it."""
    named = [word for file in files for word in ("-f", str(file))]
    done = subprocess.run(
        [compose, *named, "config"],
        cwd=files[0].parent,
        env={**ENVIRON, "PATH": os.environ["PATH"], "HOME": str(files[0].parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    tree: dict[str, Any] = yaml.safe_load(done.stdout)
    return tree


CASES = {
    "merge": """
services:
  a:
    image: "x:${TAG:-1}"
    environment: {A: 1, B: "${SET}", C: "${NOPE:-d}", D: "$$x", FROM_OUTSIDE: }
    labels: [a=b, c]
    command: echo "a b" c
    entrypoint: [sh, -c]
    ports: ["8080:80", "127.0.0.1:9000:90/udp", "3000"]
    volumes: ["./src:/src:ro", "data:/data", "/anonymous"]
    depends_on: [b]
    dns: 1.1.1.1
    tmpfs: [/run]
    cap_add: [A, B]
    networks: {front: {aliases: [x]}}
    ulimits: {nofile: 5, nproc: {soft: 1, hard: 2}}
    stop_grace_period: 1m30s
    extra_hosts: ["h:1.2.3.4"]
    healthcheck: {test: curl localhost, interval: 1m, retries: 2}
  b: {image: y, restart: always}
networks: {front: {internal: true}}
volumes: {data: {driver: local}}
""",
    "env-file": """
services:
  a: {image: x, env_file: a.env, environment: {B: mine}}
""",
    "extends": """
services:
  a: {extends: {service: b}, environment: {A: 2}, labels: {x: y}}
  b: {image: b, environment: {A: 1, B: 1}, command: [run]}
""",
}
OVERRIDES = {
    "merge": """
services:
  a:
    environment: [B=2, E=5]
    labels: {c: d}
    command: [x]
    ports: ["8081:81", "8080:80"]
    volumes: ["./other:/src", "logs:/logs"]
    dns: [8.8.8.8]
    tmpfs: /tmp
    cap_add: [B, C]
    networks: {back: {}}
    healthcheck: {retries: 5}
    extra_hosts: {h: 5.6.7.8}
networks: {back: {}}
volumes: {logs: {}}
"""
}
FILES = {"env-file": {"a.env": 'A=1\nB=theirs\nQUOTED="x y"\n# no\nexport E=e\n'}}


@pytest.mark.parametrize("name", CASES)
def test_the_same_as_docker_compose(name: str, compose: str, tmp_path: Path) -> None:
    """Variables, short forms, extends and merging give what the peer gives."""
    files = []
    for file, texts in (("compose.yml", CASES), ("compose.override.yml", OVERRIDES)):
        if name in texts:
            (tmp_path / file).write_text('version: "3.9"\n' + texts[name], "utf-8")
            files.append(tmp_path / file)
    (tmp_path / ".env").write_text("SET=yes\n", "utf-8")
    for file, text in FILES.get(name, {}).items():
        (tmp_path / file).write_text(text, "utf-8")
    expected = theirs(compose, tuple(files))["services"]
    project = read_project(files, environ=ENVIRON)
    assert project.report.problems == []
    ours = plain(project.tree)["services"]
    assert expected.keys() == ours.keys()
    system = load(files[0], overrides=files[1:], environ=ENVIRON)
    for service, keys in expected.items():
        if "env_file" in ours[service]:  # the peer puts the variables of files into the environment
            ours[service]["environment"] = system.services[service].environment
        assert {key: THEIRS.get(key, _same)(value) for key, value in keys.items()} == {
            key: OURS.get(key, _same)(ours[service].get(key)) for key in keys
        }


@pytest.mark.parametrize("name", ALSO_READ)
def test_what_it_reads_we_read(name: str, compose: str, tmp_path: Path) -> None:
    """A file of the corpus that the peer takes has the same services here."""
    case = next(case for case in CORPUS.iterdir() if case.stem == name)
    files = laid_out(case, tmp_path)
    expected = theirs(compose, files)["services"]
    assert expected.keys() == plain(read_project(files, environ=ENVIRON).tree)["services"].keys()


def _same(value: Any) -> Any:
    return value


def _listed(value: Any) -> list[str]:
    return sorted(value)


def _scalar(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def _their_variables(value: Any) -> dict[str, str | None]:
    return {name: None if item is None else _scalar(item) for name, item in value.items()}


def _our_variables(value: Any) -> dict[str, str | None]:
    return {
        name: ENVIRON.get(name) if item is None else _scalar(item).replace("$", "$$")
        for name, item in value.items()
    }


def _our_labels(value: Any) -> dict[str, str]:
    return {name: "" if item is None else _scalar(item) for name, item in value.items()}


def _health(value: Any) -> dict[str, Any]:
    return {name: _test(item) if name == "test" else str(item) for name, item in value.items()}


def _test(item: Any) -> Any:
    return ["CMD-SHELL", item] if isinstance(item, str) else item


def _ports(value: Any) -> list[str]:
    return sorted(map(_port, value))


def _port(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    host = f"{item['host_ip']}:" if item.get("host_ip") else ""
    published = f"{item['published']}:" if item.get("published") else ""
    return f"{host}{published}{item['target']}/{item.get('protocol') or 'tcp'}"


def _mounts(value: Any) -> list[str]:
    return sorted(map(_mount, value))


def _mount(item: Any) -> str:
    if isinstance(item, dict):
        source = f"{item['source']}:" if item.get("source") else ""
        return f"{source}{item['target']}:{'ro' if item.get('read_only') else 'rw'}"
    return f"{item}:rw" if len(str(item).split(":")) < 3 else str(item)


def _argv(value: Any) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


def _their_hosts(value: Any) -> list[str]:
    return (
        sorted(f"{name}:{address}" for name, address in value.items())
        if isinstance(value, dict)
        else sorted(value)
    )


def _our_hosts(value: Any) -> list[str]:
    pairs = [item.replace("=", ":").split(":", 1) for item in value]
    return sorted(f"{name}:{address}" for name, address in dict(pairs).items())


def _limits(value: Any) -> dict[str, Any]:
    return {name: it["soft"] if it["soft"] == it["hard"] else it for name, it in value.items()}


_BOTH: dict[str, Callable[[Any], Any]] = {
    "depends_on": _listed,
    "networks": _listed,
    "cap_add": _listed,
    "dns": _listed,
    "tmpfs": _listed,
    "ports": _ports,
    "volumes": _mounts,
    "healthcheck": _health,
}
THEIRS = {**_BOTH, "environment": _their_variables, "labels": _their_variables, "extra_hosts": _their_hosts}
OURS = {
    **_BOTH,
    "environment": _our_variables,
    "labels": _our_labels,
    "command": _argv,
    "entrypoint": _argv,
    "extra_hosts": _our_hosts,
    "ulimits": _limits,
}
