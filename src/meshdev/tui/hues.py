"""The colours that tell services apart: by order, the same as long as the topology is the same, never the only sign.

From the Okabe-Ito set (told apart with any colour blindness), shifted in lightness until each has a contrast of at
least 4.5:1 on the theme's surface. Red-like ones are left to what is broken.
"""

DARK_HUES = (
    "#6cb6ff",
    "#e9a63a",
    "#2fbf8f",
    "#d98cc0",
    "#d8cf57",
    "#9aa7ff",
    "#7fd3d8",
    "#c0a58c",
    "#a8c66c",
    "#b79be0",
    "#8fb0c9",
    "#e6b8a2",
)
LIGHT_HUES = (
    "#0b62b0",
    "#8a5700",
    "#0a7a58",
    "#9c3d7c",
    "#6b6400",
    "#4a55c0",
    "#0e7078",
    "#7a5c40",
    "#4d6b12",
    "#6d4aa0",
    "#3f617d",
    "#8a4b3a",
)


def hue(number: int, *, dark: bool) -> str:
    """The colour of the service of that number.

    >>> hue(0, dark=True) == hue(12, dark=True)
    True
    """
    hues = DARK_HUES if dark else LIGHT_HUES
    return hues[number % len(hues)]
