"""The daemon's side of a recording alone: ``python -m benchmarks.recording.serve FOLDER UPSTREAM on|off``.

Says port and pids in a line of JSON and serves until its standard input ends; then the recording is closed, which
another line tells.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from meshdev.daemon.recording.process import RecorderProcess
from meshdev.mesh.fleet import Fleet
from meshdev.recording.model import Meta
from meshdev.storage.recordings.key import redaction_key
from meshdev.storage.recordings.library import Library, Totals
from meshdev.wire.capture import Begin, Finish, Finished, FromRecorder, Secrets
from meshdev.wire.mesh import Dump, EdgeKey, EdgePolicy, Upstream

NAME = "bench"
_KEEP = 2 << 20
_EDGE = EdgeKey("orders", "payments")


async def _serve(folder: Path, upstream: int, *, record: bool) -> None:
    fleet = Fleet(ports_file=folder / "ports.json", report=_say, exchanged=lambda *_: None)
    finished: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()

    def told(message: FromRecorder) -> None:
        if isinstance(message, Finished):
            finished.set_result(message)

    process = RecorderProcess(fleet, {}, told, lambda: _say("the recorder ended"))
    await fleet.start()
    try:
        meta = Meta(name=NAME, created=time.time(), edges=("orders -> payments",))
        if record:
            made = Library(folder).begin(meta)
            process.ensure(Secrets(redaction_key(folder / "key")))
            process.say(Begin(NAME, str(made)))
        port = fleet.listen(_EDGE)
        await fleet.wait_acked(fleet.apply({_EDGE: _policy(upstream, record=record)}))
        pids = [pid for _, pid in fleet.processes()] + ([process.pid] if record else [])
        print(json.dumps({"port": port, "pids": pids}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        if record:
            await fleet.wait_acked(fleet.apply({_EDGE: _policy(upstream, record=False)}))
            process.say(Finish(NAME, 1))
            fleet.dump(Dump(1, 0.0))
            end = await finished
            Library(folder).describe(meta, Totals(exchanges=end.exchanges, lost=end.lost))
            print(json.dumps({"exchanges": end.exchanges, "lost": end.lost}), flush=True)
            await process.close()
    finally:
        await fleet.close()


def _policy(upstream: int, *, record: bool) -> EdgePolicy:
    to = (Upstream("127.0.0.1", upstream, "payments-0@1"),)
    return EdgePolicy(to, "http", keep=_KEEP, recorded=record)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), record=sys.argv[3] == "on"))
