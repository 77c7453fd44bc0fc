"""``meshdev metrics``: the system in Prometheus' text format."""

import click

from meshdev.cli import options
from meshdev.client import calls
from meshdev.client.control import Control


@click.command()
@click.option("--openmetrics", is_flag=True, help="In the OpenMetrics format.")
def command(*, openmetrics: bool) -> None:
    """Print the metrics of edges, services and meshdev itself, as Prometheus reads them.

    To have them scraped: [telemetry] prometheus = "127.0.0.1:9464" in the topology file.
    """
    control = Control(options.here())
    graph, processes = control.send(calls.graph(settled=True)), control.send(calls.processes())
    from meshdev.endpoints.prometheus import PLAIN, render

    text, _ = render(graph, processes, "application/openmetrics-text" if openmetrics else PLAIN)
    click.echo(text.decode(), nl=False)
