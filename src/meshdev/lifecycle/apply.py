"""A new topology comes into force: the difference is applied (`topology.diff`), what is the same is left alone.

- What vanished stops, and is forgotten when it is down. What is new starts if the whole system is wanted, else when it
  is asked for. What an incarnation would notice restarts it, and whoever follows it. The rest takes force at once;
  only a changed healthcheck waits for the next incarnation. Services that are ``rolling`` are followed by a new run
  beside the old one, as in a reload; those that are ``kept`` go on as they are, and only their next run is another.
- Services that stay up get what they need in addition now.
- A number of replicas that the user has asked for stays until the file's own number changes.
"""

from collections.abc import Iterator
from dataclasses import replace

from meshdev.lifecycle import reloads, wishes
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import Applied
from meshdev.lifecycle.order import needs
from meshdev.lifecycle.records import Node
from meshdev.topology.container import Container
from meshdev.topology.diff import Action, Change, diff
from meshdev.topology.model import Service, System


def apply(ledger: Ledger, event: Applied) -> None:
    """Put ``event.system`` in force."""
    if wishes.refuse(ledger):
        return
    old, new = ledger.system, event.system
    changes = diff(old, new)
    ledger.system = new
    nodes = [_adopt(ledger, change, old, new) for change in changes]
    ledger.regraph()
    for node in nodes:
        ledger.changed(node)
    wishes.want_up(ledger, list(_wanted(ledger, nodes, old)))
    for change, node in zip(changes, nodes, strict=True):
        if change.action is not Action.RESTART or change.service in event.kept:
            continue
        if change.service in event.rolling:
            reloads.follow(ledger, node, change.reason)
        else:
            reloads.renew(ledger, node)
            ledger.notice(node, f"restarts: {change.reason} changed")
            reloads.cascade(ledger, node)


def _adopt(ledger: Ledger, change: Change, old: System, new: System) -> Node:
    """Take the new values over."""
    node = ledger.nodes.get(change.service)
    if change.action is Action.STOP:
        node = ledger.nodes[change.service]
        node.removed = True
        wishes.want_down(ledger, node)
        return node
    spec = new.services[change.service]
    if node is None:
        return ledger.add(spec)
    if node.removed:  # it comes back before it was down
        node.removed = False
        node.epoch += 1
    before = old.services.get(change.service)
    if before is None or before.replicas != spec.replicas:
        node.replicas = spec.replicas
    if before is not None and isinstance(spec.run, Container) and before.run != spec.run:
        node.code += 1  # what was made ready was another image
    node.spec = spec
    if change.action is Action.UPDATE:
        _update_runs(node, spec)
    return node


def _update_runs(node: Node, spec: Service) -> None:
    """Policies hold for what runs already; it goes on being probed as it was."""
    for slot in node.slots:
        for run in slot.runs():
            run.spec = replace(spec, healthcheck=run.spec.healthcheck)


def _wanted(ledger: Ledger, nodes: list[Node], old: System) -> Iterator[str]:
    """What has to come up: new services of a system that is wanted as a whole, new needs of what is up."""
    for node in nodes:
        before = old.services.get(node.name)
        if before is None:
            if ledger.all_wanted and wishes.starts_with_system(node):
                yield node.name
        elif node.up:
            known = set(needs(before))
            yield from (name for name in needs(node.spec) if name not in known)
