"""Applying another topology."""

from dataclasses import replace
from typing import Any

from meshdev.lifecycle.model import (
    Applied,
    Build,
    Built,
    Command,
    Gone,
    Kill,
    Launched,
    Phase,
    Probed,
    ReloadWanted,
    ScaleWanted,
    StartWanted,
    StopWanted,
)
from meshdev.topology.container import Container, ImageBuild
from meshdev.topology.model import Process, ReloadStrategy, Service, StartMode, Stop
from support_lifecycle import HTTP, Play, after, launch, ref, route, service, system, term

ONE = ref("orders", 1)


def applied(*services: Service) -> Applied:
    """A topology of these services comes into force."""
    return Applied(system(*services))


def orders(**fields: Any) -> Service:
    """The service that changes."""
    return service("orders", **fields)


def test_the_same_changes_nothing() -> None:
    """However often it is applied."""
    play = Play(orders()).up()
    play << applied(orders()) >> []


def test_new_services_start_with_a_system_that_is_wanted_as_a_whole() -> None:
    """Unless they start on demand."""
    play = Play(orders()).up()
    play << applied(orders(), service("new"), service("rare", start=StartMode.ON_DEMAND)) >> [launch("new")]


def test_new_services_wait_when_only_some_are_wanted() -> None:
    """The user named what they want."""
    play = Play(orders()).up("orders")
    play << applied(orders(), service("new")) >> []
    assert play.phase("new") is Phase.STOPPED


def test_what_is_down_stays_down() -> None:
    """Its next start has the new values."""
    play = Play(orders())
    play << applied(orders(run=Process(("other",)))) >> []


def test_new_needs_of_what_is_up_come_up() -> None:
    """But not what was needed before and was stopped by the user."""
    play = Play(service("db"), service("cache"), orders(depends_on=(after("db"),))).up("orders")
    play.quietly(StopWanted(frozenset({"db"})), Gone(ref("db")))
    more = orders(depends_on=(after("db"), after("cache")))
    play << applied(service("db"), service("cache"), more) >> [launch("cache")]


def test_a_policy_takes_force_at_once() -> None:
    """The grace of the next stop; but the probe goes on as it is."""
    play = Play(orders()).up()
    play << applied(orders(stop=Stop(grace=1.0), healthcheck=HTTP)) >> []
    play << Probed(ONE, ok=False) >> []
    play << StopWanted(frozenset({"orders"})) >> [route("orders"), term(ONE)]
    play.wait(1) >> [Kill(ONE)]


def test_the_number_in_the_file_counts_only_when_it_changes() -> None:
    """Otherwise what the user asked for stays."""
    play = Play(orders()).up().quietly(ScaleWanted("orders", 2))
    play << applied(orders(description="same number")) >> []
    assert play["orders"].replicas == 2
    play << applied(orders(description="same number", replicas=3)) >> [launch("orders", 3, slot=2)]


def test_followers_are_restarted() -> None:
    """As after any restart that was asked for."""
    play = Play(orders(), service("web", depends_on=(after("orders", restart=True),))).up()
    changed = orders(run=Process(("other",)))
    play << applied(changed, service("web", depends_on=(after("orders", restart=True),)))
    assert {route("orders"), route("web"), term(ONE), term(ref("web"))} == set(play.commands)


