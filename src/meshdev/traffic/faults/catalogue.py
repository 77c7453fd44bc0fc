"""All kinds of faults, in the order in which they are shown.

Command line, dashboard, documentation and JSON Schema are made from this table.
"""

from collections.abc import Mapping
from typing import Final

from meshdev.kernel.nearest import did_you_mean
from meshdev.traffic.faults.bandwidth import BANDWIDTH
from meshdev.traffic.faults.chunk_delay import CHUNK_DELAY
from meshdev.traffic.faults.corrupt import CORRUPT
from meshdev.traffic.faults.delay import DELAY
from meshdev.traffic.faults.dns import DNS
from meshdev.traffic.faults.drop import DROP
from meshdev.traffic.faults.duplicate import DUPLICATE
from meshdev.traffic.faults.grpc_status import GRPC_STATUS
from meshdev.traffic.faults.headers import HEADERS
from meshdev.traffic.faults.instance import INSTANCE_FAULTS
from meshdev.traffic.faults.kinds import FaultError, FaultKind
from meshdev.traffic.faults.latency import LATENCY
from meshdev.traffic.faults.limit_data import LIMIT_DATA
from meshdev.traffic.faults.malformed import MALFORMED
from meshdev.traffic.faults.poison import POISON
from meshdev.traffic.faults.rate_limit import RATE_LIMIT
from meshdev.traffic.faults.refuse import REFUSE
from meshdev.traffic.faults.reorder import REORDER
from meshdev.traffic.faults.reset import RESET
from meshdev.traffic.faults.reset_stream import RESET_STREAM
from meshdev.traffic.faults.rewrite import REWRITE
from meshdev.traffic.faults.slicer import SLICER
from meshdev.traffic.faults.slow_close import SLOW_CLOSE
from meshdev.traffic.faults.slow_open import SLOW_OPEN
from meshdev.traffic.faults.sql_error import SQL_ERROR
from meshdev.traffic.faults.stale import STALE
from meshdev.traffic.faults.status import STATUS
from meshdev.traffic.faults.timeout import TIMEOUT
from meshdev.traffic.faults.truncate import TRUNCATE

BYTES_FAULTS: Final = (
    LATENCY,
    BANDWIDTH,
    SLOW_OPEN,
    SLOW_CLOSE,
    TIMEOUT,
    RESET,
    REFUSE,
    LIMIT_DATA,
    SLICER,
    CORRUPT,
)
HTTP_FAULTS: Final = (
    STATUS,
    DELAY,
    CHUNK_DELAY,
    TRUNCATE,
    MALFORMED,
    HEADERS,
    REWRITE,
    RATE_LIMIT,
    STALE,
)
MESSAGE_FAULTS: Final = (
    DROP,
    DUPLICATE,
    REORDER,
    POISON,
)
STREAM_FAULTS: Final = (GRPC_STATUS, RESET_STREAM)
STATEMENT_FAULTS: Final = (SQL_ERROR,)

CATALOGUE: Final[Mapping[str, FaultKind]] = {
    kind.name: kind
    for kind in (
        *BYTES_FAULTS,
        *HTTP_FAULTS,
        *STREAM_FAULTS,
        *MESSAGE_FAULTS,
        *STATEMENT_FAULTS,
        DNS,
        *INSTANCE_FAULTS,
    )
}
_BY_ANY_NAME: Final[Mapping[str, FaultKind]] = {
    name: kind for kind in CATALOGUE.values() for name in (kind.name, *kind.aliases)
}


def find_kind(name: str) -> FaultKind | None:
    """The kind of that name or alias; ``_`` counts as ``-``."""
    return _BY_ANY_NAME.get(name.strip().lower().replace("_", "-"))


def kind_named(name: str) -> FaultKind:
    """The same. Raises FaultError, with the name that was probably meant."""
    kind = find_kind(name)
    if kind is None:
        raise FaultError(f'there is no fault "{name}"', hint=did_you_mean(name, _BY_ANY_NAME, what="known"))
    return kind
