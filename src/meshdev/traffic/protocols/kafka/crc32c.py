"""CRC-32C (Castagnoli), by which a batch of records is checked; only batches that a fault changes need a new one."""

from typing import Final

_POLYNOMIAL: Final = 0x82F63B78
_table: list[int] = []


def crc32c(data: bytes) -> int:
    """The checksum."""
    if not _table:
        for byte in range(256):
            crc = byte
            for _ in range(8):
                crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
            _table.append(crc)
    table, crc = _table, 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF
