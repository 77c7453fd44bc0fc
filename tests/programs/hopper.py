"""Forks, takes a session of its own and ends, again and again: by the time one looks, it is somebody else.

Ends by itself after five seconds, so that a test that fails leaves nothing.
"""

import os
import signal
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
end = time.monotonic() + 5
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.002)
