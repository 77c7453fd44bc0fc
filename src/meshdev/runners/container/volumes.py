"""Named volumes: made when a container mounts them first, kept when it goes; removed by `down --volumes`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from meshdev.runners.container.trouble import NOT_FOUND, EngineError
from meshdev.topology.container import Volume

if TYPE_CHECKING:
    from docker import APIClient


def ensure_volume(client: "APIClient", volume: Volume, name: str, labels: Mapping[str, str]) -> None:
    """Have the volume ``name``; an external one must be there. Blocking. Raises EngineError."""
    from docker.errors import APIError  # noqa: PLC0415 -- see `engine`

    if not volume.external:
        options = dict(volume.driver_opts)
        client.create_volume(name, volume.driver or None, options, {**volume.labels, **labels})
        return
    try:
        client.inspect_volume(name)
    except APIError as error:
        if error.response is None or error.response.status_code != NOT_FOUND:
            raise
        hint = f"docker volume create {name}"
        raise EngineError(f"volume {name} is external, and is not there", hint=hint) from error
