"""What a replay needs, put together: which calls, what is noise in them, and where the service is. Pure."""

import math
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from meshdev.errors import ServiceError, UsageError
from meshdev.kernel.nearest import did_you_mean
from meshdev.recording.comparison import learn_noise
from meshdev.recording.model import Recording
from meshdev.replaying.calls import Calls
from meshdev.replaying.chosen import chosen
from meshdev.replaying.session import Progress, Session
from meshdev.wire.control import ServiceView


def prepared(
    recording: Recording,
    service: str,
    redact: Callable[[str], str],
    progress: Progress,
    *,
    edges: Sequence[str] = (),
    speed: float = math.inf,
) -> Session:
    """A session of the calls to ``service``. Raises UsageError when there are none."""
    calls = Calls(recording)
    recording = calls.recording
    noise = learn_noise(recording.exchanges).joined(recording.meta.noise)
    return Session(
        recording.meta.name,
        chosen(recording, service, edges),
        noise,
        redact,
        speed,
        progress=progress,
        calls=calls,
    )


def given_url(text: str) -> str:
    """A URL that a person gives. Raises UsageError for what nothing can be sent to."""
    try:
        parts = urlsplit(text)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return text
    except ValueError:
        pass  # a port that is none
    raise UsageError(f"found {text!r}; accepted: an http:// or https:// URL", hint="http://127.0.0.1:8080")


def address(views: Sequence[ServiceView], service: str) -> str:
    """Where a running service is reached. Raises UsageError, ServiceError."""
    view = next((view for view in views if view.name == service), None)
    if view is None:
        raise UsageError(
            f"no service is called {service!r}",
            hint=did_you_mean(service, [view.name for view in views], what="services"),
        )
    port = next((one.port for one in view.instances if one.port and one.role == "serving"), None)
    if port is not None:
        return f"{'https' if view.tls else 'http'}://127.0.0.1:{port}"
    if view.url:
        return view.url
    raise ServiceError(f"{service} serves nothing: it is {view.phase}", hint=view.why)
