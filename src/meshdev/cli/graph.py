"""``meshdev graph``: the declared system, or the running one, as text, Mermaid, DOT or JSON."""

import os

import click

from meshdev.cli import options

_FORMATS = ("text", "mermaid", "dot", "json")  # topology.render.FORMATS, not imported for --help


@click.command()
@options.file_option()
@click.option(
    "-p", "--profile", "profiles", multiple=True, metavar="PROFILE", help="May be given several times."
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--live", is_flag=True, help="The running system: health, rates, errors, latencies.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    *, file: tuple[str, ...], profiles: tuple[str, ...], form: str, live: bool, as_json: bool
) -> None:
    """Draw the declared system: who calls, uses, waits for and listens to whom; with --live, as it runs."""
    form = "json" if as_json else form
    if live:
        from meshdev.cli import live_graph
        from meshdev.client import calls
        from meshdev.client.control import Control

        graph = Control(options.here(file)).send(calls.graph())
        click.echo(live_graph.FORMATS[form](graph), nl=False)
        return
    from meshdev.topology.load import load
    from meshdev.topology.render import FORMATS

    project = options.here(file)
    system = load(project.file, profiles=profiles or None, environ=os.environ, overrides=project.overrides)
    click.echo(FORMATS[form](system), nl=False)
