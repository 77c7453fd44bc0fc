"""What the dashboard's tests do without: parsing the same CSS for each of them, and drawing what nobody looks at.

An application is made for every test, and reads the CSS of some forty widgets, up to three times; here what was read
once is kept for the whole process, under the same words and colours. And after a key Textual draws a frame for each of
the steps in which a screen comes to rest; here a test's screen is drawn once it has, at the end of `Visit.settle`
(and whenever it is looked at). Layout, messages and callbacks are untouched.
"""

from typing import Any
from weakref import WeakSet

from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen

_resting: WeakSet[App[Any]] = WeakSet()
_read: dict[tuple[object, ...], list[RuleSet]] = {}
_parse = Stylesheet._parse_rules
_refresh = Screen._compositor_refresh


def rest(app: App[Any]) -> None:
    """From now on draw ``app`` only by `draw`, and read no CSS twice, whoever's it is."""
    Stylesheet._parse_rules = _parse_once  # type: ignore[assignment,method-assign]
    Screen._compositor_refresh = _refresh_unless_resting  # type: ignore[assignment,method-assign]
    _resting.add(app)


def draw(app: App[Any]) -> None:
    """Draw what has changed on the screen in front."""
    if app.screen._compositor._dirty_regions:
        _refresh(app.screen)


def _refresh_unless_resting(screen: Screen[Any]) -> None:
    if screen.app not in _resting or screen is not screen.app.screen:
        _refresh(screen)
        return
    screen._dirty_widgets.clear()  # where they are is kept by the compositor
    screen.app._update_mouse_over(screen)


def _parse_once(stylesheet: Stylesheet, css: str, *args: object, **kwargs: object) -> list[RuleSet]:
    key = (frozenset(stylesheet._variables.items()), css, args, frozenset(kwargs.items()))
    if (rules := _read.get(key)) is None:
        rules = _read[key] = _parse(stylesheet, css, *args, **kwargs)  # type: ignore[arg-type]  # as it was called
    return rules
