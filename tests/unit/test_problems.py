"""Problems: every refusal has words in both languages, and nothing of ours shows through."""

import importlib
import json
import pkgutil
import string
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import ModuleType
from typing import Any

import pytest

import api
import domain
from api.facts import on_the_wire, say
from api.problem_texts import TEXTS
from api.problems import prefers_chinese, problem, text_of
from api.refusals import (
    DoorRefusal,
    FieldError,
    InvalidPayload,
    InvalidQuery,
    MethodNotAllowed,
    Unauthenticated,
    Unreadable,
    UnreadableBody,
    UnreadableRequest,
)
from domain.errors import DomainError, InvalidDecimal, InvalidValue
from domain.ports.registry import RegistrySilent
from domain.ports.tokens import TokenRefused
from domain.rights.holds import QuantityUnavailable
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit

ROOTS = {DomainError, DoorRefusal}
"""Classes that are never raised themselves."""


def modules_below(package: ModuleType) -> list[str]:
    return [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]


def every_refusal() -> list[type[DomainError]]:
    """Return every class of refusal in the domain and behind the doors, found by importing all of both."""
    for name in [*modules_below(domain), *modules_below(api)]:
        if not name.endswith(".__main__"):
            importlib.import_module(name)
    found: set[type[DomainError]] = set()
    waiting: list[type[DomainError]] = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__.startswith(("domain.", "api.")) and kind not in ROOTS:
            found.add(kind)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


REFUSALS = every_refusal()


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__qualname__)
def test_every_refusal_has_a_status_and_words_in_both_languages(kind: type[DomainError]) -> None:
    text = text_of(kind)

    assert text is not None, f"{kind.__module__}.{kind.__qualname__} has no words in api/problem_texts.py"
    assert 400 <= text.status < 600
    assert is_chinese(text.title_zh)
    assert not is_chinese(text.title_en)
    assert not is_chinese(text.detail_en)


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__qualname__)
def test_a_sentence_names_only_facts_that_its_refusal_has(kind: type[DomainError]) -> None:
    text = text_of(kind)
    assert text is not None
    facts = {field.name for field in fields(kind)}

    for sentence in (text.detail_zh, text.detail_en):
        assert {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None} <= facts
    assert set(text.public) <= facts


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__qualname__)
def test_a_status_follows_the_contract_s_rules_for_codes(kind: type[DomainError]) -> None:
    text = text_of(kind)
    assert text is not None

    if kind.code.startswith("invalid_"):
        assert text.status == 422
    if kind.code == "same_person" or kind.code.endswith("_not_authorised") or kind.code == "forbidden":
        assert text.status == 403
    if kind.code == "registry_unavailable":
        assert text.status == 503
    if kind.code.endswith("not_found"):
        assert text.status == 404


@pytest.mark.parametrize("kind", TEXTS, ids=lambda kind: kind.__name__)
def test_no_fact_of_a_refusal_takes_the_place_of_a_member_that_every_document_has(kind: type[DomainError]) -> None:
    assert not {"type", "title", "status", "detail", "code", "request_id", "errors"} & set(TEXTS[kind].public)


def test_no_code_has_two_statuses() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in REFUSALS:
        text = text_of(kind)
        assert text is not None
        statuses.setdefault(kind.code, set()).add(text.status)

    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_the_table_holds_nothing_that_is_not_a_refusal_of_ours() -> None:
    assert set(TEXTS) <= set(REFUSALS)


def told(refusal: DomainError, *, chinese: bool = False) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(problem(refusal, chinese=chinese, request_id="req_1").body)
    return document


def test_a_document_has_the_members_of_rfc_9457_and_ours() -> None:
    document = told(QuantityUnavailable("right_1", Quantity.parse("3.5", Unit.T_PER_YEAR)))

    assert document == {
        "type": "urn:greenlien:problem:quantity_unavailable",
        "title": "Quantity unavailable",
        "status": 409,
        "detail": "Not enough is free: 3.500000 t/a is available.",
        "code": "quantity_unavailable",
        "request_id": "req_1",
        "right_id": "right_1",
        "available": {"amount": "3.500000", "unit": "t/a"},
    }


def test_a_document_speaks_chinese_to_who_prefers_it_under_the_same_code() -> None:
    refusal = QuantityUnavailable("right_1", Quantity.parse("3.5", Unit.T_PER_YEAR))

    chinese = told(refusal, chinese=True)

    assert chinese["detail"] == "可用数量不足:目前可用 3.500000 t/a。"
    assert chinese["code"] == told(refusal)["code"]
    assert problem(refusal, chinese=True, request_id="r").headers["Content-Language"] == "zh-CN"
    assert problem(refusal, chinese=False, request_id="r").headers["Content-Language"] == "en"


def test_a_refusal_with_a_pointer_points() -> None:
    quantity = Quantity.parse("3.5", Unit.T_PER_YEAR)

    [error] = told(QuantityUnavailable("right_1", quantity, pointer="#/items/2/quantity"))["errors"]

    assert error["pointer"] == "#/items/2/quantity"
    assert error["code"] == "quantity_unavailable"


def test_the_reason_of_a_refused_token_stays_inside() -> None:
    for refusal in (TokenRefused("bad signature"), Unauthenticated("bad signature")):
        answer = problem(refusal, chinese=False, request_id="r")

        assert b"signature" not in answer.body
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_the_registry_s_own_words_stay_inside() -> None:
    answer = problem(RegistrySilent("zhejiang", "SELECT secret FROM x"), chinese=False, request_id="r")

    assert b"secret" not in answer.body
    assert answer.headers["Retry-After"] == "30"


