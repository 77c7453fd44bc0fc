"""Writing a text where the user wants it: a new file, over an old one only if told so, or standard output."""

import os
from pathlib import Path

import click

from meshdev.errors import StorageError, UsageError


def many(count: int, what: str) -> str:
    """``1 note``, ``2 notes``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def write(output: str, text: str, *, force: bool) -> None:
    """Write ``text`` to the file ``output``, or print it for ``-``; says which file it wrote."""
    if output == "-":
        click.echo(text, nl=False)
        return
    file = Path(output).resolve()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already", hint="`--force` overwrites it") from error
    except OSError as error:
        raise StorageError(f"cannot write {file}: {error.strerror or error}") from error
    click.echo(f"wrote {os.path.relpath(file)}")
