"""Which ways there are, on this machine, for a process to find others by name: for `doctor`, and for `check`."""

from collections.abc import Iterator

from meshdev.cli.finding import Finding, ok, warn
from meshdev.errors import Where
from meshdev.topology import lint
from meshdev.topology.model import Names, System


def process_names() -> Finding:
    """Whether processes can have a hosts file of their own."""
    from meshdev.runners.namespaces import hosts_library, own_hosts_offer

    check = "names"
    offer = own_hosts_offer()
    if offer.possible:
        how = "a user namespace for each" if offer.new_user else "as root"
        return ok(check, f"env, hosts ({how})")
    library = hosts_library()
    if library is not None:
        lost = 'static programs (Go) do not see the hosts file of a service with names = "hosts"'
        return warn(check, f"env, hosts (by {library}: {offer.reason})", lost, offer.way_out)
    lost = 'names = "hosts" is refused: processes find others by their environment only'
    return warn(check, f"env ({offer.reason})", lost, f"{offer.way_out}; or install libnss-wrapper")


def names_that_cannot_be(system: System) -> Iterator[lint.Finding]:
    """The processes that ask for names which cannot be had here."""
    wanted = [node for node in system.services.values() if node.names is not Names.ENV]
    if not wanted:
        return
    from meshdev.runners.namespaces import hosts_library, own_hosts_offer

    offer = own_hosts_offer()
    if offer.possible or hosts_library() is not None:
        return
    for node in wanted:
        message = f'{node.name}: names = "{node.names}" is not possible here: {offer.reason}'
        where = node.where or Where(str(system.file))
        yield lint.Finding(where, "no-names", message, offer.way_out, lint.Severity.ERROR)
