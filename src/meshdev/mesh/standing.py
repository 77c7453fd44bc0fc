"""Who stands between the two ends of a link that is read, so that faults act on what passes: by what it speaks.

And who reads it, so that faults are told.
"""

from typing import TYPE_CHECKING

from meshdev.mesh.faulted_reading import read_under_faults
from meshdev.traffic.protocols.answering import Answerable

if TYPE_CHECKING:
    from meshdev.mesh.scanned_link import ScannedLink, ScannedRelay
    from meshdev.traffic.faults.edge import EdgeFaults


def stand_between(relay: "ScannedRelay", link: "ScannedLink", faults: "EdgeFaults") -> None:
    """Let the edge's faults act on the statements or streams of ``link``, if it has any and can be read."""
    scanner = link.scanner
    if scanner is None:
        return
    if faults.faults:
        read_under_faults(relay, link)
    if isinstance(scanner, Answerable):
        from meshdev.mesh.statement_link import (  # noqa: PLC0415 - most workers never need it
            stand_between_statements,
        )

        stand_between_statements(relay.loop, link, scanner, faults)
        return
    if faults.faults:
        from meshdev.mesh.stream_link import stand_between_streams  # noqa: PLC0415 - most workers never need it

        stand_between_streams(relay, link, faults)
