"""The routes of `wire.fault_views`."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meshdev.daemon.answers import Json, answer, body, name
from meshdev.daemon.faults.keeper import FaultKeeper
from meshdev.traffic.faults.catalogue import CATALOGUE
from meshdev.traffic.faults.describe import kind_view
from meshdev.wire.fault_views import FaultRequest, FaultSwitch, LeaseRequest


def fault_routes(faults: Callable[[], FaultKeeper]) -> list[Route]:
    """What is asked of ``faults``."""
    routes = _Routes(faults)
    return [
        Route("/v1/faults", answer(lambda _: faults().views())),
        Route("/v1/faults", routes.add, methods=["POST"]),
        Route("/v1/faults/kinds", answer(lambda _: [kind_view(kind) for kind in CATALOGUE.values()])),
        Route("/v1/faults/clear", routes.clear, methods=["POST"]),
        Route("/v1/faults/{name}", answer(lambda request: faults().view(name(request)))),
        Route("/v1/faults/{name}", routes.remove, methods=["DELETE"]),
        Route("/v1/faults/{name}/on", routes.switch_on, methods=["POST"]),
        Route("/v1/faults/{name}/off", routes.switch_off, methods=["POST"]),
        Route("/v1/leases", routes.take_lease, methods=["POST"]),
        Route("/v1/leases/{name}/renew", routes.renew_lease, methods=["POST"]),
        Route("/v1/leases/{name}", routes.end_lease, methods=["DELETE"]),
    ]


class _Routes:
    """Handlers that read a body or wait for the mesh."""

    def __init__(self, faults: Callable[[], FaultKeeper]) -> None:
        self._faults = faults

    async def add(self, request: Request) -> Response:
        return Json(await self._faults().add(await body(request, FaultRequest)))

    async def clear(self, _: Request) -> Response:
        return Json(await self._faults().clear())

    async def remove(self, request: Request) -> Response:
        await self._faults().remove(name(request))
        return Response(status_code=204)

    async def switch_on(self, request: Request) -> Response:
        return Json(await self._faults().switch_on(name(request), await body(request, FaultSwitch)))

    async def switch_off(self, request: Request) -> Response:
        return Json(await self._faults().switch_off(name(request)))

    async def take_lease(self, request: Request) -> Response:
        return Json(self._faults().take_lease(await body(request, LeaseRequest)))

    async def renew_lease(self, request: Request) -> Response:
        return Json(self._faults().renew_lease(name(request)))

    async def end_lease(self, request: Request) -> Response:
        await self._faults().end_lease(name(request))
        return Response(status_code=204)
