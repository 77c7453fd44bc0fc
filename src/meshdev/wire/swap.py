"""Somebody else plays a service: POST /v1/services/{name}/swap takes a `SwapRequest` and answers a `SwapView`.

What comes of it is the next ``last_reload`` of the service.
"""

from meshdev.wire.control import ServiceView, View


class SwapRequest(View, frozen=True, kw_only=True):
    """Who plays a service from now on, in place of whoever does.

    ``target`` is ``recording:NAME[,NAME2]``, ``stub`` (the file's), ``url:http://…``, ``file`` (as the file says), or
    ``process`` or ``container``: itself, as the file or else another profile has it.
    The rest is for recordings, over what the file's ``stub`` says; None leaves that.
    """

    target: str
    timing: str | None = None
    on_miss: str | None = None
    url: str | None = None


class SwapView(View, frozen=True, kw_only=True):
    """The service when it was asked for; ``changed`` is False when it was played so already."""

    service: ServiceView
    changed: bool
