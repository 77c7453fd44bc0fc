"""How long a scrolled widget is, told without laying the whole screen out anew when only its scroll bar moves."""

from textual.geometry import Size
from textual.scroll_view import ScrollView


def extend(view: ScrollView, lines: int) -> None:
    """From now on ``view`` has so many lines, each as wide as the widget.

    Textual's own way (`virtual_size`) lays the screen out; that is needed only when the scroll bar comes or goes.
    """
    size, page = Size(0, lines), view.container_size.height
    if size == view.virtual_size:
        return
    if view.show_vertical_scrollbar and min(lines, view.virtual_size.height) > page:
        view.set_reactive(ScrollView.virtual_size, size)
        view.vertical_scrollbar.window_virtual_size = lines
    else:
        view.virtual_size = size
