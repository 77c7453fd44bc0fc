"""A first meshdev.toml for a folder: looks at what is there, writes down only what it has seen.

Sources, the first that knows a service by name wins: ``Procfile``; then, here and in the usual folders of services
(``services/*``, ``apps/*``, ``packages/*`` and direct children), ``pyproject.toml`` and ``package.json``.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from meshdev.topology.frameworks import Guess, head, node_command, python_command

GROUPS = ("services", "apps", "packages")
_PROCFILE = re.compile(r"^([A-Za-z0-9_-]+):\s*(\S.*)$")
_LISTENS = re.compile(r"\$\{?PORT\b|--port\b|\s-p\s+\d|runserver")
_SKIPPED = frozenset({"node_modules", "venv", "env", "dist", "build", "target", "vendor", "__pycache__"})
_MOST_FOLDERS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One service that was found: where, and what is known of it. Values are TOML source, by key."""

    name: str
    source: str
    keys: dict[str, str]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of the file, one line of report for each service, and what could not be used."""

    text: str
    found: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def draft(folder: Path) -> Draft:
    """The draft for ``folder``; reads files, writes none."""
    services: dict[str, Found] = {}
    for found in (*_from_procfile(folder), *_from_folders(folder)):
        name = found.name
        if name in services and services[name].source.startswith("Procfile"):
            continue
        while name in services:
            name += "-2"
        services[name] = Found(name, found.source, found.keys, found.comment)
    notes = tuple(
        f'{name} is there too: build = "." runs what it makes'
        for name in ("Dockerfile",)
        if (folder / name).is_file()
    )
    report = tuple(f"{found.name}: from {found.source}" for found in services.values())
    return Draft(_text(folder, services), report, notes)


def quoted(text: str) -> str:
    """``text`` as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(folder: Path, services: dict[str, Found]) -> str:
    lines = [
        "#:schema ./.meshdev/schema.json",
        "# `meshdev schema -o .meshdev/schema.json` gives editors completion, `meshdev check` checks this file.",
        "",
        "[system]",
        f"name = {quoted(_name(folder.name))}",
    ]
    if (folder / ".venv" / "bin").is_dir():
        lines.append('path = [".venv/bin"]')
    for found in services.values():
        lines += ["", f"# from {found.source}"]
        lines += [f"# {found.comment}"] if found.comment else []
        lines.append(f"[services.{found.name}]")
        lines += [f"{key} = {value}" for key, value in found.keys.items()]
    if not services:
        lines += [
            "",
            "# [services.hello]",
            '# command = "python3 -m http.server --bind 127.0.0.1 $PORT"',
            '# ports = ["8080:http"]',
            '# healthcheck = "/"',
        ]
    return "\n".join(lines) + "\n"


def _from_procfile(folder: Path) -> Iterator[Found]:
    text = _read(folder / "Procfile")
    for line in text.splitlines():
        match = _PROCFILE.match(line.strip())
        if match is None:
            continue
        name, command = match.groups()
        keys = {"command": quoted(command.strip())}
        if (folder / ".env").is_file():
            keys["env_file"] = '[".env"]'
        comment = ""
        if name == "release":
            keys["one_shot"] = "true"
        elif name != "web" and not _LISTENS.search(command):
            keys["protocol"] = '"none"'
            comment = "listens on nothing, it seems; without `protocol` it has $PORT"
        yield Found(_name(name), f"Procfile ({name})", keys, comment)


def _from_folders(folder: Path) -> Iterator[Found]:
    for place in islice(_folders(folder), _MOST_FOLDERS):
        relative = "" if place == folder else str(place.relative_to(folder))
        for file, guesser in (("pyproject.toml", _python), ("package.json", _node)):
            guess = guesser(place)
            if guess is None:
                continue
            keys = {"command": quoted(guess.command)}
            if relative:
                keys["working_dir"] = quoted(relative)
            if not guess.listens:
                keys["protocol"] = '"none"'
            if guess.watch:
                keys["watch"] = quoted(guess.watch)
            yield Found(
                _name(guess.name or place.name), f"{relative}/{file}".lstrip("/"), keys, guess.comment
            )


def _folders(folder: Path) -> Iterator[Path]:
    yield folder
    groups = [folder, *(folder / name for name in GROUPS)]
    for group in groups:
        if not group.is_dir():
            continue
        for place in sorted(group.iterdir()):
            if place.is_dir() and not place.name.startswith(".") and place.name not in (*_SKIPPED, *GROUPS):
                yield place


def _python(place: Path) -> Guess | None:
    try:
        data = tomllib.loads(_read(place / "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    project = data.get("project")
    has_project = isinstance(project, dict)
    if not has_project and not (place / "manage.py").is_file():
        return None
    return python_command(place, project if isinstance(project, dict) else {})


def _node(place: Path) -> Guess | None:
    try:
        data: Any = json.loads(_read(place / "package.json") or "null")
    except (ValueError, RecursionError):
        return None
    return node_command(place, data) if isinstance(data, dict) else None


def _read(file: Path) -> str:
    return head(file) if file.is_file() else ""


def _name(text: str) -> str:
    """``text`` as the name of a service."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text.rpartition("/")[2]).strip("-_")
    return name if name and name != "outside" else "app"
