"""How a Python or Node project is probably started: by what it depends on and which files it has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
_ASGI = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:FastAPI|Starlette|Quart|Litestar)\(", re.MULTILINE)
_WSGI = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*Flask\(", re.MULTILINE)
_LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lockb": "bun", "bun.lock": "bun"}
_MOST_BYTES = 200_000
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class Guess:
    """A service's command line, and what else seems to be so."""

    name: str
    command: str
    listens: bool = True
    watch: str = ""
    comment: str = ""


def python_command(place: Path, project: Mapping[str, Any]) -> Guess | None:
    """The command of a Python project (``[project]`` of its pyproject.toml), if it looks like a service."""
    name = project.get("name") if isinstance(project.get("name"), str) else place.name
    needs = _requirements(project)
    watch = "**/*.py"
    if (place / "manage.py").is_file():
        command = "python3 manage.py runserver --noreload 127.0.0.1:$PORT"
        return Guess(str(name), command, watch=watch)
    asgi = (
        _application(place, _ASGI)
        if needs & {"fastapi", "starlette", "uvicorn", "quart", "litestar"}
        else None
    )
    if asgi:
        return Guess(str(name), f"python3 -m uvicorn {asgi} --host 127.0.0.1 --port $PORT", watch=watch)
    wsgi = _application(place, _WSGI) if "flask" in needs else None
    if wsgi:
        return Guess(str(name), f"python3 -m flask --app {wsgi} run --port $PORT", watch=watch)
    scripts = project.get("scripts")
    if isinstance(scripts, dict) and scripts:
        script = str(name) if name in scripts else next(iter(scripts))
        comment = "a script of the project; drop `protocol` if it listens on $PORT"
        return Guess(str(name), str(script), listens=False, watch=watch, comment=comment)
    return None


def node_command(place: Path, package: Mapping[str, Any]) -> Guess | None:
    """The command of a Node package, if it has a script that starts it."""
    scripts = package.get("scripts")
    if not isinstance(scripts, dict):
        return None
    script = next((name for name in ("dev", "start", "serve") if isinstance(scripts.get(name), str)), None)
    if script is None:
        return None
    manager = next((tool for lock, tool in _LOCKS.items() if (place / lock).is_file()), "npm")
    command = f"{manager} run {script}"
    if re.search(r"\bvite\b(?!st)", scripts[script]):  # the one that doesn't look at PORT
        command += (" --" if manager == "npm" else "") + " --port $PORT --strictPort"
    name = package.get("name")
    comment = "a development server that reloads by itself needs no `watch`"
    return Guess(name if isinstance(name, str) else place.name, command, comment=comment)


def _requirements(project: Mapping[str, Any]) -> set[str]:
    groups = [project.get("dependencies")]
    extras = project.get("optional-dependencies")
    groups += extras.values() if isinstance(extras, dict) else []
    names = set()
    for group in groups:
        for requirement in group if isinstance(group, list) else []:
            match = _REQUIREMENT.match(requirement) if isinstance(requirement, str) else None
            if match:
                names.add(match[0].lower())
    return names


def _application(place: Path, pattern: re.Pattern[str]) -> str | None:
    """``package.module:name`` of the first application that ``pattern`` finds, the likeliest files first."""
    likely = ("main.py", "app.py", "asgi.py", "wsgi.py", "server.py", "api.py")
    files = [place / name for name in likely]
    for package in sorted(path.parent for path in place.glob("*/__init__.py")):
        files += [package / name for name in (*likely, "__init__.py")]
    for package in sorted(path.parent for path in place.glob("src/*/__init__.py")):
        files += [package / name for name in (*likely, "__init__.py")]
    for file in files[:_MOST_FILES]:
        match = pattern.search(head(file))
        if match:
            return f"{_module(file, place)}:{match[1]}"
    return None


def head(file: Path) -> str:
    """The beginning of a text file; nothing when it cannot be read."""
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_MOST_BYTES)
    except OSError:
        return ""


def _module(file: Path, place: Path) -> str:
    parts = list(file.relative_to(place).with_suffix("").parts)
    if parts[0] == "src":
        parts = parts[1:]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)
