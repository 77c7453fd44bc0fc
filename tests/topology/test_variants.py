"""The same service as another profile has it: how it runs is taken from there, the rest stays."""

from pathlib import Path

import pytest

from meshdev.errors import TopologyError
from meshdev.topology.container import Container
from meshdev.topology.load import load
from meshdev.topology.model import Process
from meshdev.topology.variants import variant

TOML = """
[services.web]
command = "true"
calls = ["api"]
replicas = 3
environment = { WHERE = "here" }
[services.api]
image = "api"
[databases.books]
command = "true"
protocol = "postgres"

[profiles.other.services.web]
calls = ["api", "books"]
[profiles.boxed.services.web]
image = "web"
replicas = 1
environment = { WHERE = "there" }
[profiles.later.services.web]
image = "later"
[profiles.boxed.databases.books]
image = "postgres"
[profiles.bare.services.api]
command = "api"
"""


def test_the_first_profile_that_runs_it_so(tmp_path: Path) -> None:
    """Command, image and environment are of the profile; calls and replicas are what they were."""
    (tmp_path / "meshdev.toml").write_text(TOML)
    system = load(tmp_path, environ={})
    web = variant(system, "web", Container, environ={})
    assert web is not None
    assert isinstance(web.run, Container)
    assert (web.run.image, web.environment["WHERE"]) == ("web", "there")
    assert (web.calls, web.replicas) == (("api",), 3)
    api = variant(system, "api", Process, environ={})
    assert api is not None
    assert isinstance(api.run, Process)
    books = variant(system, "databases.books", Container, environ={})
    assert books is not None
    assert isinstance(books.run, Container)


def test_back_from_the_profile_that_is_active(tmp_path: Path) -> None:
    """Without any profile it is a process."""
    (tmp_path / "meshdev.toml").write_text(TOML)
    web = variant(load(tmp_path, profiles=["boxed"], environ={}), "web", Process, environ={})
    assert web is not None
    assert (web.environment["WHERE"], web.replicas) == ("here", 1)


def test_none_that_does(tmp_path: Path) -> None:
    """Nobody runs it so; in a Compose file there is one way only."""
    (tmp_path / "meshdev.toml").write_text('[services.web]\ncommand = "true"\n')
    assert variant(load(tmp_path, environ={}), "web", Container, environ={}) is None
    file = tmp_path / "compose.yml"
    file.write_text("services:\n  web: { image: web }\n")
    assert variant(load(file, environ={}), "web", Process, environ={}) is None


def test_a_profile_with_problems(tmp_path: Path) -> None:
    """What is wrong with the one that was meant is told."""
    boxed = '[profiles.boxed.services.web]\nimage = "${IMAGE}"\n'
    (tmp_path / "meshdev.toml").write_text(f'[services.web]\ncommand = "true"\n{boxed}')
    system = load(tmp_path, environ={})
    with pytest.raises(TopologyError, match="variable IMAGE is not set"):
        variant(system, "web", Container, environ={})
