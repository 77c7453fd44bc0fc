"""The daemon's side of the mesh alone: routes come in as one line of JSON, ports and pids go out, then it serves.

It ends when its standard input does.
"""

import asyncio
import json
import sys
from pathlib import Path

from meshdev.mesh.fleet import Fleet
from meshdev.wire.mesh import EdgeKey, EdgePolicy, Upstream


def main() -> None:
    """``python -m benchmarks.mesh.serve PORTS_FILE [BYTES]``: so many bytes of each edge's last calls are kept."""
    routes = json.loads(sys.stdin.readline())
    keep = int(sys.argv[2]) if len(sys.argv) > 2 else 0  # noqa: PLR2004 - it was given
    asyncio.run(_serve(Path(sys.argv[1]), routes, keep))


async def _serve(ports_file: Path, routes: list[tuple[str, int]], keep: int) -> None:
    fleet = Fleet(ports_file=ports_file, report=_say, exchanged=lambda *_: None)
    await fleet.start()
    try:
        policies = {
            EdgeKey("bench", f"s{number}"): EdgePolicy(
                (Upstream("127.0.0.1", port, f"s{number}-0@1"),), kind, keep=keep if kind == "http" else 0
            )
            for number, (kind, port) in enumerate(routes)
        }
        ports = [fleet.listen(edge) for edge in policies]
        await fleet.wait_acked(fleet.apply(policies))
        print(json.dumps({"ports": ports, "workers": [pid for _, pid in fleet.processes()]}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    finally:
        await fleet.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
