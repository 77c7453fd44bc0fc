"""From the tables of ``[experiments.NAME]`` to what they mean, with what is wrong by file and line.

Shapes are checked by pydantic with the rest of the file (`topology.experiment_tables`); here is what several keys say
together, and whether those who are named exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from meshdev.errors import Problem
from meshdev.topology.assembly import Assembly
from meshdev.topology.experiment import (
    Action,
    Check,
    ExecCheck,
    Experiment,
    HttpCheck,
    Load,
    LoadRequest,
    SignalCheck,
)
from meshdev.topology.experiment_tables import ActionTable, CheckTable, ExperimentTable, LoadTable
from meshdev.topology.findings import dotted
from meshdev.topology.lines import Path as KeyPath
from meshdev.topology.nearest import did_you_mean
from meshdev.traffic.faults.reading import Toggle, examine

OUTSIDE: Final = "outside"
DEFAULT_LENGTH: Final = 10.0
_SIGNALS: Final = ("errors", "p50", "p90", "p99", "rps")
_ACTIONS: Final = ("fault", "kill", "pause", "restart", "exec")
_HTTP: Final = ("http://", "https://")


def experiments_of(
    assembly: Assembly, tables: Mapping[str, ExperimentTable], faults: Mapping[str, Toggle], known: set[str]
) -> tuple[dict[str, Experiment], list[Problem]]:
    """The experiments by name, and problems. ``known`` are all names that nodes have, active or not."""
    reader = _Reader(assembly, faults, known)
    return {name: reader.read(name, table) for name, table in tables.items()}, reader.problems


def edge_of(text: str) -> tuple[str, str] | None:
    """Caller and callee of ``"a -> b"`` (or ``"a → b"``).

    >>> edge_of("orders -> payments"), edge_of("orders")
    (('orders', 'payments'), None)
    """
    caller, arrow, callee = text.replace("→", "->").partition("->")
    return (caller.strip(), callee.strip()) if arrow else None


@dataclass(slots=True)
class _Reader:
    """Reads all experiments of a file, and notes what is wrong."""

    assembly: Assembly
    faults: Mapping[str, Toggle]
    known: set[str]
    problems: list[Problem] = field(default_factory=list)

    def read(self, name: str, table: ExperimentTable) -> Experiment:
        """One experiment."""
        path: KeyPath = ("experiments", name)
        several = self._arrays(path)
        checks = [
            self._check((*path, "steady_state", *place), one)
            for place, one in several("steady_state", table.steady_state)
        ]
        timeline = [
            self._action((*path, "timeline", *place), one)
            for place, one in several("timeline", table.timeline)
        ]
        if not table.steady_state:
            hint = 'steady_state = [{ edge = "outside -> storefront", errors = "< 1%", p99 = "< 500ms" }]'
            self._complain(path, "does not say what should hold", hint)
        if not table.timeline:
            self._complain(
                path, "does nothing", 'timeline = [{ at = "0s", fault = "slow-payments", for = "20s" }]'
            )
        ends = [action.at + (action.lasts or 0.0) for action in timeline]
        ends += [action.at + DEFAULT_LENGTH for action in timeline if action.lasts is None]
        return Experiment(
            name=name,
            hypothesis=table.hypothesis,
            steady_state=tuple(check for check in checks if check is not None),
            timeline=tuple(sorted(timeline, key=lambda action: action.at)),
            duration=table.duration if table.duration is not None else max(ends, default=0.0),
            load=self._load((*path, "load"), table.load) if table.load else None,
            baseline=table.baseline,
            warm_up=table.warm_up,
            recovery=table.recovery,
            window=table.window,
            may_break=table.may_break,
            description=table.description,
            where=self.assembly.where(path),
        )

    def _arrays(self, path: KeyPath) -> Any:
        """Entries with their place: an index, or none where one table stands for an array."""
        tree = self.assembly.tree.get("experiments", {}).get(path[1], {})

        def several(key: str, entries: tuple[Any, ...]) -> list[tuple[tuple[int, ...], Any]]:
            single = isinstance(tree.get(key), dict)
            return [(() if single else (index,), entry) for index, entry in enumerate(entries)]

        return several

    def _check(self, path: KeyPath, table: CheckTable) -> Check | None:
        kinds = [key for key in ("edge", "http", "exec") if getattr(table, key) is not None]
        if len(kinds) != 1:
            self._complain(path, "needs exactly one of edge, http, exec", 'edge = "outside -> storefront"')
            return None
        shared: dict[str, Any] = {"tolerance": table.tolerance}
        if table.edge is not None:
            return self._signals(path, table, table.edge)
        shared |= {key: value for key in ("timeout", "every") if (value := getattr(table, key)) is not None}
        if table.http is not None:
            if not table.http.startswith(_HTTP):
                self._complain((*path, "http"), f'found "{table.http}", accepted: an address', "http://…")
            return HttpCheck(table.http, table.status or (), table.contains or "", **shared)
        return ExecCheck(table.exec or "", table.code or 0, table.contains or "", **shared)

    def _signals(self, path: KeyPath, table: CheckTable, text: str) -> SignalCheck | None:
        edge = self._edge((*path, "edge"), text)
        bounds = {key: getattr(table, key) for key in _SIGNALS}
        if all(value is None for value in bounds.values()):
            self._complain(
                path, "says nothing of its signals", 'errors = "< 1%", p99 = "< 500ms", rps = "> 5"'
            )
        if edge is None:
            return None
        return SignalCheck(*edge, route=table.route or "", **bounds, tolerance=table.tolerance)

    def _edge(self, path: KeyPath, text: str) -> tuple[str, str] | None:
        edge = edge_of(text)
        if edge is None:
            self._complain(path, f'found "{text}", accepted: an edge', '"orders -> payments"')
            return None
        self._named(path, edge[0], {OUTSIDE})
        self._named(path, edge[1])
        return edge

    def _named(self, path: KeyPath, name: str, more: set[str] | None = None) -> None:
        known = self.known | (more or set())
        if name not in known:
            self._complain(path, f'there is no service "{name}"', did_you_mean(name, known))

    def _load(self, path: KeyPath, table: LoadTable) -> Load:
        ways = [key for key in ("to", "url", "command") if getattr(table, key) is not None]
        if len(ways) != 1:
            self._complain(path, "needs exactly one of to, url, command", 'to = "storefront"')
        if table.to is not None:
            if edge_of(table.to):
                self._edge((*path, "to"), table.to)
            else:
                self._named((*path, "to"), table.to)
        if table.url is not None and not table.url.startswith("http://"):
            self._complain((*path, "url"), f'found "{table.url}", accepted: an http:// address')
        if table.rate[0] != table.rate[1] and not table.ramp:
            self._complain(
                (*path, "rate"), "goes from one rate to another, but in which time?", 'ramp = "30s"'
            )
        for index, request in enumerate(table.requests):
            if not request.path.startswith("/"):
                at = (*path, "requests", index)
                self._complain(at, f'found the path "{request.path}", accepted: one that begins with /')
        requests = tuple(
            LoadRequest(one.method.upper(), one.path, dict(one.headers), one.body, one.weight)
            for one in table.requests
        )
        return Load(
            to=table.to or "",
            url=table.url or "",
            rate=table.rate[0],
            rate_end=table.rate[1],
            ramp=table.ramp,
            timeout=table.timeout,
            requests=requests,
            command=table.command or (),
        )

    def _action(self, path: KeyPath, table: ActionTable) -> Action:
        kinds = [key for key in _ACTIONS if getattr(table, key) is not None]
        if len(kinds) != 1:
            self._complain(path, f"needs exactly one of {', '.join(_ACTIONS)}", 'fault = "slow-payments"')
            return Action(table.at, "nothing")
        kind = kinds[0]
        for service in (table.kill, table.pause, table.restart):
            if service is not None:
                self._named((*path, kind), service)
        match kind:
            case "fault":
                return self._fault((*path, "fault"), table)
            case "restart":
                return Action(table.at, f"restart {table.restart}", restart=table.restart or "")
            case "exec":
                command = table.exec or ""
                words = command if isinstance(command, str) else " ".join(command)
                return Action(table.at, f"exec {words}", command=command)
            case _:
                service = table.kill or table.pause
                fault = {"service": service, kind: True}
                return Action(table.at, f"{kind} {service}", table.lasts, table=fault)

    def _fault(self, path: KeyPath, table: ActionTable) -> Action:
        if isinstance(table.fault, str):
            if table.fault not in self.faults:
                hint = did_you_mean(table.fault, self.faults, what="there are") or "[faults.NAME] names one"
                self._complain(path, f'there is no fault "{table.fault}"', hint)
            return Action(table.at, table.fault, table.lasts, fault=table.fault)
        written = table.fault or {}
        toggle, findings = examine("fault", written)
        for finding in findings:
            self._complain((*path, *finding.path), finding.message, finding.hint)
        words = " + ".join(dict.fromkeys(spec.kind for spec in toggle.specs)) or "fault"
        target = next((str(written[key]) for key in ("edge", "service", "team") if key in written), "several")
        return Action(table.at, f"{words} at {target}", table.lasts, table=written)

    def _complain(self, path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.assembly.where(path), f"{dotted(path)}: {message}", hint))
