"""Images: there, pulled, or built; with progress in words and the build's output as it comes. Blocking, for threads.

Builds go to the engine's own builder (``POST /build``) with the context as ``.dockerignore`` leaves it. What only
BuildKit can do (secrets, ssh, further contexts) is refused with the way out.
"""

import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meshdev.kernel.quantity import format_size
from meshdev.runners.container.trouble import NOT_FOUND, EngineError
from meshdev.topology.container import Container, ImageBuild, PullPolicy

if TYPE_CHECKING:
    from docker import APIClient

_BUILDKIT_HINT = "build it with `docker buildx build` and name the result with image"
_ENGINES_OWN = ("Removing intermediate container", "---> ")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Image:
    """What the engine knows of an image: its id, whether it has a healthcheck, which ports it says it listens on."""

    id: str
    name: str
    healthcheck: bool = False
    stop_signal: str = ""
    exposed: tuple[int, ...] = ()
    created: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telling:
    """Who hears how far it is (``progress``: one line) and what the builder prints (``output``)."""

    progress: Callable[[str], None]
    output: Callable[[bytes], None]


def find_image(client: "APIClient", name: str) -> Image | None:
    """The image as it is there now."""
    from docker.errors import APIError  # noqa: PLC0415 -- see `engine`

    try:
        found = client.inspect_image(name)  # type: ignore[no-untyped-call]
    except APIError as error:
        if error.response is not None and error.response.status_code == NOT_FOUND:
            return None
        raise
    config = found.get("Config") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    exposed = tuple(
        int(port.partition("/")[0]) for port in config.get("ExposedPorts") or {} if port.endswith("/tcp")
    )
    environment = dict(entry.partition("=")[::2] for entry in config.get("Env") or ())
    return Image(
        id=found["Id"],
        name=name,
        healthcheck=test != ["NONE"],
        stop_signal=config.get("StopSignal") or "",
        exposed=exposed,
        environment=environment,
    )


def pull_image(client: "APIClient", name: str, platform: str, policy: PullPolicy, telling: Telling) -> Image:
    """The image ``name``: as it is there, or pulled, as the policy says. Raises EngineError."""
    here = find_image(client, name)
    if here is not None and policy.policy != "always":
        return here
    if policy.policy in ("never", "build"):
        raise EngineError(
            f"image {name} is not here, and pull_policy is {policy.policy}", hint=f"docker pull {name}"
        )
    try:
        _pull(client, name, platform, telling)
    except EngineError as error:
        if here is not None:
            telling.output(
                f"{name} cannot be pulled, the one that is here is used: {error.message}\n".encode()
            )
            return here
        hint = f"is its name right? `docker pull {name}` tells more; or give the service a build"
        raise EngineError(
            f"image {name} is not here and cannot be pulled: {error.message}", hint=hint
        ) from error
    pulled = find_image(client, name)
    if pulled is None:
        raise EngineError(f"image {name} was pulled and is not here")
    return pulled


def _pull(client: "APIClient", name: str, platform: str, telling: Telling) -> None:
    from docker.errors import APIError  # noqa: PLC0415

    layers: dict[str, tuple[int, int]] = {}
    told = 0.0
    try:
        for line in client.pull(name, stream=True, decode=True, platform=platform or None):
            if "error" in line:
                raise EngineError(str(line["error"]))
            detail = line.get("progressDetail") or {}
            if detail.get("total") and line.get("status") == "Downloading":
                layers[line["id"]] = (detail["current"], detail["total"])
            if time.monotonic() - told > 0.25:  # noqa: PLR2004 -- seconds
                told = time.monotonic()
                telling.progress(_pull_text(name, layers))
    except APIError as error:
        raise EngineError(str(error.explanation or error)) from error


def _pull_text(name: str, layers: Mapping[str, tuple[int, int]]) -> str:
    if not layers:
        return f"pulling {name}"
    done, total = (sum(pair[index] for pair in layers.values()) for index in (0, 1))
    return f"pulling {name}: {format_size(done)} of {format_size(total)}"


def build_image(
    client: "APIClient", container: Container, build: ImageBuild, tag: str, telling: Telling
) -> Image:
    """Build and tag. Raises EngineError with the step that failed and what it said."""
    _refuse_buildkit(build)
    with tempfile.TemporaryDirectory(prefix="meshdev-build-") as folder:
        arguments = _arguments(container, build, tag, Path(folder))
        _read_build(client.build(**arguments), telling)
    found = find_image(client, tag)
    if found is None:
        raise EngineError(f"{tag} was built and is not here")
    for other in build.tags:
        repository, _, label = (
            other.rpartition(":") if ":" in other.rpartition("/")[2] else (other, "", "latest")
        )
        client.tag(tag, repository, label)
    return found


def _arguments(container: Container, build: ImageBuild, tag: str, folder: Path) -> dict[str, Any]:
    if build.context is not None and not build.context.is_dir():
        raise EngineError(f"there is no folder {build.context} to build from")
    dockerfile = build.dockerfile or None
    if build.dockerfile_inline:
        inline = folder / "Dockerfile"
        inline.write_text(build.dockerfile_inline, "utf-8")
        dockerfile = str(inline)
    elif build.context is not None and not (build.context / (dockerfile or "Dockerfile")).is_file():
        raise EngineError(f"there is no {dockerfile or 'Dockerfile'} in {build.context}")
    return {
        "path": build.remote or str(build.context),
        "dockerfile": dockerfile,
        "tag": tag,
        "target": build.target or None,
        "buildargs": dict(build.args),
        "labels": dict(build.labels) or None,
        "extra_hosts": dict(build.extra_hosts) or None,
        "cache_from": list(build.cache_from) or None,
        "network_mode": build.network or None,
        "shmsize": build.shm_size,
        "nocache": build.no_cache,
        "pull": build.pull,
        "platform": (build.platforms[0] if build.platforms else container.platform) or None,
        "rm": True,
        "forcerm": True,
        "decode": True,
    }


def _refuse_buildkit(build: ImageBuild) -> None:
    for word, written in (
        ("secrets", build.secrets),
        ("ssh", build.ssh),
        ("additional_contexts", build.additional_contexts),
        ("cache_to", build.cache_to),
        ("privileged", build.privileged),
    ):
        if written:
            raise EngineError(f"build.{word} needs BuildKit, which is not spoken here", hint=_BUILDKIT_HINT)


def _read_build(lines: Iterator[dict[str, Any]], telling: Telling) -> None:
    step, last = "", ""
    for line in lines:
        if "error" in line:
            said = str(line["error"]).strip()
            before = f" ({last})" if last and last not in said and not last.startswith("Step ") else ""
            raise EngineError(f"{step}: {said}{before}" if step else said)
        if text := line.get("stream"):
            telling.output(text.encode())
            for part in filter(None, map(str.strip, _ANSI.sub("", text).splitlines())):
                last = last if part.startswith(_ENGINES_OWN) else part
                if part.startswith("Step "):
                    step = part
                    telling.progress(f"building: {part}")
        elif status := line.get("status"):
            telling.progress(f"building: {status} {line.get('id', '')}".rstrip())
