"""Where the guardian enters the daemon: the reader is forked first, then the daemon's modules are imported."""

import gc

from meshdev.daemon.reading import Reading


def run(options: str, report_fd: int, guardian_fd: int) -> int:
    """As `app.run`, sooner."""
    reading = Reading.begin(options)
    gc.disable()  # modules are no garbage
    from meshdev.daemon import app  # noqa: PLC0415 -- after the fork

    gc.freeze()
    gc.enable()

    return app.run(options, report_fd, guardian_fd, reading)
