"""What a file holds for who looks for something in it: journals of recordings without their compression."""

from pathlib import Path

import zstandard

from meshdev.recording.journal import MAGIC


def unpacked(file: Path) -> bytes:
    """A file's bytes; a journal's plain ones behind them, as far as they can be read."""
    data = file.read_bytes()
    if not data.startswith(MAGIC):
        return data
    stream = zstandard.ZstdDecompressor().decompressobj()
    at, plain = len(MAGIC), b""
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        plain += stream.decompress(data[at + 8 : at + 8 + size])
        at += 8 + size
    return plain
