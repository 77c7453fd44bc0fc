"""How long a delay is: a figure with its spread, or a curve given by two percentiles. Shared by what delays."""

from math import exp, log

from meshdev.traffic.faults.draws import Draws
from meshdev.traffic.faults.kinds import Parameter, Unit
from meshdev.traffic.faults.settings import Settings

UNIFORM, NORMAL, LOGNORMAL = "uniform", "normal", "lognormal"
_P99 = 2.326347874040841  # standard deviations

JITTER = Parameter("jitter", Unit.DURATION, "how far it strays from that, both ways", default=0.0, ramps=True)
CURVE = Parameter(
    "distribution",
    Unit.TEXT,
    "how it strays: evenly within ± jitter, or with jitter as the standard deviation",
    default=UNIFORM,
    choices=(UNIFORM, NORMAL, LOGNORMAL),
)
P50 = Parameter("p50", Unit.DURATION, "instead: half of the delays are shorter", ramps=True)
P99 = Parameter("p99", Unit.DURATION, "instead: 99 of 100 delays are shorter (as p50)", ramps=True)


def drawn(settings: Settings, draws: Draws, main: str, index: int, now: float) -> float:
    """One delay in seconds, never below 0; ``main`` names the parameter that holds the figure.

    With ``p50`` delays are lognormal, such that half of them are below it and 99 of 100 below ``p99``.
    """
    if settings.figure is not None:
        return settings.figure
    if settings.has("p50"):
        middle = settings.number("p50", now)
        high = max(middle, settings.number("p99", now, middle))
        return 0.0 if not middle else middle * exp(log(high / middle) / _P99 * draws.normal(index))
    figure, jitter = settings.number(main, now), settings.number("jitter", now)
    if not jitter:
        if settings.steady:
            settings.figure = figure
        return figure
    match settings.text("distribution"):
        case "normal":
            return max(0.0, figure + jitter * draws.normal(index))
        case "lognormal" if figure:  # mean and standard deviation are those that were asked for
            spread = log(1.0 + (jitter / figure) ** 2)
            return figure * exp(spread**0.5 * draws.normal(index) - spread / 2)
        case _:
            return max(0.0, figure + jitter * (2.0 * draws.uniform("delay", index) - 1.0))
