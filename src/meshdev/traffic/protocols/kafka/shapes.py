"""Kafka's messages that are read as a whole, as far as something of them is told or changed.

Requests are read up to what they are about, answers up to their errors; what follows is left out.
"""

from typing import Final

from meshdev.traffic.protocols.kafka.apis import DESCRIBE_CLUSTER, FIND_COORDINATOR, METADATA, PRODUCE
from meshdev.traffic.protocols.kafka.fields import Shape, shape

_GROUP: Final = shape("group:str")
_ERROR: Final = shape("throttle:i4:1 error:i2")

REQUESTS: Final[dict[int, Shape]] = {
    2: shape("""
        replica:i4 isolation:i1:2
        topics[ name:str partitions[ index:i4 epoch:i4:4 timestamp:i8 most:i4:0-0 ] ]
    """),
    METADATA: shape("topics[ id:uuid:10 name:str ]"),
    8: _GROUP,
    9: shape(
        "group:str:0-7 groups[ group:str member:str:9 epoch:i4:9 topics[ name:str:8-9 id:uuid:10 indexes:i4* ] ]:8"
    ),
    FIND_COORDINATOR: shape("group:str:0-3 kind:i1:1 groups:str*:4"),
    11: _GROUP,
    12: _GROUP,
    13: _GROUP,
    14: _GROUP,
    19: shape("""
        topics[
            name:str count:i4 factor:i2 assigned[ index:i4 brokers:i4* ] configs[ name:str value:str ]
        ]
    """),
    22: _GROUP,
    25: _GROUP,
    26: _GROUP,
}
"""What a request is about: ``group`` (also a transaction), ``groups``, ``topics`` by ``name`` or ``id``."""

ANSWERS: Final[dict[int, Shape]] = {
    PRODUCE: shape("""
        topics[
            name:str:0-12 id:uuid:13
            partitions[
                index:i4 error:i2 offset:i8 appended:i8:2 start:i8:5 errors[ index:i4 message:str ]:8 message:str:8
            ]
        ]
    """),
    2: shape("""
        throttle:i4:2
        topics[ name:str partitions[ index:i4 error:i2 offsets:i8*:0-0 timestamp:i8:1 offset:i8:1 epoch:i4:4 ] ]
    """),
    METADATA: shape("""
        throttle:i4:3
        brokers[ node:i4 host:str port:i4 rack:str:1 ]
        cluster:str:2 controller:i4:1
        topics[
            error:i2 name:str id:uuid:10 internal:i1:1
            partitions[ error:i2 index:i4 leader:i4 epoch:i4:7 replicas:i4* synced:i4* offline:i4*:5 ]
            operations:i4:8
        ]
        operations:i4:8-10 error:i2:13
    """),
    8: shape("throttle:i4:3 topics[ name:str:0-9 id:uuid:10 partitions[ index:i4 error:i2 ] ]"),
    9: shape("""
        throttle:i4:3
        topics[ name:str partitions[ index:i4 offset:i8 epoch:i4:5 metadata:str error:i2 ] ]:0-7
        error:i2:2-7
        groups[
            group:str
            topics[ name:str:8-9 id:uuid:10 partitions[ index:i4 offset:i8 epoch:i4 metadata:str error:i2 ] ]
            error:i2
        ]:8
    """),
    FIND_COORDINATOR: shape("""
        throttle:i4:1 error:i2:0-3 message:str:1-3 node:i4:0-3 host:str:0-3 port:i4:0-3
        brokers[ key:str node:i4 host:str port:i4 error:i2 message:str ]:4
    """),
    11: shape("throttle:i4:2 error:i2"),
    12: _ERROR,
    13: _ERROR,
    14: _ERROR,
    17: shape("error:i2"),
    18: shape("error:i2"),
    19: shape("""
        throttle:i4:2
        topics[
            name:str id:uuid:7 error:i2 message:str:1 count:i4:5 factor:i2:5
            configs[ name:str value:str read_only:i1 source:i1 sensitive:i1 ]:5
        ]
    """),
    22: shape("throttle:i4 error:i2"),
    25: shape("throttle:i4 error:i2"),
    26: shape("throttle:i4 error:i2"),
    36: shape("error:i2"),
    DESCRIBE_CLUSTER: shape("""
        throttle:i4 error:i2 message:str kind:i1:1 cluster:str controller:i4
        brokers[ node:i4 host:str port:i4 rack:str fenced:i1:2 ]
    """),
}
"""How it ended (``error``, anywhere), the brokers' addresses, the topics' names and ids."""
