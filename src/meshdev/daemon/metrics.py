"""The opt-in listener for Prometheus: ``GET /metrics`` on a loopback port, as the topology names it. Reads only."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from meshdev.daemon.opt_in import OptInListener

if TYPE_CHECKING:  # few ask for metrics; nobody else shall wait for the server's modules
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Render = Callable[[str], tuple[bytes, str]]


class MetricsListener(OptInListener):
    """Serves what ``render`` gives for an ``Accept`` header."""

    def __init__(self, render: Render, complain: Callable[[str], None]) -> None:
        super().__init__("metrics", self._app, complain)
        self._render = render

    def _app(self) -> "Starlette":
        from starlette.applications import Starlette  # noqa: PLC0415
        from starlette.routing import Route  # noqa: PLC0415

        return Starlette(routes=[Route("/metrics", self._metrics)])

    async def _metrics(self, request: "Request") -> "Response":
        from starlette.responses import Response  # noqa: PLC0415

        text, content_type = self._render(request.headers.get("accept", ""))
        return Response(text, media_type=content_type)
