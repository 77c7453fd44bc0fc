"""The labels by which everything that we make in an engine is found again. Light on purpose."""

from collections.abc import Mapping

from meshdev.lifecycle.model import Incarnation

PROJECT = "dev.meshdev.project"
RUN = "dev.meshdev.run"
SERVICE = "dev.meshdev.service"
SLOT = "dev.meshdev.slot"
GENERATION = "dev.meshdev.generation"


def of_run(project: str, run_id: str) -> dict[str, str]:
    """What networks bear."""
    return {PROJECT: project, RUN: run_id}


def of_instance(project: str, run_id: str, ref: Incarnation) -> dict[str, str]:
    """What a container bears."""
    return {
        **of_run(project, run_id),
        SERVICE: ref.service,
        SLOT: str(ref.slot),
        GENERATION: str(ref.generation),
    }


def incarnation(labels: Mapping[str, str]) -> Incarnation | None:
    """Whose container this is; None when it is not one of ours."""
    try:
        return Incarnation(labels[SERVICE], int(labels[SLOT]), int(labels[GENERATION]))
    except (KeyError, ValueError):
        return None
