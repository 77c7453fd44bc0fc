"""Experiments in the format of Chaos Toolkit: run by it, where it is installed, and told with our exit codes."""

import json
import logging
from pathlib import Path
from typing import Any

import click

from meshdev.errors import UsageError

HELD, DEVIATED, NO_GATE, FAILED, INTERRUPTED = 0, 1, 5, 6, 130
_INSTALL = "pip install 'meshdev[chaostoolkit]'"


def run_file(file: Path, *, project_file: Path, as_json: bool, quiet: bool) -> int:
    """Run the experiment of ``file`` on the system of ``project_file``; the exit code. Raises UsageError."""
    try:
        from chaoslib.exceptions import ChaosException
        from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
    except ImportError:
        raise UsageError(
            f"{file} is an experiment of Chaos Toolkit, which is not installed", hint=_INSTALL
        ) from None
    experiment = _read(file)
    experiment["configuration"] = {"meshdev_file": str(project_file), **experiment.get("configuration", {})}
    _log(quiet=quiet)
    try:
        ensure_experiment_is_valid(experiment)
        journal = run_experiment(experiment)
    except ChaosException as error:
        raise UsageError(f"{file}: {error}", hint="`chaos validate` tells more") from None
    click.echo(json.dumps(journal, indent=2, default=str) if as_json else "\n".join(lines(journal)))
    return exit_code(journal)


def exit_code(journal: dict[str, Any]) -> int:
    """What the journal of a run comes to; see `cli.chaos`."""
    before = (journal.get("steady_states") or {}).get("before") or {}
    activities = [*(journal.get("run") or ()), *(journal.get("rollbacks") or ())]
    if journal.get("status") == "interrupted":
        return INTERRUPTED
    if before and not before.get("steady_state_met"):
        return NO_GATE
    if journal.get("deviated"):
        return DEVIATED
    failed = any(activity.get("status") == "failed" for activity in activities)
    return FAILED if failed or journal.get("status") != "completed" else HELD


def lines(journal: dict[str, Any]) -> list[str]:
    """The journal for people: each activity with what it came to, then the verdict."""
    verdicts = {
        HELD: "the hypothesis held",
        DEVIATED: "the system deviated from its steady state",
        NO_GATE: "the steady state did not hold before, so nothing was done",
        FAILED: "something could not be done",
        INTERRUPTED: "interrupted",
    }
    title = journal.get("experiment", {}).get("title", "")
    told = [title]
    for activity in [*(journal.get("run") or ()), *(journal.get("rollbacks") or ())]:
        name = activity.get("activity", {}).get("name", "")
        why = (activity.get("exception") or [""])[-1]
        told.append(f"  {activity.get('status', ''):<10} {name}{f': {why.strip()}' if why else ''}")
    return [*told, verdicts[exit_code(journal)]]


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file}: no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{file}: an experiment is an object", hint='{"title": …, "method": […]}')
    return found


def _log(*, quiet: bool) -> None:
    """Chaos Toolkit tells its progress by a logger; it belongs on standard error."""
    logger = logging.getLogger("chaostoolkit")
    if not quiet and not logger.handlers:
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)