def test_field_errors_are_told_in_the_reader_s_language() -> None:
    refusal = InvalidPayload(
        (
            FieldError("#/a", "missing", "缺少必填字段", "missing"),
            FieldError("#/b", "unknown_field", "未知字段", "unknown"),
        )
    )

    assert told(refusal)["errors"] == [
        {"pointer": "#/a", "code": "missing", "detail": "missing"},
        {"pointer": "#/b", "code": "unknown_field", "detail": "unknown"},
    ]
    assert [error["detail"] for error in told(refusal, chinese=True)["errors"]] == ["缺少必填字段", "未知字段"]


def test_errors_of_one_invalid_kind_give_the_document_their_code() -> None:
    decimal = FieldError("#/a", "invalid_decimal", "数字无效", "not a decimal")
    unknown = FieldError("#/b", "unknown_field", "未知字段", "unknown field")

    assert told(InvalidPayload((decimal, decimal)))["code"] == "invalid_decimal"
    assert told(InvalidPayload((decimal,)))["detail"] == "#/a not a decimal"
    assert told(InvalidPayload((decimal, unknown)))["code"] == "invalid_payload"
    assert told(InvalidPayload((unknown,)))["code"] == "invalid_payload"


def test_a_parameter_that_is_wrong_is_named_like_a_field() -> None:
    [error] = told(InvalidQuery((FieldError("#/limit", "wrong_value", "无效", "not valid"),)))["errors"]

    assert error["pointer"] == "#/limit"


def test_what_cannot_be_read_says_why_in_a_stable_word() -> None:
    document = told(UnreadableBody.because(Unreadable.DUPLICATE_KEY), chinese=True)

    assert (document["status"], document["code"], document["reason"]) == (400, "unreadable", "duplicate_key")
    assert "重复" in document["detail"]
    assert isinstance(UnreadableBody.because(Unreadable.EMPTY), UnreadableRequest)


def test_a_refused_method_names_those_that_are_taken() -> None:
    assert problem(MethodNotAllowed("GET, POST"), chinese=False, request_id="r").headers["Allow"] == "GET, POST"


def test_a_value_that_looks_like_a_template_is_only_printed() -> None:
    refusal = InvalidValue(what="{code}", value="{x}", reason_zh="{what.__class__}", reason_en="{what.__class__}")

    assert told(refusal)["detail"] == "{what.__class__}"


def test_a_refusal_without_words_is_still_told_by_its_code() -> None:
    @dataclass(eq=False)
    class Unheard(DomainError):
        code = "unheard"

    document = told(Unheard())

    assert (document["status"], document["code"]) == (409, "unheard")
    assert text_of(Unheard) is None


def test_a_subclass_of_the_same_code_has_its_ancestor_s_words() -> None:
    class Nearer(InvalidDecimal):
        pass

    assert text_of(Nearer) is text_of(InvalidDecimal)


@pytest.mark.parametrize(
    ("header", "chinese"),
    [
        ("", False),
        ("zh", True),
        ("zh-CN", True),
        ("zh-Hans-CN;q=0.9", True),
        ("ZH-cn", True),
        ("en", False),
        ("en-GB,en;q=0.9", False),
        ("zh-CN,zh;q=0.9,en;q=0.8", True),
        ("en;q=0.8,zh;q=0.9", True),
        ("en;q=0.9,zh;q=0.8", False),
        ("en,zh", False),
        ("zh,en", True),
        ("fr,de", False),
        ("fr,zh;q=0.1", True),
        ("*", False),
        ("*;q=0.5,zh;q=0.9", True),
        ("zh;q=0", False),
        ("zh;q=abc", False),
        ("zh;q=9", False),
        ("zha", False),
        (",;,;q=,,", False),
        ("x," * 100_000 + "zh", False),
    ],
)
def test_the_language_is_the_reader_s_choice_and_english_without_one(header: str, chinese: bool) -> None:
    assert prefers_chinese(header) is chinese


class Word(StrEnum):
    """An enumeration."""

    ONE = "one"


def test_facts_are_printed_as_the_wire_prints_them() -> None:
    assert on_the_wire(Money.parse("1")) == {"amount": "1.00", "currency": "CNY"}
    assert on_the_wire(Decimal("1E+3")) == "1000"
    assert on_the_wire(date(2026, 11, 21)) == "2026-11-21"
    assert on_the_wire(datetime(2026, 11, 21, tzinfo=UTC)) == "2026-11-21T08:00:00.000+08:00"
    assert type(on_the_wire(Word.ONE)) is str
    assert on_the_wire((Word.ONE, None, True, 3)) == ["one", None, True, 3]
    assert on_the_wire(frozenset({"b", "a"})) == ["a", "b"]
    assert on_the_wire(FieldError("#", "c", "z", "e")) == {
        "pointer": "#", "code": "c", "detail_zh": "z", "detail_en": "e"}  # fmt: skip
    with pytest.raises(TypeError):
        on_the_wire(object())


def test_facts_are_said_as_a_reader_expects_them() -> None:
    assert say(Money.parse("1"), chinese=True) == "1.00 元"
    assert say(Money.parse("1"), chinese=False) == "CNY 1.00"
    assert say(("a", "b"), chinese=True) == "a、b"
    assert say(None, chinese=True) == "无"
    assert len(say("x" * 1000, chinese=False)) == 200


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