class TestRemoved:
    """Services that leave the topology."""

    def test_forgotten_when_nothing_of_it_lives(self) -> None:
        """It is told as a change; its name is unknown from then on."""
        play = Play(orders(), service("web")).up()
        play << applied(service("web")) >> [route("orders"), term(ONE)]
        assert play.phase("orders") is Phase.STOPPING
        assert play.quietly(StartWanted(frozenset({"orders"}))).notice == "there is no service 'orders'"
        play.core.changed()
        play.quietly(Gone(ONE))
        assert play.core.changed() == frozenset({"orders"})
        assert set(play.core.state.services) == {"web"}
        assert play.core.why("orders") == (("orders", "is not part of the system"),)

    def test_one_that_never_ran_is_gone_at_once(self) -> None:
        """And told, even if it came and went between two looks."""
        play = Play(orders(), service("web"))
        play.quietly(applied(orders()))
        assert set(play.core.state.services) == {"orders"}
        play.core.changed()
        play.quietly(applied(orders(), service("brief")), applied(orders()))
        assert play.core.changed() == frozenset()

    def test_one_in_backoff_is_gone_at_once(self) -> None:
        """Nothing of it lives, and nothing is to come."""
        play = Play(orders(), service("web")).up()
        play.ends(ONE, 1)
        play << applied(service("web")) >> []
        assert (set(play.core.state.services), play.core.next_deadline()) == ({"web"}, None)

    def test_one_that_is_still_needed_is_not_revived(self) -> None:
        """The loader refuses such a file; the core says what is wrong."""
        play = Play(service("db"), orders(depends_on=(after("db"),))).up("db")
        play.quietly(applied(orders(depends_on=(after("db"),))), StartWanted(frozenset({"orders"})))
        assert play.why("orders") == "waiting for db to be healthy (it is stopped)"
        play << Gone(ref("db")) >> []
        assert set(play.core.state.services) == {"orders"}
        assert play.why("orders") == "cannot start because of db: there is no such service"

    def test_generations_go_on_when_it_comes_back(self) -> None:
        """So that a late fact of the old one can't touch the new one."""
        play = Play(orders(), service("web")).up()
        play.quietly(applied(service("web")), Gone(ONE))
        play << applied(orders(), service("web")) >> [launch("orders", 2)]
        play << Gone(ONE) >> []

    def test_one_that_comes_back_before_it_was_down(self) -> None:
        """Is started anew when it is."""
        play = Play(orders(), service("web")).up().quietly(applied(service("web")))
        play << applied(orders(), service("web")) >> []
        play << Gone(ONE) >> [launch("orders", 2)]

    def test_a_build_of_it_is_waited_for(self) -> None:
        """Or its end would be taken for that of a later one."""
        built = orders(run=Container(build=None, image="x"))
        built = replace(built, run=Container(build=ImageBuild(built.working_dir)))
        play = Play(built, service("web"))
        play << StartWanted(frozenset({"orders"})) >> [Build("orders")]
        play.quietly(applied(service("web")))
        assert "orders" in play.core.state.services
        play.quietly(Built("orders", ok=True))
        assert "orders" not in play.core.state.services

    def test_a_suspension_goes_with_it(self) -> None:
        """Nothing is left on the agenda."""
        play = Play(orders()).up().quietly(*[ReloadWanted("orders")] * 10)
        play.quietly(applied(service("web")))
        for generation in range(1, 4):
            play.quietly(Gone(ref("orders", generation)))
        expected: list[Command] = []
        play.quietly(Launched(ref("web"), 1)).wait(100) >> expected
        assert play.core.next_deadline() is None


OTHER = Process(("other",))


def test_who_is_rolling_is_followed_whatever_its_strategy() -> None:
    """Beside the run in charge: it goes on until the new one is ready."""
    before = orders(reload=ReloadStrategy.REPLACE)
    play = Play(before).up()
    swapped = Applied(system(orders(run=OTHER, reload=ReloadStrategy.REPLACE)), rolling=frozenset({"orders"}))
    play << swapped >> [launch("orders", 2)]
    assert play.phase("orders") is Phase.RUNNING


def test_who_is_rolling_and_down_stays_down() -> None:
    """The next start is another."""
    play = Play(orders())
    play << Applied(system(orders(run=OTHER)), rolling=frozenset({"orders"})) >> []
    assert play.phase("orders") is Phase.STOPPED


def test_who_is_kept_goes_on() -> None:
    """Only its next run is another; nothing is reloaded."""
    play = Play(orders()).up()
    play << Applied(system(orders(run=OTHER)), kept=frozenset({"orders"})) >> []
    assert play.phase("orders") is Phase.RUNNING
