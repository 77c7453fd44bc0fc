"""What can happen to an instance: declared here like every fault, done by the daemon, which owns the processes."""

from meshdev.traffic.faults.kinds import FaultKind, Layer, Parameter, Unit


def _kind(name: str, doc: str, *parameters: Parameter, main: str = "") -> FaultKind:
    main = main or (parameters[0].name if parameters else "")
    return FaultKind(name, Layer.INSTANCE, doc, parameters, main=main, directed=False)


INSTANCE_FAULTS = (
    _kind(
        "kill",
        "an instance is killed",
        Parameter("signal", Unit.TEXT, "by which signal", default="SIGKILL"),
        Parameter("instances", Unit.COUNT, "how many of the service's; 0 is all", default=1),
        main="signal",
    ),
    _kind("pause", "instances stand still (SIGSTOP) and go on when the fault ends"),
    _kind(
        "cpu",
        "programs beside each instance burn CPU, within its limits",
        Parameter("load", Unit.SHARE, "of each core", default=1.0, ramps=True),
        Parameter("cores", Unit.COUNT, "how many; 0 is all that the instance may use", default=0),
    ),
    _kind(
        "memory",
        "a program beside each instance takes memory, within its limits",
        Parameter("size", Unit.SIZE, "how much", required=True, ramps=True),
    ),
    _kind(
        "fd-exhaustion",
        "instances may open no further files or connections",
        Parameter("limit", Unit.COUNT, "how many it may have open", default=16),
    ),
    _kind(
        "crash-loop",
        "the instance is killed again and again",
        Parameter("every", Unit.DURATION, "time from its start to its end", default=2.0, least=0.1),
    ),
    _kind(
        "slow-start",
        "an instance that starts waits before its program runs",
        Parameter("delay", Unit.DURATION, "how long", required=True),
    ),
    _kind(
        "clock-skew",
        "instances see another time (needs libfaketime; they restart at its beginning and end)",
        Parameter("offset", Unit.TEXT, 'by how much: "+1h", "-5m"', required=True),
    ),
    _kind("unready", "the service counts as not ready, whatever its probes say, and gets no traffic"),
)
