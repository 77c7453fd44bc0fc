"""``meshdev completion``: the script that makes a shell complete meshdev's commands and service names."""

import click
from click.shell_completion import get_completion_class

_HOWTO = {
    "bash": 'eval "$(meshdev completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(meshdev completion zsh)"   # in ~/.zshrc',
    "fish": "meshdev completion fish > ~/.config/fish/completions/meshdev.fish",
}


@click.command(epilog="Install: " + "; ".join(_HOWTO.values()))
@click.argument("shell", type=click.Choice(list(_HOWTO)))
def command(*, shell: str) -> None:
    """Print the completion script of a shell."""
    from meshdev.cli.app import group

    kind = get_completion_class(shell)
    if kind is None:  # the choice above is what click knows
        raise click.UsageError(f"no completion for {shell}")
    click.echo(f"# {_HOWTO[shell]}")
    click.echo(kind(group, {}, "meshdev", "_MESHDEV_COMPLETE").source())
