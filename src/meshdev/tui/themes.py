"""The dashboard's two own themes, and what every theme must give: a colour for each meaning.

The colours of states are from the Okabe-Ito set (bluish green, sky blue, orange, vermilion), which people with any
colour blindness can tell apart, shifted in lightness until each reaches a contrast of 4.5:1 on its background.
"""

from collections.abc import Mapping

from textual.color import Color
from textual.theme import Theme

DARK = "meshdev-dark"
LIGHT = "meshdev-light"

_DARK = Theme(
    name=DARK,
    dark=True,
    primary="#5aa9e6",
    secondary="#7f8fa6",
    accent="#6cb6ff",
    foreground="#d5dbe3",
    background="#11151c",
    surface="#161b24",
    panel="#1e2530",
    success="#2fbf8f",
    warning="#e9a63a",
    error="#f0703c",
    variables={
        "muted": "#8a97a8",
        "faint": "#68768a",
        "ok": "#2fbf8f",
        "busy": "#6cb6ff",
        "warn": "#e9a63a",
        "bad": "#f5793f",
        "cursor": "#25405c",
        "cursor-idle": "#1f2935",
        "rule": "#2c3644",
        "match-background": "#e9c46a",
        "match-foreground": "#11151c",
        "scrollbar": "#33404f",
        "scrollbar-hover": "#45556a",
        "scrollbar-active": "#5aa9e6",
        "scrollbar-background": "#161b24",
        "scrollbar-background-hover": "#161b24",
        "scrollbar-background-active": "#161b24",
        "scrollbar-corner-color": "#161b24",
    },
)

_LIGHT = Theme(
    name=LIGHT,
    dark=False,
    primary="#0b66b5",
    secondary="#5b6b7d",
    accent="#0b62b0",
    foreground="#1d2733",
    background="#eef1f5",
    surface="#fbfcfd",
    panel="#e3e8ee",
    success="#0a7a58",
    warning="#935d00",
    error="#b93d0b",
    variables={
        "muted": "#586575",
        "faint": "#6b7786",
        "ok": "#0a7a58",
        "busy": "#0b62b0",
        "warn": "#935d00",
        "bad": "#b93d0b",
        "cursor": "#cfe3f6",
        "cursor-idle": "#e6ebf1",
        "rule": "#cfd6de",
        "match-background": "#ffd966",
        "match-foreground": "#1d2733",
        "scrollbar": "#c2cad4",
        "scrollbar-hover": "#a9b4c1",
        "scrollbar-active": "#0b66b5",
        "scrollbar-background": "#fbfcfd",
        "scrollbar-background-hover": "#fbfcfd",
        "scrollbar-background-active": "#fbfcfd",
        "scrollbar-corner-color": "#fbfcfd",
    },
)

OWN = (_DARK, _LIGHT)


def derived(colours: Mapping[str, str]) -> dict[str, str]:
    """The variables that our own themes bring and others lack, made from the colours that every theme has."""
    background = Color.parse(colours["background"])

    def faded(share: float) -> str:
        return background.blend(Color.parse(colours["foreground"]), share).hex

    def tinted(name: str, share: float) -> str:
        return background.blend(Color.parse(colours[name]), share).hex

    return {
        "muted": faded(0.65),
        "faint": faded(0.5),
        "ok": colours["success"],
        "busy": colours["primary"],
        "warn": colours["warning"],
        "bad": colours["error"],
        "cursor": tinted("primary", 0.35),
        "cursor-idle": faded(0.12),
        "rule": faded(0.2),
        "match-background": colours["warning"],
        "match-foreground": colours["background"],
    }


def wanted_theme(environ: Mapping[str, str]) -> str:
    """The theme to begin with: ``MESHDEV_THEME`` (``dark``, ``light``, or any theme's name), else what COLORFGBG says.

    >>> wanted_theme({"COLORFGBG": "0;15"})
    'meshdev-light'
    """
    named = environ.get("MESHDEV_THEME", "").strip()
    if named:
        return {"dark": DARK, "light": LIGHT}.get(named, named)
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in {"7", "15"} else DARK
