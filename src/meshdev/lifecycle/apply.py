"""A new topology comes into force: the difference is applied, what is the same is left alone.

What vanished stops and is forgotten when it is down; what is new starts if the whole system is wanted, else on demand;
what changed in a way that an incarnation would notice is restarted (and whoever follows it); the rest is only noted.
"""

from meshdev.lifecycle import reloads, wishes
from meshdev.lifecycle.ledger import Ledger
from meshdev.lifecycle.model import Applied
from meshdev.topology.model import System


def apply(ledger: Ledger, event: Applied) -> None:
    """Put ``event.system`` in force."""
    if wishes.refuse(ledger):
        return
    new, old = event.system, ledger.system
    ledger.system = new
    for name in sorted(old.services.keys() - new.services.keys()):
        _remove(ledger, name)
    added, renewed = _update(ledger, old, new)
    ledger.regraph()
    for name in [*added, *renewed]:
        ledger.changed(ledger.nodes[name])
    wanted = [name for name in renewed if ledger.nodes[name].up]  # they may need something new
    if ledger.all_wanted:
        wanted += [name for name in added if wishes.starts_with_system(ledger.nodes[name])]
    wishes.want_up(ledger, wanted)
    for name in renewed:
        wishes.renew(ledger, ledger.nodes[name])
        reloads.cascade(ledger, ledger.nodes[name])


def _remove(ledger: Ledger, name: str) -> None:
    node = ledger.nodes[name]
    node.removed = True
    wishes.want_down(ledger, node)
    ledger.changed(node)


def _update(ledger: Ledger, old: System, new: System) -> tuple[list[str], list[str]]:
    added: list[str] = []
    renewed: list[str] = []
    for name, spec in new.services.items():
        node = ledger.nodes.get(name)
        if node is None:
            ledger.add(spec)
            added.append(name)
            continue
        if node.removed:
            node.removed = False
            added.append(name)
        before = old.services.get(name)
        if before is None or before.replicas != spec.replicas:
            node.replicas = spec.replicas
        if node.spec != spec:
            node.spec = spec
            renewed.append(name)
    return added, renewed
