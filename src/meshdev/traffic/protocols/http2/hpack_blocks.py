"""Header blocks of HTTP/2 (RFC 7541): read with a table that follows the writer's, written without any.

`BlockReader` stands for one direction of a connection and must see every block of it. What a block says is remembered
by its bytes for as long as the table stays as it is, since callers repeat themselves: then nothing is decoded at all.
`literal` writes blocks that are right whatever the reader's table holds, and change nothing in it (§6.2.2).

Tables and Huffman codes are the library's (hpack); the loop over a block is ours, a third of its cost.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from hpack import HPACKError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

MOST_TABLE: Final = 64 * 1024
MOST_BLOCK: Final = 64 * 1024  # of a block as it is sent
MOST_FIELDS_SIZE: Final = 256 * 1024  # of what it says: a small block may repeat a large field often
_REMEMBERED: Final = 64
_MOST_REMEMBERED_SIZE: Final = 4096
_STATIC: Final = HeaderTable.STATIC_TABLE
_FIRST_DYNAMIC: Final = len(_STATIC) + 1
_INDEXED, _ADDED, _RESIZED, _NEVER, _HUFFMAN = 0x80, 0x40, 0x20, 0x10, 0x80
_DEFAULT_TABLE: Final = HeaderTable.DEFAULT_SIZE

T = TypeVar("T")
U = TypeVar("U")
Field = tuple[bytes, bytes]
Fields = tuple[Field, ...]


class BlockError(ValueError):
    """A block that cannot be, or is too large; the table is lost with it."""


class Sensitive(bytes):
    """A value that must never be indexed, on no hop (§7.1.3)."""

    __slots__ = ()


class BlockReader(Generic[T]):
    """Decodes the blocks of one direction, in their order; ``means`` makes of their fields what somebody wants."""

    __slots__ = ("_means", "_remembered", "_table")

    def __init__(self, means: Callable[[Fields], T]) -> None:
        self._means = means
        self._table = HeaderTable()
        self._remembered: dict[bytes, T] = {}

    def __repr__(self) -> str:
        return f"<BlockReader, {len(self._table.dynamic_entries)} fields in its table>"

    def copy(self, means: Callable[[Fields], U]) -> "BlockReader[U]":
        """Another one that has seen the same."""
        other = BlockReader(means)
        other._table.maxsize = self._table.maxsize
        for name, value in reversed(self._table.dynamic_entries):
            other._table.add(name, value)
        return other

    def read(self, block: bytes) -> T:
        """What ``block`` means. Raises BlockError."""
        known = self._remembered.get(block)
        if known is not None:
            return known
        try:
            return self._decode(block)
        except (IndexError, HPACKError) as error:
            raise BlockError("a header block that cannot be decoded") from error

    def _decode(self, block: bytes) -> T:
        fields: list[Field] = []
        table = self._table
        dynamic = table.dynamic_entries
        at, end, size, changes = 0, len(block), 0, False
        while at < end:
            first = block[at]
            if first & _INDEXED:
                index, at = _integer(block, at, 0x7F)
                field = _STATIC[index - 1] if 0 < index < _FIRST_DYNAMIC else dynamic[_offset(index)]
            elif first & (_ADDED | _RESIZED) == _RESIZED:
                if fields:
                    raise BlockError("a header block that resizes the table too late")
                changes = True
                table.maxsize, at = _integer(block, at, 0x1F)
                if table.maxsize > MOST_TABLE:
                    raise BlockError(f"a header table of more than {MOST_TABLE} bytes")
                continue
            else:
                added = first & _ADDED
                index, at = _integer(block, at, 0x3F if added else 0x0F)
                if index:
                    name = (_STATIC[index - 1] if index < _FIRST_DYNAMIC else dynamic[_offset(index)])[0]
                else:
                    name, at = _text(block, at)
                value, at = _text(block, at)
                field = (name, Sensitive(value) if first & _NEVER and not added else value)
                if added:
                    changes = True
                    table.add(name, value)
            fields.append(field)
            size += len(field[0]) + len(field[1])
            if size > MOST_FIELDS_SIZE:
                raise BlockError(f"header fields of more than {MOST_FIELDS_SIZE} bytes")
        found = self._means(tuple(fields))
        if changes:
            self._remembered.clear()
        elif len(self._remembered) < _REMEMBERED and size < _MOST_REMEMBERED_SIZE and end < size:
            self._remembered[block] = found
        return found


def _offset(index: int) -> int:
    """Where a dynamic field stands. Raises IndexError: 0 is no index."""
    if index < _FIRST_DYNAMIC:
        raise IndexError
    return index - _FIRST_DYNAMIC


def _integer(block: bytes, at: int, mask: int) -> tuple[int, int]:
    """An integer whose prefix has the bits of ``mask`` (§5.1), and where it ends. Raises IndexError, BlockError."""
    value = block[at] & mask
    at += 1
    if value < mask:
        return value, at
    shift = 0
    while True:
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value, at
        shift += 7
        if shift > 28:  # noqa: PLR2004 - nothing that we take is so large
            raise BlockError("a number in a header block that is too large")


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    """A name or a value (§5.2), and where it ends. Raises IndexError, HPACKError."""
    huffman = block[at] & _HUFFMAN
    length, at = _integer(block, at, 0x7F)
    end = at + length
    if end > len(block):
        raise IndexError
    text = block[at:end]
    return (decode_huffman(text) if huffman else text), end


def literal(fields: Fields, table_size: int = _DEFAULT_TABLE) -> bytes:
    """A block that says ``fields`` by literals without indexing.

    Where the reader lets its table have less than the default, ``table_size`` bytes, the block says so first (§4.2).
    """
    out = bytearray()
    if table_size < _DEFAULT_TABLE:
        _add_integer(out, table_size, 0x1F, _RESIZED)
    for name, value in fields:
        out.append(_NEVER if type(value) is Sensitive else 0)
        _add_integer(out, len(name), 0x7F, 0)
        out += name
        _add_integer(out, len(value), 0x7F, 0)
        out += value
    return bytes(out)


def _add_integer(out: bytearray, value: int, mask: int, flags: int) -> None:
    if value < mask:
        out.append(flags | value)
        return
    out.append(flags | mask)
    value -= mask
    while value >= 0x80:  # noqa: PLR2004 - more than fits into one byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
