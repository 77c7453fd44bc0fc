"""The module: what it is, constants for what was redacted, a test for each scenario."""

import re
import textwrap
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from meshdev.recording.formats.openapi.paths import snake
from meshdev.recording.formats.python.source import call, laid_out, quoted
from meshdev.recording.formats.scenarios.chains import Step, scenarios
from meshdev.recording.formats.scenarios.entries import behind, entries
from meshdev.recording.formats.scenarios.names import Names, name_of_test, route
from meshdev.recording.formats.scenarios.steps import Statements
from meshdev.recording.formats.scenarios.values import said
from meshdev.recording.formats.written import Options, Written
from meshdev.recording.model import Exchange, Recording

_LINE: Final = 88
_MOST_BEHIND: Final = 6
_MOST_NAME: Final = 24
_INDENT: Final = "    "


def write(recording: Recording, options: Options) -> Written:
    """``test_NAME.py``."""
    calls, notes = entries(recording)
    found = scenarios(calls, options.volatile)
    constants = _secrets(calls, recording.meta.name)
    names, seen, tests = Names(), set[str](), list[str]()
    for steps in found:
        body = _body(steps, recording, options, {value: name for value, (name, _) in constants.items()})
        if body not in seen:
            seen.add(body)
            tests.append(f"def {names.new(name_of_test([step.exchange for step in steps]))}(mesh):\n{body}")
    if len(tests) < len(found):
        notes = (
            *notes,
            f"scenarios that are like others stand here once ({len(found) - len(tests)} left out)",
        )
    code = "\n\n\n".join(tests)
    used = {name: env for name, env in constants.values() if re.search(rf"\b{name}\b", code)}
    values = {name: value for value, (name, _) in constants.items()}
    head = [_docstring(recording, len(calls), len(tests)), *_imports(code, used)]
    if used:
        lines = [
            "# Secrets were redacted when this was recorded: real ones come from the environment.",
            *(_constant(name, env, values[name]) for name, env in used.items()),
        ]
        head.append("\n".join(lines))
    text = "\n\n".join(head) + ("\n\n\n" + code if tests else "") + "\n"
    return Written({f"test_{snake(recording.meta.name) or 'recording'}.py": text.encode()}, notes)


def _body(steps: list[Step], recording: Recording, options: Options, secrets: dict[str, str]) -> str:
    services = list(dict.fromkeys(step.exchange.callee for step in steps))
    names = Names()
    clients = {
        service: names.new(service if len(service) <= _MOST_NAME else "client", "service")
        for service in services
    }
    statements = Statements(options.volatile, secrets, clients)
    blocks: list[str] = []
    for step in steps:
        block = "\n".join(_INDENT * 2 + line for line in statements.of(step))
        if not blocks or blocks[-1] != block:  # asked again and again, and answered the same
            blocks.append(block)
    return f"{_story(steps, recording)}\n{_opened(clients)}\n" + "\n\n".join(blocks)


def _opened(clients: dict[str, str]) -> str:
    """The ``with`` of all clients."""
    if len(clients) > 1:
        flat = ", ".join(f"mesh.http({quoted(service)}) as {name}" for service, name in clients.items())
        if len(_INDENT) + len(f"with {flat}:") <= _LINE:
            return f"{_INDENT}with {flat}:"
        lines = [
            _INDENT * 2 + laid_out(call("mesh.http", service), indent=2, after=f" as {name},")
            for service, name in clients.items()
        ]
        return "\n".join([f"{_INDENT}with (", *lines, f"{_INDENT}):"])
    ((service, name),) = clients.items()
    return _INDENT + laid_out(call("mesh.http", service), indent=1, before="with ", after=f" as {name}:")


def _story(steps: list[Step], recording: Recording) -> str:
    """The docstring: the calls, and what they caused."""
    calls = [step.exchange for step in steps]
    told = ", ".join(_told(call) for call in calls)
    inner = [f"{one.edge} {_told(one)}" for one in behind(calls, recording)]
    causes = list(dict.fromkeys(inner))
    lines = [f"{told}."]
    if len(_INDENT) + len(told) + len('"""."""') > _LINE:
        lines = [
            f"{_told(calls[0])}, and {len(calls) - 1} more calls." if len(calls) > 1 else "One call.",
            "",
        ]
        lines += textwrap.wrap(f"{told}.", _LINE - len(_INDENT), break_on_hyphens=False)
    if causes:
        more = f", and {len(causes) - _MOST_BEHIND} more" if len(causes) > _MOST_BEHIND else ""
        text = f"Behind it: {', '.join(causes[:_MOST_BEHIND])}{more}."
        lines += ["", *textwrap.wrap(text, _LINE - len(_INDENT), break_on_hyphens=False)]
    if len(lines) == 1:
        return f'{_INDENT}"""{lines[0]}"""'
    body = "\n".join(f"{_INDENT}{line}".rstrip() for line in lines[1:])
    return f'{_INDENT}"""{lines[0]}\n{body}\n{_INDENT}"""'


def _told(call: Exchange) -> str:
    return f"{route(call)} {call.response.status if call.response else '(no answer)'}"


def _docstring(recording: Recording, calls: int, tests: int) -> str:
    made = recording.meta.provenance
    when = datetime.fromtimestamp(recording.meta.created, UTC).date().isoformat()
    name = re.sub(r"[^ -~]|[\\\"]", "?", recording.meta.name)
    source = " ".join(filter(None, (made.system, f"at {made.revision[:12]}" if made.revision else "")))
    dirty = " with uncommitted changes" if made.dirty else ""
    what = f"{_counted(tests, 'test')} out of {_counted(calls, 'call')} from outside"
    origin = f", recorded on {when}" if recording.meta.created else ""
    head = f"{name}: {what}{origin}."
    text = (
        "Each test makes the calls again, in their order, against the running system, and compares the answers; what "
        "changes from call to call is compared by its shape (`like.uuid`). Made by meshdev; it is yours to change."
    )
    if source:
        text = f"Recorded from {source}{dirty}. {text}"
    return f'"""{head}\n\n{textwrap.fill(text, _LINE, break_on_hyphens=False)}\n"""'


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _imports(code: str, constants: Collection[str]) -> list[str]:
    wanted = {"base64": "base64." in code, "os": bool(constants), "re": "re.search(" in code}
    standard = [f"import {name}" for name, used in wanted.items() if used]
    if "uuid4()" in code:
        standard.append("from uuid import uuid4")
    own = ["from meshdev.testing import like"] if re.search(r"\blike\.", code) else []
    return ["\n".join(group) for group in (standard, own) if group]


def _secrets(calls: list[Exchange], recording: str) -> dict[str, tuple[str, str]]:
    """The redacted values in requests: placeholder to constant and variable of the environment."""
    names, found = Names(), dict[str, tuple[str, str]]()
    for exchange in calls:
        for one in said(exchange):
            if one.place in exchange.redacted and isinstance(one.value, str) and one.value not in found:
                name = names.new(one.key, "secret").upper()
                found[one.value] = (name, f"{snake(recording)}_{name}".upper())
    return found


def _constant(name: str, env: str, value: str) -> str:
    flat = f'{name} = os.environ.get("{env}", {quoted(value)})'
    if len(flat) <= _LINE:
        return flat
    return f'{name} = os.environ.get(\n{_INDENT}"{env}",\n{_INDENT}{quoted(value)},\n)'
