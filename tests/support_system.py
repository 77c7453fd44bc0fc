"""Systems for tests, from a few lines of TOML."""

from pathlib import Path

from meshdev.topology.load import load
from meshdev.topology.model import System


def system(folder: Path, toml: str) -> System:
    """What ``toml`` means in ``folder``; ``[system]`` may be left out."""
    text = toml if "[system]" in toml else f'[system]\nname = "test"\n{toml}'
    file = folder / "meshdev.toml"
    file.write_text(text, "utf-8")
    return load(file, environ={"PATH": "/usr/bin:/bin", "HOME": "/home/dev"})
