"""``clock-skew``: instances see another time, by libfaketime; they restart when it begins and when it ends."""

from dataclasses import replace

from meshdev.daemon.faults.instances.affliction import Affliction
from meshdev.errors import UsageError
from meshdev.kernel.quantity import QuantityError, parse_duration
from meshdev.lifecycle.model import Incarnation
from meshdev.runners.faketime import find_library
from meshdev.runners.process import LaunchSpec
from meshdev.wire.faults import FaultSpec


class ClockSkew(Affliction):
    """See the module. ``hits`` counts starts with another time. Monotonic clocks stay right."""

    not_in_containers = "libfaketime is not in its image"

    @classmethod
    def check(cls, spec: FaultSpec) -> None:
        """The library is there, and the offset can be read."""
        _seconds(spec)
        if find_library() is None:
            hint = "install libfaketime (Debian: apt install libfaketime); it works on Linux only"
            raise UsageError("clock-skew needs libfaketime, which is not here", hint=hint)

    def begin(self) -> None:
        """Have them start anew."""
        self.patient.restart(self.patient.service, f"its clock is wrong by {self.spec.values.get('offset')}")

    def end(self) -> None:
        """And again, with the right time."""
        self.patient.restart(self.patient.service, "its clock is right again")

    def adapt(self, ref: Incarnation, spec: LaunchSpec) -> LaunchSpec:  # noqa: ARG002 - any
        """Put the library before all others."""
        library = find_library()
        if library is None:
            return spec
        self.hits += 1
        loaded = " ".join(filter(None, (library, spec.env.get("LD_PRELOAD", ""))))
        faked = {
            "LD_PRELOAD": loaded,
            "FAKETIME": f"{_seconds(self.spec):+.3f}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return replace(spec, env={**spec.env, **faked})


def _seconds(spec: FaultSpec) -> float:
    text = str(spec.values.get("offset", "")).strip()
    sign = -1.0 if text.startswith(("-", "\N{MINUS SIGN}")) else 1.0
    try:
        return sign * parse_duration(text.lstrip("+-\N{MINUS SIGN}").strip())
    except QuantityError as error:
        raise UsageError(f"clock-skew by {text!r}: {error}", hint='such as "+1h" or "-5m"') from None
