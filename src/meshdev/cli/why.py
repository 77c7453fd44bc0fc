"""``meshdev why``: the chain of reasons, down to the root cause."""

import sys

import click
import msgspec

from meshdev.cli import options, terminal
from meshdev.cli.states import look
from meshdev.client import calls
from meshdev.client.control import Control
from meshdev.wire.control import WhyView


@click.command()
@options.service_argument()
@options.json_option()
def command(*, service: str, as_json: bool) -> None:
    """Explain why a service is where it is: what it waits for, what that waits for, and so on."""
    view = Control(options.here()).send(calls.why(service))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(view)))
        return
    for line in render(view, unicode=terminal.unicode_on(sys.stdout)):
        click.echo(line)


def render(view: WhyView, *, unicode: bool) -> list[str]:
    """The chain as an indented list, and what the last of it said last."""
    lines = []
    arrow = "└─ " if unicode else "`- "
    for step in view.chain:
        shown = look(step.phase, step.health, step.exit)
        indent = "   " * (step.depth - 1) + arrow if step.depth else ""
        state = click.style(f"{shown.mark if unicode else shown.plain_mark} {shown.word}", fg=shown.colour)
        told = step.trouble if shown.word in ("healthy", "running") else step.why
        reason = f": {told}" if told else ""
        lines.append(f"{indent}{click.style(step.service, bold=True)} {state}{reason}")
    if view.last_lines and view.chain and look(view.chain[-1].phase, view.chain[-1].health).word != "healthy":
        lines.append(f"last lines of {view.chain[-1].service}:")
        lines += [f"  {'│' if unicode else '|'} {line}" for line in view.last_lines]
    return lines
