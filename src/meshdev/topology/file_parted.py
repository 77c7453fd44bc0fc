"""Tables with two sorts of keys: those of every file, and those of a table that is imported when a file has one.

pydantic builds what validates a table key by key, once for each kind of table, and that is most of what reading a file
costs. Half of a node's keys are for containers only (`file_container`): a file without them pays nothing for them, any
other one only once. Errors and the JSON Schema are those of one table.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import Field, GetJsonSchemaHandler, PlainValidator, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, ErrorDetails

from meshdev.topology.file_parts import Table
from meshdev.topology.scalars import refuse

_RARE: Final = "\0rare"  # what no file calls a key


def _validated(found: tuple[type["PartedTable"], dict[str, Any]]) -> Table:
    table, written = found
    return table.rare_table().model_validate(written)


class PartedTable(Table):
    """A table whose rare keys are `rare_table`'s; ``rare`` holds them, None when there is none."""

    rare: SkipJsonSchema[Annotated[Any, PlainValidator(_validated)]] = Field(
        default=None, validation_alias=_RARE
    )

    @classmethod
    @abstractmethod
    def rare_table(cls) -> type[Table]:
        """The table of the rare keys, imported now."""

    @model_validator(mode="before")
    @classmethod
    def _free_keys(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise refuse("a table")
        own: dict[str, Any] = {}
        rare: dict[str, Any] = {}
        for key, value in data.items():
            if not key.startswith("x-"):
                (own if key in cls.model_fields and key != "rare" else rare)[key] = value
        return {**own, _RARE: (cls, rare)} if rare else own

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The JSON Schema of both sorts of keys as one table's."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        table = cls.rare_table()
        table.model_rebuild()
        rare = handler.resolve_ref_schema(handler(table.__pydantic_core_schema__))
        schema["properties"] = {**schema["properties"], **rare["properties"]}
        return schema


def keys_of(table: type[Table]) -> Mapping[str, FieldInfo]:
    """All keys that ``table`` accepts."""
    if not issubclass(table, PartedTable):
        return table.model_fields
    own = {key: info for key, info in table.model_fields.items() if key != "rare"}
    return {**own, **table.rare_table().model_fields}


def details_of(error: ValidationError) -> Iterable[ErrorDetails]:
    """What ``error`` tells, each at the place that the file has."""
    for detail in error.errors(include_url=False):
        detail["loc"] = tuple(part for part in detail["loc"] if part != _RARE)
        yield detail
