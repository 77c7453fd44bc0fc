"""DNS: callers that ask for the callee by its name, through the name proxy, hear that there is no such host.

Done by the name proxy (`EdgeFaults.hides_name`): nothing happens to bytes or requests that have found their way.
"""

from meshdev.traffic.faults.kinds import FaultKind, Layer

DNS = FaultKind("dns", Layer.NAME, "the callee's name is unknown; addresses still lead there", directed=False)
