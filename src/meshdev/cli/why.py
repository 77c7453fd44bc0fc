"""``meshdev why``: the chain of reasons, down to the root cause."""

import sys
from collections.abc import Mapping

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.patience import patience
from meshdev.cli.states import Look, look, service_look
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.wire.control import WhyView


@click.command()
@options.service_argument()
@options.json_option()
def command(*, service: str, as_json: bool) -> None:
    """Explain why a service is where it is: what it waits for, what that waits for, and so on."""
    control = Control(options.here())
    with patience():
        view = control.send(calls.why(service))
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(view)))
            return
        known = {one.name: service_look(one) for one in control.send(calls.services())}
    for line in render(view, known, unicode=terminal.unicode_on(sys.stdout)):
        click.echo(line)


def render(view: WhyView, known: Mapping[str, Look] | None = None, *, unicode: bool) -> list[str]:
    """The chain as an indented list, and what the last of it said last.

    ``known``: how the services look; a step does not tell whether anybody probes it.
    """
    looks = known or {}
    lines = []
    arrow = "└─ " if unicode else "`- "
    for step in view.chain:
        shown = look(step.phase, step.health, step.exit)
        if shown.word == "healthy":
            shown = looks.get(step.service, shown)
        indent = "   " * (step.depth - 1) + arrow if step.depth else ""
        state = click.style(f"{shown.mark if unicode else shown.plain_mark} {shown.word}", fg=shown.colour)
        told = step.trouble if shown.word in ("healthy", "running") else step.why
        reason = f": {told}" if told else ""
        lines.append(f"{indent}{click.style(step.service, bold=True)} {state}{reason}")
    if view.last_lines and view.chain and look(view.chain[-1].phase, view.chain[-1].health).word != "healthy":
        lines.append(f"last lines of {view.chain[-1].service}:")
        lines += [f"  {'│' if unicode else '|'} {line}" for line in view.last_lines]
    return lines
