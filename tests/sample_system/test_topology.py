"""The shop's meshdev.toml loads under each of its profiles, and says what the shop's processes are in the tests."""

from pathlib import Path

import pytest

from meshdev.topology.load import load
from meshdev.topology.model import Process, System
from support_shop_processes import PARTS, ROOT

CROWD, NODE = "shoppers", "recommendations"


def shop(profile: str | None) -> System:
    """The loaded file."""
    environment = {"PATH": str(Path("/usr/bin"))}
    return load(ROOT / "meshdev.toml", profiles=None if profile is None else [profile], environ=environment)


@pytest.mark.parametrize(
    ("profile", "extras"),
    [(None, {CROWD}), ("local", {CROWD}), ("quiet", set()), ("polyglot", {CROWD, NODE})],
)
def test_every_profile_is_without_fault(profile: str | None, extras: set[str]) -> None:
    """Nothing to complain about, and exactly the services that the profile promises."""
    system = shop(profile)
    assert not system.warnings
    assert set(system.services) == {*PARTS, "brokers.events", *extras}
    assert ("recommendations" in system.services["storefront"].calls) is (NODE in extras)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_the_file_and_the_tests_mean_the_same_shop(name: str) -> None:
    """Same program, same edges, its own folder, its own database."""
    part, service = PARTS[name], shop("quiet").services[name]
    assert service.run == Process(("python", "-m", part.module))
    assert service.working_dir == ROOT / "sample_system" / "services" / name
    assert set(service.calls) == set(part.calls)
    assert ("brokers.events" in service.uses) is part.broker
    assert service.files == (() if name == "storefront" else (f"databases.{name}",))
    assert service.healthcheck is not None
    assert service.description
    assert service.team
