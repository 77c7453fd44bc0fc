"""The lease by which the daemon knows that this process lives: faults that were injected under it end with it.

A thread renews it, so that a test may block, and a process that is killed leaves no fault behind for longer than
`SECONDS`.
"""

import threading

from meshdev.client import fault_calls
from meshdev.client.control import Control
from meshdev.errors import MeshdevError
from meshdev.wire.fault_views import LeaseRequest

SECONDS = 10.0


class LeaseKeeper:
    """Takes the lease when it is first needed."""

    def __init__(self, control: Control, holder: str) -> None:
        self._control = control
        self._holder = holder
        self._id = ""
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """The lease; raises MeshdevError when it cannot be had."""
        with self._lock:
            if not self._id:
                request = LeaseRequest(seconds=SECONDS, holder=self._holder)
                self._id = self._control.send(fault_calls.take_lease(request)).id
                threading.Thread(target=self._renew, name="meshdev lease", daemon=True).start()
            return self._id

    def close(self) -> None:
        """Give it back; whatever was injected under it ends."""
        self._stop.set()
        with self._lock:
            lease, self._id = self._id, ""
        if lease:
            self._control.send(fault_calls.end_lease(lease))

    def _renew(self) -> None:
        while not self._stop.wait(SECONDS / 3):
            with self._lock:
                lease = self._id
            try:
                self._control.send(fault_calls.renew_lease(lease))
            except MeshdevError:
                with self._lock:
                    self._id = ""  # the daemon is another one, or was away for too long: the next fault takes a new one
                return
