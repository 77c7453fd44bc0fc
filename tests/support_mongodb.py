"""A small server that speaks MongoDB's protocol as its specification says: no wheel has a real one.

It keeps documents in memory, knows a handful of commands with equality filters, unique ``_id``, cursors, exhaust,
unacknowledged writes, zlib and zstd compression, and fails as it is told. Its BSON is pymongo's.
"""

import socketserver
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import bson
import zstandard

OP_REPLY, OP_QUERY, OP_COMPRESSED, OP_MSG = 1, 2004, 2012, 2013
MORE_TO_COME, EXHAUST_ALLOWED = 2, 1 << 16
COMPRESSORS: Final[dict[int, tuple[str, Callable[[bytes], bytes], Callable[[bytes], bytes]]]] = {
    2: ("zlib", zlib.compress, zlib.decompress),
    3: ("zstd", zstandard.compress, zstandard.decompress),
}
Document = dict[str, Any]


@dataclass(slots=True)
class Fake:
    """A server: its port, its collections, the errors that commands shall fail with (code, name)."""

    port: int = 0
    compression: list[str] = field(default_factory=list)
    collections: dict[str, list[Document]] = field(default_factory=dict)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    cursors: dict[int, list[Document]] = field(default_factory=dict)

    def run(self, command: Document) -> Document:
        """The answer to a command."""
        name, about = next(iter(command.items()))
        if name in self.errors:
            code, word = self.errors[name]
            return {"ok": 0.0, "errmsg": f"{name} failed", "code": code, "codeName": word}
        handler = getattr(self, f"_{name.lower()}", None)
        if handler is None:
            return {
                "ok": 0.0,
                "errmsg": f"no such command: '{name}'",
                "code": 59,
                "codeName": "CommandNotFound",
            }
        return {**handler(f"{command.get('$db')}.{about}", command), "ok": 1.0}

    def _hello(self, _: str, command: Document) -> Document:
        return {
            "helloOk": True, "isWritablePrimary": True, "ismaster": True, "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0, "maxWireVersion": 21, "readOnly": False,
            "compression": [it for it in command.get("compression", []) if it in self.compression],
        }  # fmt: skip

    _ismaster = _hello

    def _ping(self, _: str, __: Document) -> Document:
        return {}

    _endsessions = _ping

    def _insert(self, where: str, command: Document) -> Document:
        kept = self.collections.setdefault(where, [])
        errors = []
        for n, document in enumerate(command["documents"]):
            if any(it["_id"] == document["_id"] for it in kept):
                errors.append({"index": n, "code": 11000, "errmsg": "E11000 duplicate key"})
            else:
                kept.append(document)
        found: Document = {"n": len(command["documents"]) - len(errors)}
        return {**found, "writeErrors": errors} if errors else found

    def _find(self, where: str, command: Document) -> Document:
        wanted = command.get("filter", {}).items()
        found = [it for it in self.collections.get(where, []) if all(it.get(k) == v for k, v in wanted)]
        return self._batch(where, "firstBatch", found, command.get("batchSize", 101))

    def _getmore(self, _: str, command: Document) -> Document:
        left = self.cursors.pop(command["getMore"], [])
        return self._batch(
            f"{command['$db']}.{command['collection']}", "nextBatch", left, command.get("batchSize", 101)
        )

    def _batch(self, where: str, name: str, found: list[Document], size: int) -> Document:
        cursor = 0
        if len(found) > size:
            cursor = len(self.cursors) + 17
            self.cursors[cursor] = found[size:]
        return {"cursor": {name: found[:size], "id": bson.Int64(cursor), "ns": where}}

    def _delete(self, where: str, command: Document) -> Document:
        wanted = command["deletes"][0]["q"].items()
        kept = self.collections.get(where, [])
        gone = [it for it in kept if all(it.get(k) == v for k, v in wanted)]
        self.collections[where] = [it for it in kept if it not in gone]
        return {"n": len(gone)}


class _Connection(socketserver.BaseRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        """Answer until the caller leaves."""
        while len(head := self._read(16)) == 16:
            length, number, _, operation = struct.unpack("<iiii", head)
            self._answer(number, operation, self._read(length - 16), 0)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (more := self.request.recv(size - len(data))):
            data += more
        return data

    def _answer(self, number: int, operation: int, body: bytes, compressor: int) -> None:
        if operation == OP_COMPRESSED:
            original, _, compressor = struct.unpack_from("<iiB", body)
            self._answer(number, original, COMPRESSORS[compressor][2](body[9:]), compressor)
            return
        fake = self.server.fake
        if operation == OP_QUERY:
            command = bson.decode(body[body.index(b"\0", 4) + 9 :])
            document = bson.encode(fake.run(command.get("$query", command)))
            self._send(number, OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + document, 0)
            return
        (flags,) = struct.unpack_from("<I", body)
        command = _command(body)
        answer = fake.run(command)
        if flags & MORE_TO_COME:
            return
        while flags & EXHAUST_ALLOWED and (cursor := answer.get("cursor", {}).get("id")):
            number = self._send(
                number, OP_MSG, struct.pack("<IB", MORE_TO_COME, 0) + bson.encode(answer), compressor
            )
            where, _, collection = answer["cursor"]["ns"].partition(".")
            answer = fake.run({"getMore": cursor, "collection": collection, "$db": where, "batchSize": 2})
        self._send(number, OP_MSG, struct.pack("<IB", 0, 0) + bson.encode(answer), compressor)

    def _send(self, answers: int, operation: int, body: bytes, compressor: int) -> int:
        if compressor:
            body = struct.pack("<iiB", operation, len(body), compressor) + COMPRESSORS[compressor][1](body)
            operation = OP_COMPRESSED
        number = self.server.number()
        self.request.sendall(struct.pack("<iiii", len(body) + 16, number, answers, operation) + body)
        return number


def _command(body: bytes) -> Document:
    """A command with its document sequences."""
    command: Document = {}
    at = 4
    while at < len(body):
        kind, size = struct.unpack_from("<Bi", body, at)
        section = body[at + 1 : at + 1 + size]
        if kind == 0:
            command = {**bson.decode(section), **command}
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
        at += 1 + size
    first = next(name for name in command if name not in {"documents", "deletes", "updates"})
    return {first: command[first], **command}


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, fake: Fake, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.fake = fake
        self._lock = threading.Lock()
        self._number = 1_000_000

    def number(self) -> int:
        """A message's."""
        with self._lock:
            self._number += 1
            return self._number


@contextmanager
def mongodb(*compression: str) -> Iterator[Fake]:
    """A server that has these compressors."""
    fake = Fake(compression=list(compression))
    with _Server(fake) as server:
        fake.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def serve(port: int) -> None:
    """A server there, until the process is ended."""
    with _Server(Fake(port), port) as server:
        server.serve_forever()
