"""Which ways there are, on this machine, for a process to find others by name: for `doctor`, and for `check`."""

from collections.abc import Iterator

from meshdev.cli.finding import Finding, ok, warn
from meshdev.errors import Where
from meshdev.topology import lint
from meshdev.topology.model import Names, System


def process_names() -> Finding:
    """Whether processes can have a hosts file of their own, and a network."""
    from meshdev.runners.namespaces import hosts_library, own_hosts_offer, pod_offer

    check = "names"
    offer, pods = own_hosts_offer(), pod_offer()
    how = "by user namespaces" if offer.new_user else "as root"
    if offer.possible and pods.possible:
        return ok(check, f"env, hosts, pod ({how})")
    if offer.possible:
        lost = 'names = "pod" is refused: of several programs on one port only one can run'
        return warn(check, f"env, hosts ({how}); no pod: {pods.reason}", lost, pods.way_out)
    library = hosts_library()
    if library is not None:
        lost = 'names = "pod" is refused, and by "hosts" static programs (Go) find nobody'
        return warn(check, f"env, hosts (by {library}); no pod: {offer.reason}", lost, offer.way_out)
    lost = 'names = "hosts" and "pod" are refused: processes find others by their environment only'
    return warn(check, f"env ({offer.reason})", lost, f"{offer.way_out}; or install libnss-wrapper")


def names_that_cannot_be(system: System) -> Iterator[lint.Finding]:
    """The processes that ask for names which cannot be had here."""
    wanted = [node for node in system.services.values() if node.names is not Names.ENV]
    if not wanted:
        return
    from meshdev.runners.namespaces import hosts_library, own_hosts_offer, pod_offer

    for node in wanted:
        offer = pod_offer() if node.names is Names.POD else own_hosts_offer()
        if offer.possible or (node.names is Names.HOSTS and hosts_library() is not None):
            continue
        message = f'{node.name}: names = "{node.names}" is not possible here: {offer.reason}'
        where = node.where or Where(str(system.file))
        yield lint.Finding(where, "no-names", message, offer.way_out, lint.Severity.ERROR)
