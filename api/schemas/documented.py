"""How Litestar reads and documents our bodies: one decoder and one schema for every `WireModel`.

The subtle thing is that Litestar's own pydantic plugin passes `strict=False` to every validation, which overrides the
models' strictness, and writes a schema of its own that calls a decimal a number and leaves `additionalProperties`
out. So both halves of that plugin are replaced: bodies are validated as the model says, and the document is
pydantic's own JSON schema, with nested models and enumerations as components.

Source: Litestar 2.25, plugins/pydantic; OpenAPI 3.1.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from inspect import isclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_args

from litestar.openapi.spec import OpenAPIType, Reference, Schema
from litestar.plugins.pydantic import PydanticInitPlugin, PydanticSchemaPlugin
from litestar.typing import FieldDefinition
from pydantic import BaseModel, ValidationError

from api.refusals import InvalidPayload
from api.schemas.field_errors import field_errors
from api.schemas.queries import LIMIT_DEFAULT, LIMIT_MAX, PageLimit, read_limit
from api.schemas.wire import ReplyModel, WireModel
from api.strict_json import Payload

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator

Node: TypeAlias = Schema | Reference
Resolve: TypeAlias = Callable[[str], Node]

_PART: Final = frozenset({"items", "not", "additionalProperties", "propertyNames", "contains"})
_LIST_OF_PARTS: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})

_LEFT_OUT: Final = frozenset({"title", "discriminator"})
"""Titles only repeat the names; a discriminator would name schemas by other names than the document gives them."""


def _is_wire_model(value: object) -> bool:
    return isclass(value) and issubclass(value, WireModel)


def _is_page_limit(value: object) -> bool:
    return value is PageLimit


def read_body(model: type[WireModel], value: object) -> WireModel:
    """Return the body as its model.

    Raises:
        InvalidPayload: it is not what the model takes, with every place that is wrong.
    """
    if not isinstance(value, Payload):
        message = f"{model.__name__} was not read at the door"
        raise TypeError(message)
    if value.refused:
        raise InvalidPayload(value.refused)
    try:
        return model.model_validate(value.value)
    except ValidationError as error:
        raise InvalidPayload(field_errors(error, value.value)) from None


class WireReading(PydanticInitPlugin):
    """Validates bodies as their models say; it stands where Litestar would put its own pydantic decoding."""

    @classmethod
    def decoders(
        cls,
        validate_strict: bool = False,  # noqa: ARG003, FBT001, FBT002 - the signature is Litestar's; the models decide
    ) -> list[tuple[Callable[[Any], bool], Callable[[Any, Any], Any]]]:
        """Return our decoders; no other kind of body is read."""
        return [(_is_wire_model, read_body), (_is_page_limit, read_limit)]


class WireDocument(PydanticSchemaPlugin):
    """Documents bodies by pydantic's own JSON schema, and the size of a page."""

    @staticmethod
    def is_plugin_supported_type(value: object) -> bool:
        """Tell whether this plugin documents a type."""
        return _is_page_limit(value) or PydanticSchemaPlugin.is_plugin_supported_type(value)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Schema:
        """Return the component of a model, its nested models and enumerations registered beside it."""
        model = field_definition.annotation
        if _is_page_limit(model):
            return Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=LIMIT_MAX, default=int(LIMIT_DEFAULT))
        if not _is_wire_model(model):
            return super().to_openapi_schema(field_definition, schema_creator)
        component = schema_creator.schema_registry.get_schema_for_field_definition(field_definition)
        mode: Any = "serialization" if issubclass(model, ReplyModel) else "validation"
        document = model.model_json_schema(mode=mode, ref_template="{model}")
        document.pop("$defs", None)
        named = _named_parts(model)

        def resolve(name: str) -> Node:
            return schema_creator.for_field_definition(FieldDefinition.from_annotation(named[name]))

        filled = _node(document, resolve)
        for name in _ATTRIBUTES.values():
            setattr(component, name, getattr(filled, name))
        component.title = model.__name__
        return component


def _named_parts(model: type[BaseModel]) -> dict[str, type]:
    """Return the models and enumerations that a model names, itself included; two of one name are a TypeError."""
    found: dict[str, type] = {model.__name__: model}
    waiting: list[Any] = [field.annotation for field in model.model_fields.values()]
    while waiting:
        annotation = waiting.pop()
        waiting.extend(get_args(annotation))
        if not isclass(annotation) or not issubclass(annotation, BaseModel | Enum):
            continue
        if (known := found.setdefault(annotation.__name__, annotation)) is not annotation:
            message = f"two parts of {model.__name__} are called {annotation.__name__}: {known!r}, {annotation!r}"
            raise TypeError(message)
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType(
    {field.metadata.get("alias", _camel(field.name)): field.name for field in fields(Schema)}
)
"""The JSON schema's keyword: Litestar's attribute for it."""


def _node(document: Mapping[str, Any], resolve: Resolve) -> Node:
    if "$ref" in document:
        target = resolve(document["$ref"])
        rest = {key: value for key, value in document.items() if key not in {"$ref", "title"}}
        return Schema(**_attributes(rest, resolve), all_of=[target]) if rest else target
    return Schema(**_attributes(document, resolve))


def _attributes(document: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    return {_ATTRIBUTES[key]: _keyword(key, value, resolve) for key, value in document.items() if key not in _LEFT_OUT}


def _keyword(key: str, value: Any, resolve: Resolve) -> Any:  # noqa: ANN401 - a JSON schema's values are of any type
    if key == "properties":
        return {name: _node(part, resolve) for name, part in value.items()}
    if key in _PART and isinstance(value, dict):
        return _node(value, resolve)
    if key in _LIST_OF_PARTS:
        return [_node(part, resolve) for part in value]
    return value
