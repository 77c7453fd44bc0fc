"""How a visit to the dashboard ended; what the command does next follows from it alone. No textual in here."""

from enum import StrEnum


class Outcome(StrEnum):
    """What the user wants for the system now that the dashboard is gone.

    ``STOP``: the system is to be down. The dashboard has asked for it and shown the progress (or the user did not wait
    for the end of it); the command makes sure. ``LEAVE``: it goes on running. ``CRASHED``: the dashboard had a defect
    and said so; the system goes on running, and the command's exit code is not 0.
    """

    STOP = "stop"
    LEAVE = "leave"
    CRASHED = "crashed"
