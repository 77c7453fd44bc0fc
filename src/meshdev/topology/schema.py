"""The JSON Schema of topology files, made from the same tables that validate them, short forms included."""

import json
from typing import Any

from meshdev.topology.file_faults import fault_schema
from meshdev.topology.file_model import FileTable


def file_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) for meshdev.toml."""
    schema = _tidy(FileTable.model_json_schema(mode="validation"))
    schema["properties"]["faults"]["additionalProperties"] = {"$ref": "#/$defs/Fault"}
    schema["$defs"]["Fault"] = fault_schema()
    schema["$defs"]["ActionTable"]["properties"]["fault"] = {
        "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Fault"}],
        "description": "a fault's name, or a table of one",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "meshdev.toml"}


def _tidy(part: Any, *, names: bool = False) -> Any:
    """Without what TOML has not (null) and what editors would only repeat (generated titles).

    ``names`` tells that the keys of ``part`` are the file's own words, not the schema's.
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    tidy: dict[str, Any] = {}
    for key, value in part.items():
        if not names and (key == "title" or (key == "default" and value is None)):
            continue
        tidy[key] = _tidy(value, names=not names and key in ("properties", "$defs", "patternProperties"))
    alternatives = tidy.get("anyOf")
    if names or not isinstance(alternatives, list):
        return tidy
    real = [item for item in alternatives if item != {"type": "null"}]
    del tidy["anyOf"]
    return {**tidy, **real[0]} if len(real) == 1 else {**tidy, "anyOf": real}


def as_text() -> str:
    """The schema as a file."""
    return json.dumps(file_schema(), indent=2, ensure_ascii=False) + "\n"
