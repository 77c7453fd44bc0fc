"""The table of transitions: every change of an incarnation's phase, in one place.

Rules
- A phase changes here and nowhere else: `transition` looks the pair up, and a pair that is not listed is a defect of
  ours, never of a user or a process (`TransitionError`).
- Phases say what the *run* does. What probes say is health, what the user wants is desired; neither is in the table,
  they only decide which cause is applied.
- `ADMIT` is the one cause that crosses incarnations: the next one takes its predecessor's place, and so begins where
  that one ended. Only a predecessor that is not live can be followed.
- The live phases are STARTING, RUNNING and STOPPING: from the moment a launch is commanded until nothing is left. They
  are left by a fact from outside (`Gone`, `LaunchFailed`), never by a wish alone: that is what keeps two incarnations
  from sharing a slot.
- STARTING lasts until the incarnation is ready, so it covers both "being launched" and "not answering yet". RUNNING
  was ready once; later answers of its probe only move health.
- A leader that has ended is STOPPING until its whole group is gone, whoever asked for the end.

::

            ADMIT           BUILD             LAUNCH             READY
  stopped ─────────► waiting ─────► building ───────► starting ────────► running
     ▲                │ ▲  └──────────────LAUNCH──────► │                  │
     │ CANCEL   BLOCK │ │ UNBLOCK                       │ STOP, EXIT       │ STOP, EXIT
     │                ▼ │                               ▼                  ▼
     ├─────────────── gave-up ◄───GIVE_UP───────────── stopping ◄──────────┘
     ├─────────────── backoff ◄───RETRY────────────────┤│
     ├─────────────── exited  ◄───COMPLETE─────────────┘│
     └───────────────────────────────END────────────────┘
"""

from collections.abc import Mapping
from enum import StrEnum

from meshdev.lifecycle.model import Phase


class Cause(StrEnum):
    """Why a phase changes."""

    ADMIT = "admit"  # a new incarnation takes the slot
    BLOCK = "block"  # what it depends on has failed
    UNBLOCK = "unblock"  # ... and may come back after all
    BUILD = "build"  # its build begins, or it waits for one that runs
    LAUNCH = "launch"  # the runner is told to start it
    READY = "ready"  # launched, and healthy for the first time
    STOP = "stop"  # asked to end: by a wish, or because it did not become ready
    EXIT = "exit"  # the leader ended
    END = "end"  # nothing is left, and nothing is wanted of it
    RETRY = "retry"  # nothing is left, another try follows after a delay
    COMPLETE = "complete"  # nothing is left, its policy asks for no other run
    GIVE_UP = "give-up"  # nothing is left, too many failures
    CANCEL = "cancel"  # no longer wanted, and nothing of it lives


LIVE = frozenset({Phase.STARTING, Phase.RUNNING, Phase.STOPPING})
IDLE = frozenset({Phase.BACKOFF, Phase.EXITED, Phase.GAVE_UP})

TABLE: Mapping[Phase, Mapping[Cause, Phase]] = {
    Phase.STOPPED: {
        Cause.ADMIT: Phase.WAITING,
    },
    Phase.WAITING: {
        Cause.BLOCK: Phase.GAVE_UP,
        Cause.BUILD: Phase.BUILDING,
        Cause.LAUNCH: Phase.STARTING,
        Cause.CANCEL: Phase.STOPPED,
    },
    Phase.BUILDING: {
        Cause.LAUNCH: Phase.STARTING,
        Cause.GIVE_UP: Phase.GAVE_UP,
        Cause.CANCEL: Phase.STOPPED,
    },
    Phase.STARTING: {
        Cause.READY: Phase.RUNNING,
        Cause.STOP: Phase.STOPPING,
        Cause.EXIT: Phase.STOPPING,
        # It could not be launched at all:
        Cause.END: Phase.STOPPED,
        Cause.RETRY: Phase.BACKOFF,
        Cause.COMPLETE: Phase.EXITED,
        Cause.GIVE_UP: Phase.GAVE_UP,
    },
    Phase.RUNNING: {
        Cause.STOP: Phase.STOPPING,
        Cause.EXIT: Phase.STOPPING,
    },
    Phase.STOPPING: {
        Cause.END: Phase.STOPPED,
        Cause.RETRY: Phase.BACKOFF,
        Cause.COMPLETE: Phase.EXITED,
        Cause.GIVE_UP: Phase.GAVE_UP,
    },
    Phase.BACKOFF: {
        Cause.ADMIT: Phase.WAITING,
        Cause.CANCEL: Phase.STOPPED,
    },
    Phase.EXITED: {
        Cause.ADMIT: Phase.WAITING,
        Cause.CANCEL: Phase.STOPPED,
    },
    Phase.GAVE_UP: {
        Cause.ADMIT: Phase.WAITING,
        Cause.UNBLOCK: Phase.WAITING,
        Cause.CANCEL: Phase.STOPPED,
    },
}


class TransitionError(RuntimeError):
    """A transition that the table lacks: a defect of ours."""

    def __init__(self, phase: Phase, cause: Cause, what: object = "") -> None:
        super().__init__(f"no transition from {phase} by {cause}: {what}")
        self.phase = phase
        self.cause = cause


def transition(phase: Phase, cause: Cause, what: object = "") -> Phase:
    """The phase that follows; ``what`` names the incarnation in the error. Raises TransitionError."""
    try:
        return TABLE[phase][cause]
    except KeyError:
        raise TransitionError(phase, cause, what) from None
