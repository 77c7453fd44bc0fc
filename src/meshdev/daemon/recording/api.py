"""The routes of `wire.recording_views`."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meshdev.daemon.answers import Json, answer, body, name
from meshdev.daemon.recording.keeper import RecordingKeeper
from meshdev.errors import UsageError
from meshdev.wire.recording_views import RecordRequest, SaveLastRequest


def recording_routes(recordings: Callable[[], RecordingKeeper]) -> list[Route]:
    """What is asked of ``recordings``."""

    async def start(request: Request) -> Response:
        return Json(await recordings().start(await body(request, RecordRequest)))

    async def save_last(request: Request) -> Response:
        return Json(await recordings().save_last(await body(request, SaveLastRequest)))

    async def stop(request: Request) -> Response:
        return Json(await recordings().stop(name(request)))

    async def recall(request: Request) -> Response:
        at = request.query_params.get("at", "")
        try:
            since = float(at) if at else None
        except ValueError:
            raise UsageError(f"at={at!r}: accepted are seconds since the epoch") from None
        return Json(await recordings().recall(request.path_params["span"], since))

    return [
        Route("/v1/traffic/{span}", recall),
        Route("/v1/recordings", answer(lambda _: recordings().views())),
        Route("/v1/recordings/start", start, methods=["POST"]),
        Route("/v1/recordings/save-last", save_last, methods=["POST"]),
        Route("/v1/recordings/{name}/stop", stop, methods=["POST"]),
    ]
