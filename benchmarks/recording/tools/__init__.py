"""The recorders that are compared; a new one is a file here and a line in `ALL`. The first is ours."""

from typing import Final

from benchmarks.recording.tools.base import Recorder
from benchmarks.recording.tools.mitmproxy import Mitmproxy
from benchmarks.recording.tools.mountebank import Mountebank
from benchmarks.recording.tools.ours import Meshdev
from benchmarks.recording.tools.vcrpy import Vcrpy
from benchmarks.recording.tools.wiremock import WireMock, WireMockScenarios

ALL: Final[tuple[Recorder, ...]] = (Meshdev(), Mitmproxy(), Vcrpy(), WireMock(), Mountebank())
BY_THEIR_BEST: Final[tuple[Recorder, ...]] = (
    Meshdev(),
    Mitmproxy(),
    Vcrpy(),
    WireMockScenarios(),
    Mountebank(),
)
"""The same, recording so that replays come out best, whatever that costs."""
