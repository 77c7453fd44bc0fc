"""How long a scrolled widget is, told without laying the whole screen out anew when nothing of the layout changes."""

from textual.geometry import Size
from textual.scroll_view import ScrollView


def extend(view: ScrollView, lines: int) -> None:
    """From now on ``view`` has so many lines, each as wide as the widget.

    Textual's own way (`virtual_size`) lays the screen out; that is needed only when the scroll bar comes or goes, or
    when the widget is as high as its lines.
    """
    size, page = Size(0, lines), view.container_size.height
    before = view.virtual_size.height
    if size == view.virtual_size:
        return
    if view.show_vertical_scrollbar and min(lines, before) > page:
        view.set_reactive(ScrollView.virtual_size, size)
        view.vertical_scrollbar.window_virtual_size = lines
    elif not view.show_vertical_scrollbar and max(lines, before) <= page and not view.styles.is_auto_height:
        view.set_reactive(ScrollView.virtual_size, size)
    else:
        view.virtual_size = size
