"""All faults of instances that can be had, by kind."""

from collections.abc import Mapping

from meshdev.daemon.faults.instances.affliction import Affliction
from meshdev.daemon.faults.instances.clock_skew import ClockSkew
from meshdev.daemon.faults.instances.cpu import Cpu
from meshdev.daemon.faults.instances.crash_loop import CrashLoop
from meshdev.daemon.faults.instances.fd_exhaustion import FdExhaustion
from meshdev.daemon.faults.instances.kill import Kill
from meshdev.daemon.faults.instances.memory import Memory
from meshdev.daemon.faults.instances.pause import Pause
from meshdev.daemon.faults.instances.slow_start import SlowStart
from meshdev.daemon.faults.instances.unready import Unready

AFFLICTIONS: Mapping[str, type[Affliction]] = {
    "kill": Kill,
    "pause": Pause,
    "cpu": Cpu,
    "memory": Memory,
    "fd-exhaustion": FdExhaustion,
    "crash-loop": CrashLoop,
    "slow-start": SlowStart,
    "clock-skew": ClockSkew,
    "unready": Unready,
}
