"""What stands before the topics, and before the records of a partition, in Produce requests and Fetch answers."""

from collections.abc import Callable

from meshdev.traffic.protocols.kafka.fields import Reader
from meshdev.traffic.protocols.kafka.topics import Partition


def produce_head(reader: Reader, version: int) -> bool:
    """Read up to the topics; whether an answer is wanted."""
    if version >= 3:  # noqa: PLR2004 - with transactions
        reader.string()
    acks = reader.integer("i2")
    reader.integer("i4")
    return acks != 0


def produced_partition(reader: Reader) -> Partition:
    """Read a partition's fields up to its records."""
    reader.integer("i4")
    return Partition()


def fetched_head(reader: Reader, version: int) -> int:
    """Read up to the topics; the error of the whole."""
    if version >= 1:
        reader.integer("i4")
    if version < 7:  # noqa: PLR2004 - without sessions
        return 0
    error = reader.integer("i2")
    reader.integer("i4")
    return error


def fetched_partition(version: int) -> Callable[[Reader], Partition]:
    """What reads the same of an answer."""

    def read(reader: Reader) -> Partition:
        reader.integer("i4")
        error = reader.integer("i2")
        filled = reader.integer("i8")
        if version >= 4:  # noqa: PLR2004 - with transactions
            reader.integer("i8")
            if version >= 5:  # noqa: PLR2004 - with the log's beginning
                reader.integer("i8")
            for _ in range(reader.length()):  # those that were aborted
                reader.skip(16)
                reader.tags()
        if version >= 11:  # noqa: PLR2004 - with a replica to prefer
            reader.integer("i4")
        return Partition(error, filled)

    return read
