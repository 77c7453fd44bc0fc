"""The environment in the details pane: secrets are hidden until they are asked for."""

import pytest

from meshdev.tui.environment import HIDDEN, environment_of, masked
from meshdev.wire.control import EnvView


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PAYMENTS_SECRET", "abc", HIDDEN),
        ("GITHUB_TOKEN", "abc", HIDDEN),
        ("PGPASSWORD", "abc", HIDDEN),
        ("AWS_SECRET_ACCESS_KEY", "abc", HIDDEN),
        ("api_key", "abc", HIDDEN),
        ("API_KEY", "", ""),
        ("PORT", "8080", "8080"),
        ("PWD", "/home/ada", "/home/ada"),
        ("SSH_AUTH_SOCK", "/tmp/x", "/tmp/x"),
        ("KEYBOARD", "de", "de"),
        ("ORDERS_URL", "http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("DATABASE_URL", "postgres://shop:pw@db:5432/x", f"postgres://shop:{HIDDEN}@db:5432/x"),
        ("REDIS_URL", "redis://:pw@cache", f"redis://:{HIDDEN}@cache"),
    ],
)
def test_secrets_are_told_by_their_names_and_places(name: str, value: str, expected: str) -> None:
    """And nothing else is hidden."""
    assert masked(name, value) == expected


def text(view: EnvView | None, width: int = 60, *, shown: bool = False, trouble: str = "") -> str:
    """The pane's part as text."""
    lines = environment_of(view, {"HOME": "/home/ada"}, width, shown=shown, trouble=trouble)
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_only_what_the_terminal_does_not_have_is_listed() -> None:
    """The service's own variables, and where it works."""
    environment = {"HOME": "/home/ada", "PORT": "1", "A_TOKEN": "t0p"}
    view = EnvView(service="orders", working_dir="/srv", environment=environment)
    hidden = text(view)
    assert "HOME" not in hidden
    assert "PORT=1" in hidden
    assert f"A_TOKEN={HIDDEN}" in hidden
    assert "t0p" not in hidden
    assert "in /srv" in hidden
    assert "A_TOKEN=t0p" in text(view, shown=True)


def test_long_values_are_broken_and_control_characters_are_shown() -> None:
    """No line is wider than the pane."""
    environment = {"LONG": "x" * 200, "A_VERY_LONG_NAME_OF_A_VARIABLE": "y" * 90, "BELL": "\x07\x1b[31m"}
    view = EnvView(service="orders", working_dir="/srv", environment=environment)
    found = text(view, 40)
    assert max(map(len, found.splitlines())) <= 40
    assert "\x1b" not in found


def test_until_it_is_there_the_pane_says_so() -> None:
    """And why it is not."""
    assert "asking" in text(None)
    assert "no daemon answers" in text(None, trouble="no daemon answers")
