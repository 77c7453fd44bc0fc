"""How a stand-in is started: ``python -m meshdev.standin``, told whom to play out of what."""

import sys

from meshdev.daemon.edges import port_variable
from meshdev.kernel.project import ProjectPaths
from meshdev.standin.role import Role, written
from meshdev.topology.model import Service, System
from meshdev.topology.recordings import Stub
from meshdev.topology.stand_ins import GRPC, without_credentials


def stand_in_argv(system: System, service: Service, stub: Stub) -> tuple[str, ...]:
    """The command of the process that plays ``service``; isolated from the folder that it runs in."""
    rules = system.recording
    role = Role(
        service=service.name,
        folder=str(rules.folder),
        recordings=stub.recordings,
        ports={endpoint.name: port_variable(service, endpoint) for endpoint in service.endpoints},
        calls=tuple(endpoint.name for endpoint in service.endpoints if endpoint.protocol == GRPC),
        on_miss=stub.on_miss,
        timing=stub.timing,
        url=without_credentials(stub.url),
        key_file=str(ProjectPaths(system.root, system.root).redaction_key),
        after_end=stub.after_end,
        body_cap=rules.body_cap,
        headers=rules.redact.headers,
        fields=rules.redact.fields,
        patterns=rules.redact.patterns,
        keep=rules.redact.keep,
    )
    return (sys.executable, "-P", "-m", "meshdev.standin", written(role))
