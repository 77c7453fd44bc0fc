"""JSON Schema (2020-12) of values that were seen: what all of them satisfy, and not much more.

| seen | said |
|---|---|
| one type, several types, null too | ``type: string``, ``type: [integer, string]``, ``type: [string, "null"]`` |
| integers and other numbers | ``number`` |
| a key in every object of the place | ``required`` |
| keys that are values (UUIDs, numbers) | ``additionalProperties`` instead of ``properties`` |
| texts that all are UUIDs, times, dates, addresses | ``format`` |
| few different words, each often | ``enum`` |
"""

import re
from typing import Final

from meshdev.recording.formats.json_tree import Json
from meshdev.recording.formats.noise import UUID, looks_random

MOST_ENUM: Final = 6
LEAST_SEEN: Final = 3  # times a value has to be seen, on average, before the others are taken for impossible
_MOST_TEXTS: Final = 64
_DATE: Final = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
_FORMATS: Final = {
    "uuid": re.compile(UUID),
    "date-time": re.compile(rf"{_DATE}T{_CLOCK}(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"),
    "date": re.compile(_DATE),
    "email": re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    "uri": re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?"),
}
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,30}")
_KEY: Final = re.compile(rf"{UUID}|[0-9]+")


class Shape:
    """What was seen at one place so far."""

    def __init__(self) -> None:
        self.types: dict[str, int] = {}
        self.texts: dict[str, int] = {}
        self.formats = dict(_FORMATS)
        self.properties: dict[str, tuple[Shape, int]] = {}
        self.items: Shape | None = None

    def add(self, value: Json) -> None:
        """One more value at this place."""
        kind = _NAMES[type(value)]
        self.types[kind] = self.types.get(kind, 0) + 1
        if isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, list):
            self.items = self.items or Shape()
            for item in value:
                self.items.add(item)
        elif isinstance(value, dict):
            for key, inner in value.items():
                shape, count = self.properties.get(key, (None, 0))
                shape = shape or Shape()
                shape.add(inner)
                self.properties[key] = (shape, count + 1)

    def schema(self) -> dict[str, Json]:
        """As JSON Schema; empty (anything) when nothing was seen."""
        types = [kind for kind in self.types if not (kind == "integer" and "number" in self.types)]
        if not types:
            return {}
        types.sort(key=lambda kind: (kind == "null", kind))
        made: dict[str, Json] = {"type": types[0] if len(types) == 1 else list[Json](types)}
        if "string" in types:
            made |= self._of_texts()
        if "array" in types:
            made["items"] = self.items.schema() if self.items else {}
        if "object" in types:
            made |= self._of_objects()
        return made

    def _add_text(self, text: str) -> None:
        if len(self.texts) < _MOST_TEXTS:
            self.texts[text] = self.texts.get(text, 0) + 1
        for name in [name for name, pattern in self.formats.items() if not pattern.fullmatch(text)]:
            del self.formats[name]

    def _of_texts(self) -> dict[str, Json]:
        if self.formats:
            return {"format": next(iter(self.formats))}
        seen = sum(self.texts.values())
        few = 1 < len(self.texts) <= MOST_ENUM and seen >= LEAST_SEEN * len(self.texts)
        alone = set(self.types) <= {"string", "null"}
        if few and alone and all(_WORD.fullmatch(text) and not looks_random(text) for text in self.texts):
            return {"enum": [*sorted(self.texts), *([None] if "null" in self.types else [])]}
        return {}

    def _of_objects(self) -> dict[str, Json]:
        keys = self.properties
        if len(keys) > 1 and all(_KEY.fullmatch(key) or looks_random(key) for key in keys):
            merged = Shape()
            for shape, _ in keys.values():
                merged.merge(shape)
            return {"additionalProperties": merged.schema()}
        made: dict[str, Json] = {}
        if keys:
            made["properties"] = {key: shape.schema() for key, (shape, _) in keys.items()}
        required: list[Json] = [key for key, (_, count) in keys.items() if count == self.types["object"]]
        return {**made, "required": required} if required else made

    def merge(self, other: "Shape") -> None:
        """Everything that another place has seen."""
        for kind, count in other.types.items():
            self.types[kind] = self.types.get(kind, 0) + count
        for text, count in other.texts.items():
            self.texts[text] = self.texts.get(text, 0) + count
        self.formats = {name: one for name, one in self.formats.items() if name in other.formats}
        for key, (shape, count) in other.properties.items():
            mine, before = self.properties.get(key, (Shape(), 0))
            mine.merge(shape)
            self.properties[key] = (mine, before + count)
        if other.items is not None:
            self.items = self.items or Shape()
            self.items.merge(other.items)


_NAMES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
