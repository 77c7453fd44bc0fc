"""Tables of faults as TOML."""

import json
from collections.abc import Mapping


def as_toml(faults: Mapping[str, Mapping[str, object]]) -> str:
    """What could stand in a topology file."""
    return "\n".join(_toggle(name, table) for name, table in faults.items())


def _toggle(name: str, table: Mapping[str, object]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join([f"[faults.{name}]", *lines, ""])


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Mapping():
            return f"{{ {', '.join(f'{_key(str(key))} = {_value(it)}' for key, it in value.items())} }}"
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if plain else json.dumps(key, ensure_ascii=False)
