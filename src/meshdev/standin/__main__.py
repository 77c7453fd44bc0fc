"""``python -m meshdev.standin ROLE``: started by the daemon as an instance of the service that it plays.

It listens on 127.0.0.1, on the ports that its environment names, and ends on SIGTERM: what is being said is said to its
end, for a moment. Lines for a person go to its output, which is the service's log.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from meshdev.errors import MeshdevError
from meshdev.mesh.settling import loop_factory, raise_open_files
from meshdev.standin.answering import Stage
from meshdev.standin.conversation import Conversation
from meshdev.standin.role import Role, read
from meshdev.standin.staging import staged

if TYPE_CHECKING:
    from meshdev.standin.grpc_stage import GrpcStage

LAST_WORDS_SECONDS: Final = 2.0
BACKLOG: Final = 1024
COLLECT_AFTER: Final = (20_000, 20, 20)


def tell(line: str) -> None:
    """A line for the log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def serve(role: Role, ports: dict[str, int]) -> None:
    """Play ``role`` until SIGTERM; ``ports`` by endpoint."""
    loop = asyncio.get_running_loop()
    stages = staged(role, tell)
    gc.collect()
    gc.freeze()  # the recordings stay: no collection needs to look at them again
    gc.set_threshold(*COLLECT_AFTER)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    servers = []
    for endpoint, stage in stages.items():
        if isinstance(stage, Stage):
            sock = _listening(ports[endpoint])
            servers.append(await loop.create_server(_accepting(loop, stage), sock=sock, backlog=BACKLOG))
        else:
            await stage.listen(ports[endpoint])
    await ended.wait()
    for server in servers:
        server.close()
    await _last_words(list(stages.values()))


def _accepting(loop: asyncio.AbstractEventLoop, stage: Stage) -> Callable[[], Conversation]:
    return lambda: Conversation(loop, stage)


def _listening(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)  # noqa: FBT003 -- the socket module's own signature
    sock.bind(("127.0.0.1", port))
    return sock


async def _last_words(stages: "list[Stage | GrpcStage]") -> None:
    """Let what is being said be said; not for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_SECONDS):
            await asyncio.gather(*(stage.ends() for stage in stages))
    for stage in stages:
        if stage.passing is not None:
            await stage.passing.close()


def main() -> int:
    """Play until SIGTERM; 1 when there is nothing to play, with the reason in the log."""
    match sys.argv[1:]:
        case [argument]:
            role = read(argument)
        case _:
            sys.exit("usage: python -m meshdev.standin ROLE (started by the daemon, not by hand)")
    ports = {endpoint: int(os.environ[variable]) for endpoint, variable in role.ports.items()}
    raise_open_files()
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(role, ports))
    except MeshdevError as error:
        tell(f"cannot play {role.service}: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
