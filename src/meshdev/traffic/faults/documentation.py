"""The catalogue as tables for the documentation; a test holds `docs/faults.md` to it."""

from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.describe import written
from meshdev.traffic.faults.kinds import Direction, FaultKind, Layer, Parameter

_TITLES = {
    Layer.BYTES: "on bytes",
    Layer.HTTP: "on HTTP requests",
    Layer.STREAM: "on streams of HTTP/2: requests, and calls of gRPC",
    Layer.MESSAGE: "on messages",
    Layer.STATEMENT: "on statements of SQL",
    Layer.NAME: "on names",
    Layer.INSTANCE: "on instances",
}


def catalogue_tables() -> str:
    """A table for each layer."""
    return "\n".join(_table(layer) for layer in Layer)


def _table(layer: Layer) -> str:
    rows = [_row(kind) for kind in CATALOGUE.values() if kind.layer is layer]
    return "\n".join([f"| {_TITLES[layer]} | | parameters |", "|---|---|---|", *rows, ""])


def _row(kind: FaultKind) -> str:
    name = " = ".join(f"`{name}`" for name in (kind.name, *kind.aliases))
    doc = kind.doc
    if kind.directed and kind.direction is not Direction.DOWNSTREAM:
        doc += f" ({kind.direction})"
    parameters = "; ".join(_parameter(kind, parameter) for parameter in kind.parameters)
    return f"| {name} | {doc} | {parameters} |"


def _parameter(kind: FaultKind, parameter: Parameter) -> str:
    name = f"**`{parameter.name}`**" if parameter.name == kind.main else f"`{parameter.name}`"
    said = f"{name}: {parameter.doc}"
    if parameter.default is not None and parameter.default:
        said += f" ({written(parameter.unit, parameter.default)})"
    return said
