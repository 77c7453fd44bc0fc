"""``x1``, ``x10``, ``0.5x``, ``fast``: how fast recorded requests are sent."""

import math
import re
from typing import Any

import click

_FACTOR = re.compile(r"x?([0-9]{1,6}(?:\.[0-9]{1,6})?)x?")


class SpeedType(click.ParamType[float]):
    """A factor of the recorded pace; infinite for ``fast``."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The factor."""
        if isinstance(value, int | float):
            return float(value)
        if value == "fast":
            return math.inf
        match = _FACTOR.fullmatch(value)
        factor = float(match[1]) if match else 0.0
        return factor or self.fail(f"{value!r}: accepted are x1, x10, x0.5, fast", param, ctx)


SPEED = SpeedType()
