"""The control API's shapes for faults; part of `wire.control`, and by its rules.

| call | answer |
|---|---|
| GET /v1/faults | list of `FaultView`: those of the topology, on or off, and those that were added |
| GET /v1/faults/kinds | list of `FaultKindView`: the catalogue |
| POST /v1/faults | `FaultRequest` → `FaultView`: add one, and switch it on |
| GET /v1/faults/{name} · DELETE | `FaultView` · 204: switched off, and gone if it is not the topology's |
| POST /v1/faults/{name}/on · off | `FaultSwitch` → `FaultView` |
| POST /v1/faults/clear | list of `FaultView`: all are off, those that were added are gone |
| POST /v1/leases · /v1/leases/{id}/renew · DELETE /v1/leases/{id} | `LeaseRequest` → `LeaseView` · `LeaseView` · 204 |

A lease ends when it is given back or not renewed in time; the faults that were added or switched on under it end too.
"""

from typing import Any

from msgspec import Struct


class FaultPartView(Struct, frozen=True, kw_only=True):
    """One fault of a toggle; ``words`` say it in short (``latency 300ms ± 50ms``), ``hits`` count since it is on."""

    key: str
    kind: str
    layer: str
    words: str
    values: dict[str, Any]
    percentage: float = 100.0
    direction: str = ""
    match: dict[str, Any] = {}
    seed: int = 0
    hits: int = 0


class FaultView(Struct, frozen=True, kw_only=True):
    """A toggle.

    ``origin`` is ``topology``, ``ad hoc`` or ``lease``. ``edges`` and ``services`` are those on which it acts, or
    would. ``acting`` is ``on`` and within its schedule; ``since`` is when it was switched on, ``remaining`` the seconds
    until it is over by itself. ``in_force`` tells that the workers have acknowledged it as it is. ``key`` is the key
    that toggles it in the dashboard.
    """

    name: str
    on: bool
    origin: str
    target: str
    parts: list[FaultPartView]
    edges: list[str] = []
    services: list[str] = []
    acting: bool = False
    in_force: bool = False
    since: float | None = None
    remaining: float | None = None
    ramp: float | None = None
    lease: str = ""
    description: str = ""
    key: str = ""
    hits: int = 0


class FaultRequest(Struct, frozen=True, kw_only=True):
    """A fault to be added: ``fault`` is what would stand in ``[faults.NAME]``.

    Without ``name`` it gets one. With ``replace`` it takes the place of one that has the name. With ``lease`` it ends
    with that.
    """

    fault: dict[str, Any]
    name: str = ""
    lease: str = ""
    on: bool = True
    replace: bool = False


class FaultSwitch(Struct, frozen=True, kw_only=True):
    """On or off; ``duration`` (seconds) overrides how long, ``seed`` the seed; with ``lease`` it ends with that."""

    duration: float | None = None
    seed: int | None = None
    lease: str = ""


class LeaseRequest(Struct, frozen=True, kw_only=True):
    """Something that stays as long as somebody renews it; ``holder`` names who for people."""

    seconds: float = 10.0
    holder: str = ""


class LeaseView(Struct, frozen=True, kw_only=True):
    """A lease, and how many seconds it has left."""

    id: str
    remaining: float
    holder: str = ""


class ParameterView(Struct, frozen=True, kw_only=True):
    """One parameter of a kind; ``unit`` is one of ``traffic.faults.kinds.Unit``, ``default`` is written as text."""

    name: str
    unit: str
    doc: str
    default: str = ""
    required: bool = False
    choices: list[str] = []
    ramps: bool = False


class FaultKindView(Struct, frozen=True, kw_only=True):
    """One kind of the catalogue; ``main`` is the parameter of its short form, ``example`` such a form."""

    name: str
    layer: str
    doc: str
    parameters: list[ParameterView]
    main: str = ""
    direction: str = ""
    aliases: list[str] = []
    example: str = ""
