"""Strict JSON: what is refused, what is kept, and that nothing takes long."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.refusals import InvalidPayload, UnreadableBody
from api.strict_json import BODY_BYTES_MAX, DEPTH_MAX, INTEGER_MAX, VALUES_MAX, pointer, read_json, read_payload

MILLISECONDS_MAX: Final = 250

TEXT: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=30,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_good_value_is_read_as_json_reads_it(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    assert read_json(text.encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        read_json(body)
    except (UnreadableBody, InvalidPayload):
        return

    json.loads(body.decode("utf-8"))


@given(
    st.lists(st.sampled_from(['{"a":', "[", "]", "}", ",", ":", '"', "\\", "1", "1.5", "null", " ", '"k"', "\\u0000"]))
)
def test_pieces_of_json_in_any_order_are_read_or_refused(pieces: list[str]) -> None:
    body = "".join(pieces).encode()
    try:
        value = read_payload(body)
    except UnreadableBody:
        return

    assert value.refused or value.value == json.loads(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \t\r\n", "empty"),
        (b"\xef\xbb\xbf{}", "byte_order_mark"),
        (b'"\xff"', "not_utf8"),
        (b'"\xed\xa0\x80"', "not_utf8"),
        ("[]".encode("utf-16"), "not_utf8"),
        ("[]".encode("utf-16-le"), "malformed"),
        (b"{}{}", "malformed"),
        (b'["a\nb"]', "malformed"),
        (b'["a\x00b"]', "malformed"),
        (b"[1,]", "malformed"),
        (b"[01]", "malformed"),
        (b"NaN", "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b"[-Infinity]", "not_a_number"),
        (b'{"a":1,"a":1}', "duplicate_key"),
        (b'{"a":1,"\\u0061":1}', "duplicate_key"),
        (b'[{"b":{"a":1,"a":2}}]', "duplicate_key"),
        (b'["\\u0000"]', "nul_character"),
        (b'{"\\u0000":1}', "nul_character"),
        (b'["\\ud800"]', "lone_surrogate"),
        (b'["\\uDFFFx"]', "lone_surrogate"),
        (b'{"\\ud83d":1}', "lone_surrogate"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "too_deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"),
        (b"[" + b"1," * (VALUES_MAX - 1) + b"1]", "too_many_values"),
        (b"[" + b"1," * VALUES_MAX + b"1]", "too_many_values"),
        (b"[" + b'{"k":"v"},' * (VALUES_MAX // 2) + b"1]", "too_many_values"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableBody) as refused:
        read_json(body)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "body",
    [
        b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
        b"[" + b"1," * (VALUES_MAX - 2) + b"1]",
        b"[" + b"[]," * (VALUES_MAX - 2) + b"[]]",
        b'["' + b"[{" * 40_000 + b'"]',
        b'["' + b"," * 40_000 + b'"]',
        b'["\\"' + b"[" * 40_000 + b'"]',
        b"{" + b",".join(b'"k%d":"v"' % n for n in range(VALUES_MAX - 1)) + b"}",
        b"{" + b",".join(b'"k%d":[]' % n for n in range(VALUES_MAX - 1)) + b"}",
        b'["\\ud83d\\ude00 \\\\u0000"]',
        b"[-9007199254740991, 9007199254740991, -0]",
    ],
)
def test_what_is_just_within_the_limits_is_read(body: bytes) -> None:
    assert read_json(body) == json.loads(body)


@pytest.mark.parametrize("number", ["1.0", "-0.5", "1e3", "1E+999999999", "1E-999999999", "0.0", "9.9e0"])
def test_a_fraction_or_exponent_is_refused_with_its_place_and_told_to_be_a_text(number: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        read_json(f'{{"items":[{{"a/b~":{number}}}]}}'.encode())

    [error] = refused.value.errors
    assert (error.pointer, error.code) == ("#/items/0/a~1b~0", "invalid_decimal")
    assert "string" in error.detail_en
    assert "字符串" in error.detail_zh


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740992", "1" + "0" * 30, "9" * 100_000])
def test_an_integer_that_a_double_cannot_hold_is_refused_with_its_place(number: str) -> None:
    payload = read_payload(f"[1,{number}]".encode())

    assert [(error.pointer, error.code) for error in payload.refused] == [("#/1", "invalid_integer")]


def test_all_refused_numbers_are_told_in_the_order_of_the_body_up_to_fifty() -> None:
    some = read_payload(b'{"b":1.5,"a":[2.5,3,4.5]}')
    many = read_payload(b"[" + b"1.5," * 99 + b"1.5]")

    assert [error.pointer for error in some.refused] == ["#/b", "#/a/0", "#/a/2"]
    assert len(many.refused) == 50


HARD: Final[dict[str, Callable[[], bytes]]] = {
    "opening brackets": lambda: b"[" * BODY_BYTES_MAX,
    "opening braces": lambda: b'{"a":' * (BODY_BYTES_MAX // 5),
    "brackets after an open string": lambda: b'"' + b"[" * (BODY_BYTES_MAX - 1),
    "quotes": lambda: b"[" * 40 + b'"' * BODY_BYTES_MAX,
    "escaped quotes": lambda: b"[[],[]]" * 20 + b'\\"' * (BODY_BYTES_MAX // 2),
    "backslashes": lambda: b"[[],[]]" * 20 + b'"' + b"\\" * BODY_BYTES_MAX,
    "colons": lambda: b"[[],[]]" * 20 + b":" * BODY_BYTES_MAX,
    "closing brackets": lambda: b"[[],[]]" * 20 + b"]" * BODY_BYTES_MAX,
    "commas": lambda: b"," * BODY_BYTES_MAX,
    "spaces": lambda: b" " * BODY_BYTES_MAX,
    "digits": lambda: b"9" * BODY_BYTES_MAX,
    "a fraction": lambda: b"0." + b"9" * BODY_BYTES_MAX,
    "escapes": lambda: b'"' + b"\\u0041" * (BODY_BYTES_MAX // 6) + b'"',
    "surrogates": lambda: b'"' + b"\\ud83d\\ude00" * (BODY_BYTES_MAX // 12) + b'"',
    "many keys": lambda: b"{" + b",".join(b'"%d":1' % n for n in range(VALUES_MAX + 1)) + b"}",
    "alternating text": lambda: b"x " * (BODY_BYTES_MAX // 2),
}


@pytest.mark.parametrize("name", HARD)
def test_a_mebibyte_of_anything_is_judged_quickly(name: str) -> None:
    body = HARD[name]()
    started = time.perf_counter()

    with contextlib.suppress(UnreadableBody, InvalidPayload):
        read_json(body)

    assert (time.perf_counter() - started) * 1000 < MILLISECONDS_MAX


def test_a_pointer_is_a_json_pointer_in_a_fragment() -> None:
    steps: tuple[Any, ...] = ("a", 0, "b/c", "~")

    assert pointer(steps) == "#/a/0/b~1c/~0"
    assert pointer(()) == "#"
