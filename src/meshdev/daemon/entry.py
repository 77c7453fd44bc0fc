"""Where the guardian enters the daemon: the reader is forked first, then the daemon's modules are imported."""

from meshdev.daemon.reading import Reading


def run(options: str, report_fd: int, guardian_fd: int) -> int:
    """As `app.run`, sooner."""
    reading = Reading.begin(options)
    from meshdev.daemon import app  # noqa: PLC0415 -- after the fork

    return app.run(options, report_fd, guardian_fd, reading)
