"""A role made ready to be played: its recordings read, a stage set up for each endpoint, the log told what is played.

Raises MeshdevError when there is nothing to play.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from meshdev.errors import ServiceError, StorageError
from meshdev.recording.matching import Matcher, MatchOptions, OnEnd
from meshdev.recording.model import Recording
from meshdev.recording.protobuf.codec import HINT
from meshdev.recording.redaction import DEFAULT_RULES, Redactor
from meshdev.recording.replay import Replayer
from meshdev.recording.replay.calls import CallPlayer
from meshdev.standin.answering import Stage
from meshdev.standin.playing import callees, layers_for
from meshdev.standin.role import Role, layer_of_misses
from meshdev.storage.recordings import Library
from meshdev.topology.recordings import AfterEnd, OnMiss

if TYPE_CHECKING:
    from meshdev.standin.grpc_passing import CallPassing
    from meshdev.standin.grpc_stage import GrpcStage
    from meshdev.standin.passing import Passing

Tell = Callable[[str], None]

_ON_END = {AfterEnd.LAST: OnEnd.LAST, AfterEnd.CYCLE: OnEnd.CYCLE, AfterEnd.FAIL: OnEnd.FAIL}


def staged(role: Role, tell: Tell) -> "dict[str, Stage | GrpcStage]":
    """The stages by endpoint."""
    library = Library(Path(role.folder))
    recordings = _read(role, library, tell)
    redactor = _redactor(role)
    passing = _passing(role, recordings, redactor, tell) if len(role.calls) < len(role.ports) else None
    options = MatchOptions(on_end=_ON_END[role.after_end])
    stages: dict[str, Stage | GrpcStage] = {}
    for endpoint in role.ports:
        calls, first = endpoint in role.calls, next(iter(role.ports))
        layers, left_out = layers_for(recordings, role.service, endpoint, first, calls=calls)
        for reason, count in left_out.items():
            tell(f"{count} recorded exchange{'s are' if count > 1 else ' is'} not played: {reason}")
        if calls:
            stages[endpoint] = _of_calls(role, endpoint, layers, redactor, tell)
        else:
            player = Replayer(Matcher(layers, redactor=redactor, options=options), role.timing)
            stages[endpoint] = Stage(role.service, player, tell, redactor, passing)
        count = sum(len(layer.exchanges) for layer in layers)
        exchanges = f"{count} exchange{'' if count == 1 else 's'} of {_names(role)}"
        tell(f"plays {role.service}{_of(endpoint, role)}: {exchanges}; {_on_miss(role, calls=calls)}")
        if not count and role.on_miss is OnMiss.FAIL:
            known = ", ".join(callees(recordings)) or "nobody"
            tell(f"{_names(role)} has no exchange with {role.service}; it has: {known}")
    return stages


def _of_calls(
    role: Role, endpoint: str, layers: list[Recording], redactor: Redactor, tell: Tell
) -> "GrpcStage":
    try:
        from meshdev.standin.grpc_stage import GrpcStage  # noqa: PLC0415 -- grpcio, only for those that speak it
    except ImportError as error:
        raise ServiceError(f"gRPC cannot be played here: {error}", hint=HINT) from error
    options = MatchOptions(on_end=_ON_END[role.after_end])
    player = CallPlayer(
        layers, redactor, service=role.service, endpoint=endpoint, timing=role.timing, options=options
    )
    if player.missing:
        tell(player.missing)
    known = [
        one.data
        for layer in layers
        for one in layer.descriptors
        if (one.callee, one.endpoint) == (role.service, endpoint)
    ]
    return GrpcStage(
        role.service,
        player,
        tell,
        known[-1] if known else b"",
        _passing_calls(role, endpoint, layers, player, redactor, tell),
    )


def _passing_calls(
    role: Role,
    endpoint: str,
    layers: list[Recording],
    player: CallPlayer,
    redactor: Redactor,
    tell: Tell,
) -> "CallPassing | None":
    if role.on_miss is OnMiss.FAIL:
        return None
    from meshdev.standin.grpc_passing import CallPassing  # noqa: PLC0415 -- as above

    keeper = None
    if role.on_miss is OnMiss.RECORD:
        from meshdev.standin.keeping import Keeper  # noqa: PLC0415 -- as above

        name = layer_of_misses(role.recordings)
        known = sum(len(one.exchanges) for one in layers if one.meta.name == name)
        keeper = Keeper(
            Path(role.folder),
            name,
            redact=lambda one: redactor.exchange(one, player.schema),
            tell=tell,
            known=known,
            descriptors=[one for layer in layers for one in layer.descriptors],
        )
    return CallPassing(role.url, service=role.service, endpoint=endpoint, tell=tell, keeper=keeper)


def _redactor(role: Role) -> Redactor:
    """What recordings were made with, so that requests look to the matcher as they do in there."""
    rules = DEFAULT_RULES.extended(
        headers=role.headers, fields=role.fields, patterns=role.patterns, keep=role.keep
    )
    try:
        return Redactor(rules, Path(role.key_file).read_bytes() if role.key_file else b"")
    except OSError:  # no recording was made here: these came from elsewhere
        return Redactor(rules, b"")


def _passing(role: Role, recordings: list[Recording], redactor: Redactor, tell: Tell) -> "Passing | None":
    if role.on_miss is OnMiss.FAIL:
        return None
    from meshdev.standin.passing import Passing  # noqa: PLC0415 -- httpx, only for those that pass

    keeper = None
    if role.on_miss is OnMiss.RECORD:
        from meshdev.standin.keeping import Keeper  # noqa: PLC0415 -- as above

        name = layer_of_misses(role.recordings)
        known = sum(len(one.exchanges) for one in recordings if one.meta.name == name)
        keeper = Keeper(Path(role.folder), name, redact=redactor.exchange, tell=tell, known=known)
    return Passing(
        role.url, service=role.service, tell=tell, redactor=redactor, keeper=keeper, body_cap=role.body_cap
    )


def _read(role: Role, library: Library, tell: Tell) -> list[Recording]:
    """The layers; what was recorded at misses before lies over them."""
    names = list(dict.fromkeys(role.recordings))
    may_be_new = set()
    if role.on_miss is OnMiss.RECORD:
        may_be_new = set(names)
        extra = layer_of_misses(role.recordings)
        if extra not in names and extra in library.names():
            names.append(extra)
    recordings = []
    for name in names:
        try:
            recording = library.open(name)
        except StorageError:
            if name not in may_be_new or name in library.names():
                raise
            continue
        for note in recording.notes:
            tell(f"{name}: {note}")
        recordings.append(recording)
    return recordings


def _of(endpoint: str, role: Role) -> str:
    return f" ({endpoint})" if len(role.ports) > 1 else ""


def _names(role: Role) -> str:
    return ", ".join(f'"{name}"' for name in role.recordings)


def _on_miss(role: Role, *, calls: bool) -> str:
    match role.on_miss:
        case OnMiss.FAIL:
            return f"what was not recorded is answered with {'FAILED_PRECONDITION' if calls else '599'}"
        case OnMiss.PASS:
            return f"what was not recorded goes to {role.url}"
        case OnMiss.RECORD:
            return f'what was not recorded goes to {role.url}, and into "{layer_of_misses(role.recordings)}"'
