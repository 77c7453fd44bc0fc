"""One request of a load, as it went."""

from dataclasses import dataclass

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Shot:
    """One request of the load; times in seconds since its begin, ``latency`` from when it was due."""

    request: str
    due: float
    lag: float
    latency: float
    status: int = 0
    error: str = ""

    @property
    def failed(self) -> bool:
        """No answer, or one from 500 on."""
        return self.status == 0 or self.status >= _SERVER_ERROR
