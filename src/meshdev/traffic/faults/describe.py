"""Faults in words, for people and for views."""

from collections.abc import Mapping

from meshdev.kernel.quantity import format_duration, format_size
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.kinds import PERCENTAGE, FaultKind, Parameter, Unit
from meshdev.traffic.faults.match import plain
from meshdev.wire.fault_views import FaultKindView, FaultPartView, ParameterView
from meshdev.wire.faults import ALWAYS, FaultSpec, Value

_EXAMPLES = {
    Unit.DURATION: "300ms",
    Unit.SIZE: "64k",
    Unit.RATE: "100k",
    Unit.SHARE: "50%",
    Unit.NUMBER: "1",
    Unit.COUNT: "10",
    Unit.FLAG: "true",
    Unit.TEXT: "text",
    Unit.TABLE: "x-reason: test",
}


def written(unit: Unit, value: Value) -> str:  # noqa: PLR0911 - one a unit
    """A value as it is written in a topology file."""
    match unit:
        case Unit.DURATION if isinstance(value, int | float):
            return _seconds(float(value))
        case Unit.SIZE if isinstance(value, int | float):
            return format_size(int(value))
        case Unit.RATE if isinstance(value, int | float):
            return _rate(float(value))
        case Unit.SHARE if isinstance(value, int | float):
            return f"{value * 100:g}%"
        case Unit.FLAG:
            return "true" if value else "false"
        case Unit.TABLE if isinstance(value, Mapping):
            return "; ".join(f"{name}: {text}" for name, text in value.items())
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e6:g}us" if 0 < seconds < 0.001 else format_duration(seconds)  # noqa: PLR2004 - a millisecond


def _rate(rate: float) -> str:
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rate >= size:
            return f"{rate / size:g}{name}B/s"
    return f"{rate:g}B/s"


def words(spec: FaultSpec) -> str:
    """A fault in short: ``latency 300ms ± 50ms, 50%``."""
    kind = CATALOGUE.get(spec.kind)
    if kind is None:
        return spec.kind
    parts = [" ".join((kind.name, *_main(kind, spec)))]
    shown = {kind.spread} if spec.values.get(kind.main) is False else {kind.main, kind.spread}
    more = [it for it in kind.parameters if it.name in spec.values and it.name not in shown]
    parts += [f"{parameter.name} {_value(spec, parameter)}" for parameter in more]
    if spec.percentage != ALWAYS or "percentage" in spec.starts:
        begin = f"{spec.starts['percentage']:g}%.." if "percentage" in spec.starts else ""
        parts.append(f"{begin}{spec.percentage:g}%")
    if spec.direction:
        parts.append(spec.direction)
    return ", ".join(parts)


def _main(kind: FaultKind, spec: FaultSpec) -> list[str]:
    main, spread = kind.parameter(kind.main), kind.parameter(kind.spread)
    if (
        main is None or main.unit is Unit.FLAG or main.name not in spec.values
    ):  # a flag that is set needs no word
        return []
    said = [_value(spec, main)]
    if spread is not None and spec.values.get(spread.name):
        said += ["±", _value(spec, spread)]
    return said


def _value(spec: FaultSpec, parameter: Parameter) -> str:
    end = written(parameter.unit, spec.values[parameter.name])
    begin = spec.starts.get(parameter.name)
    return end if begin is None else f"{written(parameter.unit, begin)}..{end}"


def part_view(spec: FaultSpec, hits: int = 0) -> FaultPartView:
    """A fault as the control API shows it; values as they are written."""
    kind = CATALOGUE[spec.kind]
    values = {it.name: _value(spec, it) for it in kind.parameters if it.name in spec.values}
    return FaultPartView(
        key=spec.key,
        kind=spec.kind,
        layer=kind.layer,
        words=words(spec),
        values=values,
        percentage=spec.percentage,
        direction=(spec.direction or kind.direction) if kind.directed else "",
        match=dict(plain(spec.match)),
        seed=spec.seed,
        hits=hits,
    )


def kind_view(kind: FaultKind) -> FaultKindView:
    """An entry of the catalogue as the control API shows it."""
    return FaultKindView(
        name=kind.name,
        layer=kind.layer,
        doc=kind.doc,
        parameters=[_parameter_view(parameter) for parameter in kind.parameters],
        main=kind.main,
        direction=kind.direction if kind.directed else "",
        aliases=list(kind.aliases),
        example=_example(kind),
    )


def _parameter_view(parameter: Parameter) -> ParameterView:
    default = "" if parameter.default is None else written(parameter.unit, parameter.default)
    return ParameterView(
        name=parameter.name,
        unit=parameter.unit,
        doc=parameter.doc,
        default=default,
        required=parameter.required,
        choices=list(parameter.choices),
        ramps=parameter.ramps,
    )


def _example(kind: FaultKind) -> str:
    main = kind.parameter(kind.main)
    if main is not None and main.choices:
        return f"{kind.name}={main.default or main.choices[0]}"
    if kind.main == PERCENTAGE:
        return f"{kind.name}=10%"
    if main is not None and main.name == "code":
        return f"{kind.name}={main.default or 503}"
    if main is None or main.unit is Unit.FLAG or (main.default is not None and not main.required):
        return kind.name
    return f"{kind.name}={_EXAMPLES[main.unit]}"
