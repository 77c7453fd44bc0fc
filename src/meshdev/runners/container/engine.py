"""Calls to the engine by the docker package, each in a thread of a small pool, so that the loop never waits.

Every failure is an `EngineError` with words for a person. The package is imported by the first call, in its thread.
"""

import asyncio
import errno
import os
import re
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from meshdev.runners.container.threads import Threads
from meshdev.runners.container.trouble import EngineError, no_package, unreachable

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")
THREADS = 8
_TIMEOUT = 60
_NUMBER = re.compile(r"\[Errno (\d+)\]|Errno (\d+)|\((\d+), ")


class Engine:
    """The engine at ``address``; nothing is connected before the first call."""

    def __init__(self, address: str, threads: int = THREADS) -> None:
        self.address = address
        self._threads = Threads(threads, "engine")
        self._client: APIClient | None = None
        self._lock = Lock()

    async def call(self, ask: "Callable[[APIClient], T]") -> T:
        """What ``ask`` makes of the client, asked in a thread. Raises EngineError."""
        return await asyncio.wrap_future(self._threads.submit(lambda: self.ask(ask)))

    def ask(self, ask: "Callable[[APIClient], T]") -> T:
        """The same, blocking."""
        try:
            return ask(self._connected())
        except Exception as error:
            found = explain(error, self.address)
            if found is None:
                raise
            raise found from error

    def close(self) -> None:
        """Let the threads end; calls that wait are dropped."""
        self._threads.close()
        if self._client is not None:
            self._client.close()

    def _connected(self) -> "APIClient":
        with self._lock:
            if self._client is None:
                try:
                    from docker import APIClient  # noqa: PLC0415 -- heavy, and only for those who have containers
                except ImportError:
                    raise no_package() from None
                self._client = APIClient(self.address, version="auto", timeout=_TIMEOUT)
            return self._client


def explain(error: Exception, address: str) -> EngineError | None:
    """``error`` in words for a person; None for what is a defect of ours."""
    if isinstance(error, EngineError):
        return error
    from docker.errors import APIError, DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    if isinstance(error, APIError):
        status = error.response.status_code if error.response is not None else 0
        return EngineError(str(error.explanation or error).strip(), status=status)
    if isinstance(error, DockerException | RequestException | OSError):
        number = next(_numbers(error), None)
        if number is None and isinstance(error, DockerException) and "while fetching" not in str(error):
            return EngineError(str(error))
        return unreachable(address, number, str(error))
    return None


def _numbers(error: BaseException | None) -> Iterator[int]:
    """System error numbers, from an error through all that it was made of."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        if isinstance(one, OSError) and one.errno is not None and one.errno in errno.errorcode:
            yield one.errno
        waiting += [one.__cause__, one.__context__]
        waiting += [inner for inner in one.args if isinstance(inner, BaseException)]
        waiting += (
            [getattr(one, "reason", None)] if isinstance(getattr(one, "reason", None), BaseException) else []
        )
    for one in seen:
        match = _NUMBER.search(str(one))
        if match:
            number = int(next(group for group in match.groups() if group))
            if number in errno.errorcode and os.strerror(number):
                yield number
