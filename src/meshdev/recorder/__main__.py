"""The recorder process: ``python -m meshdev.recorder --fd N``, started by the daemon with the first recording.

It ends when the daemon is gone, and with it (`PR_SET_PDEATHSIG`): what was acknowledged is on the disk by then.
"""

import asyncio
import os
import signal
import socket
import sys

from meshdev.mesh.settling import loop_factory, settle_in
from meshdev.recorder.recorder import Recorder
from meshdev.recorder.redacting import redacting


async def _serve(sock: socket.socket) -> None:
    recorder = Recorder(asyncio.get_running_loop(), sock, redacting)
    await recorder.finished.wait()


def main() -> None:
    """Record until the channel breaks."""
    match sys.argv[1:]:
        case ["--fd", number] if number.isdecimal():
            channel = socket.socket(fileno=int(number))
        case _:
            sys.exit("usage: python -m meshdev.recorder --fd N (started by the daemon, not by hand)")
    channel.set_inheritable(False)
    settle_in()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(channel))
        os._exit(0)


if __name__ == "__main__":
    main()
