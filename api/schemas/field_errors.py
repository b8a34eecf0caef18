"""Field errors: what pydantic found, as places of the body and sentences in both languages.

The subtle thing is the place. pydantic puts the tags of unions into its locations, so a location is walked along the
body that was sent, and a step that leads nowhere in it is dropped; only what is missing is named without being there.
And pydantic counts an array that holds a wrong item as shorter than it is, so that complaint is dropped beside the
real one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from api.refusals import FieldError
from api.schemas.wire import REFUSAL
from api.strict_json import ERRORS_MAX, pointer
from domain.errors import InvalidValue

_UNKNOWN: Final = ("invalid_value", "该值无效", "this value is not valid here")

_SENTENCES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "missing": ("missing", "缺少必填字段", "a required field is missing"),
        "extra_forbidden": ("unknown_field", "未知字段", "unknown field"),
        "string_type": ("wrong_type", "应为字符串", "a string is expected"),
        "int_type": ("wrong_type", "应为整数", "an integer is expected"),
        "bool_type": ("wrong_type", "应为 true 或 false", "true or false is expected"),
        "none_required": ("wrong_type", "应为 null", "null is expected"),
        "model_type": ("wrong_type", "应为 JSON 对象", "a JSON object is expected"),
        "model_attributes_type": ("wrong_type", "应为 JSON 对象", "a JSON object is expected"),
        "dict_type": ("wrong_type", "应为 JSON 对象", "a JSON object is expected"),
        "list_type": ("wrong_type", "应为 JSON 数组", "a JSON array is expected"),
        "tuple_type": ("wrong_type", "应为 JSON 数组", "a JSON array is expected"),
        "enum": ("unknown_word", "只能取:{expected}", "one of {expected} is expected"),
        "literal_error": ("unknown_word", "只能取:{expected}", "{expected} is expected"),
        "union_tag_invalid": ("unknown_word", "类别只能取:{expected_tags}", "the kind is one of {expected_tags}"),
        "union_tag_not_found": ("missing", "缺少类别字段 {discriminator}", "the field {discriminator} is missing"),
        "too_short": ("too_few", "至少需要{min_length}项", "at least {min_length} items are expected"),
        "too_long": ("too_many", "最多允许{max_length}项", "at most {max_length} items are accepted"),
        "string_too_short": ("too_short", "至少{min_length}个字符", "at least {min_length} characters are expected"),
        "string_too_long": ("too_long", "最多{max_length}个字符", "at most {max_length} characters are accepted"),
        "string_pattern_mismatch": ("wrong_form", "格式不符", "the text has another form than this field's"),
        "greater_than": ("out_of_range", "须大于{gt}", "more than {gt} is expected"),
        "greater_than_equal": ("out_of_range", "不得小于{ge}", "at least {ge} is expected"),
        "less_than": ("out_of_range", "须小于{lt}", "less than {lt} is expected"),
        "less_than_equal": ("out_of_range", "不得大于{le}", "at most {le} is expected"),
    }
)
"""pydantic's error type: our code, and the sentences; the parts in braces are pydantic's context, never the input."""


def field_errors(error: ValidationError, body: object) -> tuple[FieldError, ...]:
    """Return what is wrong, place by place, at most fifty."""
    found = error.errors(include_url=False, include_input=False)
    inner = {item["loc"][:length] for item in found for length in range(len(item["loc"]))}
    told = [item for item in found if item["type"] != "too_short" or item["loc"] not in inner]
    return tuple(_field_error(item["type"], item["loc"], item.get("ctx", {}), body) for item in told[:ERRORS_MAX])


def _field_error(kind: str, location: tuple[int | str, ...], context: Mapping[str, Any], body: object) -> FieldError:
    place = pointer(_steps(location, body, missing=kind == "missing"))
    refusal = context.get(REFUSAL)
    if isinstance(refusal, InvalidValue):
        return FieldError(place, refusal.code, refusal.reason_zh, refusal.reason_en)
    code, zh, en = _SENTENCES.get(kind, _UNKNOWN)
    return FieldError(place, code, zh.format_map(context), en.format_map(context))


def _steps(location: tuple[int | str, ...], body: object, *, missing: bool) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if isinstance(body, dict) and (step in body or (missing and last)):
            body = body.get(step)
        elif isinstance(body, list) and isinstance(step, int) and step < len(body):
            body = body[step]
        else:
            continue
        steps.append(step)
    return tuple(steps)
