"""Removing what a run, or any run of a project, has left in an engine: containers, networks, volumes if that is wanted.

Found by labels alone; nothing that does not bear the project's is touched. SIGTERM (or the container's own stop
signal) first, SIGKILL after the grace. Used by the guardian when the daemon has died, by a new daemon, and by `down`.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from meshdev.runners.container import labels
from meshdev.runners.container.bridges import let_go, release
from meshdev.runners.container.light import LightEngine, LightError, name_of
from meshdev.runners.container.subnets import bridge_name

_PAUSE = 0.05
_NETWORK_TRIES = 5


class Removed:
    """How much was removed, and what could not be (``trouble``)."""

    __slots__ = ("containers", "networks", "trouble", "volumes")

    def __init__(self) -> None:
        self.containers = 0
        self.networks = 0
        self.volumes = 0
        self.trouble = ""

    def __str__(self) -> str:
        parts = [
            f"{number} {what}{'' if number == 1 else 's'}"
            for number, what in (
                (self.containers, "container"),
                (self.networks, "network"),
                (self.volumes, "volume"),
            )
            if number
        ]
        return ", ".join(parts)


def remove_left(
    address: str,
    project: str,
    run_id: str = "",
    *,
    grace: float = 5.0,
    volumes: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Removed:
    """End and remove everything of ``project`` (of one run, if given). Never raises; see `Removed.trouble`."""
    engine = LightEngine(address)
    wanted = {labels.PROJECT: project} | ({labels.RUN: run_id} if run_id else {})
    done = Removed()
    try:
        for network in engine.labelled("networks", wanted):
            let_go(bridge_name(str(network.get("Name", ""))))
        _containers(engine, wanted, grace, sleep, done)
        _networks(engine, wanted, sleep, done)
        if volumes:
            for volume in engine.labelled("volumes", {labels.PROJECT: project}):
                engine.ask("DELETE", f"/volumes/{name_of(volume['Name'])}")
                done.volumes += 1
    except LightError as error:
        done.trouble = str(error)
    return done


def _containers(
    engine: LightEngine, wanted: dict[str, str], grace: float, sleep: Callable[[float], None], done: Removed
) -> None:
    found = engine.labelled("containers", wanted)
    for one in found:
        if one.get("State") in ("running", "paused"):
            with suppress(LightError):
                engine.ask("POST", f"/containers/{one['Id']}/kill", signal="SIGTERM")
            with suppress(LightError):
                engine.ask("POST", f"/containers/{one['Id']}/unpause")
    deadline = time.monotonic() + grace
    while found and time.monotonic() < deadline:
        if not any(
            one.get("State") in ("running", "paused") for one in engine.labelled("containers", wanted)
        ):
            break
        sleep(_PAUSE)
    for one in engine.labelled("containers", wanted):
        try:
            engine.ask("DELETE", f"/containers/{one['Id']}", force="1", v="1")
        except LightError as error:
            if error.status not in (404, 409):  # gone, or being removed already
                raise
        done.containers += 1


def _networks(
    engine: LightEngine, wanted: dict[str, str], sleep: Callable[[float], None], done: Removed
) -> None:
    for network in engine.labelled("networks", wanted):
        for attempt in range(_NETWORK_TRIES):
            try:
                engine.ask("DELETE", f"/networks/{network['Id']}")
            except LightError as error:
                if error.status == 404:  # noqa: PLR2004
                    break
                if attempt == _NETWORK_TRIES - 1:
                    raise
                sleep(_PAUSE)  # an endpoint is still being taken off
            else:
                done.networks += 1
                release(bridge_name(str(network.get("Name", ""))))
                break
