"""The API's description against the API itself."""

from typing import Any, cast

from meshdev.daemon.api import build_api
from meshdev.daemon.openapi import openapi_document


def test_every_route_is_described_and_nothing_else() -> None:
    """Paths and methods of the application and of the document are the same."""
    app = build_api(cast("Any", None))
    served = {
        (getattr(route, "path", ""), method.lower())
        for route in app.routes
        for method in (getattr(route, "methods", None) or {"GET"})
        if method != "HEAD"
    }
    described = {
        (path, method) for path, operations in openapi_document()["paths"].items() for method in operations
    }

    assert served == described | {("/v1/openapi.json", "get")}


def test_every_reference_leads_somewhere() -> None:
    """No ``$ref`` of the document is dangling."""
    document = openapi_document()
    found: list[str] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            found.extend(value for key, value in part.items() if key == "$ref")
            for value in part.values():
                walk(value)
        elif isinstance(part, list | tuple):
            for value in part:
                walk(value)

    walk(document)
    names = {reference.rpartition("/")[2] for reference in found}

    assert names
    assert names <= set(document["components"]["schemas"])
