"""The registry's wire: frozen bytes, and what is refused before anyone believes it."""

import json
from datetime import UTC, datetime
from typing import Final

import pytest

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import HolderMatch, OrderStatus, RegistryOrder, RegistryStatus
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from integrations.outbound.strict_json import Fields, Unreadable, read_object, write_object
from integrations.registry import vocabulary, wire
from integrations.registry.demo_rights import ENTERPRISE_SHAOXING_USCC, SHAOXING_COD_RIGHT
from integrations.registry.messages import write_order
from integrations.registry.vocabulary import REFUSAL_WORDS, RefusalCode, Words
from integrations.registry.wire import REPLY_WORDS, Direction, ReplyCode

ORDER: Final = RegistryOrder(
    order_id="order_1",
    kind=OrderKind.FREEZE,
    registry="zhejiang",
    registry_no=SHAOXING_COD_RIGHT,
    holder_uscc=ENTERPRISE_SHAOXING_USCC,
    quantity=Quantity.parse("10.23", Unit.T_PER_YEAR),
    beneficiary=ENTERPRISE_SHAOXING_USCC,
    contract_no="质押字2026第001号",
    expected_version=3,
    registry_ref=None,
)
BYTES: Final = (
    '{"head":{"reqId":"0f0f","appId":"greenlien","timestamp":"2026-11-21 10:00:00","signType":"HMAC-SHA256"},'
    '"body":{"zlbh":"order_1","qzbh":"PWQ-ZJ-330602-00001","cyrdm":"91330602DEM0000140","zlsl":"10.230000",'
    '"jldw":"吨/年","zqrdm":"91330602DEM0000140","htbh":"质押字2026第001号","bbh":3}}'
).encode()


def test_a_freeze_has_these_very_bytes() -> None:
    assert wire.write_request("0f0f", "greenlien", "2026-11-21 10:00:00", write_order(ORDER)) == BYTES


def test_a_signature_is_this_very_one() -> None:
    signature = wire.sign(b"secret", Direction.REQUEST, "/zhejiang/djzl", "2026-11-21 10:00:00", "0f0f", BYTES)

    # printf 'REQ\nPOST\n/zhejiang/djzl\n2026-11-21 10:00:00\n0f0f\n' | cat - bytes | openssl dgst -sha256 -hmac secret
    assert signature == "42ad50c9d7f952dc499db5a87eda93e93f91ba72c23027f17a4f535c0d8da69a"


@pytest.mark.parametrize(
    "changed",
    [
        {"direction": Direction.ANSWER},
        {"path": "/zhejiang/jdzl"},
        {"timestamp": "2026-11-21 10:00:01"},
        {"request_id": "0f0e"},
        {"content": BYTES + b" "},
        {"secret": b"Secret"},
    ],
)
def test_a_signature_covers_everything_that_travels(changed: dict[str, object]) -> None:
    genuine: dict[str, object] = {
        "secret": b"secret",
        "direction": Direction.REQUEST,
        "path": "/zhejiang/djzl",
        "timestamp": "2026-11-21 10:00:00",
        "request_id": "0f0f",
        "content": BYTES,
    }

    assert wire.sign(**genuine) != wire.sign(**{**genuine, **changed})  # type: ignore[arg-type] # a table of arguments


def test_times_are_shanghais_to_the_second_and_survive_the_journey() -> None:
    instant = datetime(2026, 11, 21, 16, 0, 1, 999_999, tzinfo=UTC)

    assert wire.write_time(instant) == "2026-11-22 00:00:01"
    assert wire.read_time("2026-11-22 00:00:01") == instant.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    ["2026-11-21", "2026-11-21T10:00:00", "2026-11-21 10:00:0", "2026-13-01 00:00:00", "２026-11-21 10:00:00", ""],
)
def test_another_spelling_of_a_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        wire.read_time(text)


@pytest.mark.parametrize("name", ["", "Zhejiang", "../hubei", "a/b", "浙江", "zhejiang\n", "x" * 33])
def test_a_registry_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        wire.wire_path(name, wire.Operation.LOOKUP)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b'{"a": 1.0}',
        b'{"a": 1e3}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        b"{'a': 1}",
        b'{"a": 1} {}',
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_one_plain_object_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read_object(content)


@pytest.mark.parametrize("value", [None, 1, True, "", "x" * 257, ["a"], {}])
def test_a_text_is_a_text(value: object) -> None:
    with pytest.raises(Unreadable):
        Fields({"a": value}).text("a")


@pytest.mark.parametrize("value", [None, "1", True, -1, 2**63, [1]])
def test_a_whole_number_is_a_whole_number(value: object) -> None:
    with pytest.raises(Unreadable):
        Fields({"a": value}).integer("a")


def test_a_member_that_nobody_knows_is_left_alone() -> None:
    assert read_object(write_object({"new": [1], "zlbh": "order_1"})).text("zlbh") == "order_1"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (vocabulary.UNITS, set(Unit)),
        (vocabulary.POLLUTANTS, set(Pollutant)),
        (vocabulary.INSTRUMENTS, set(Instrument)),
        (vocabulary.STATUSES, set(RegistryStatus)),
        (vocabulary.HOLDER_MATCHES, set(HolderMatch)),
        (vocabulary.ORDER_KINDS, set(OrderKind)),
        (vocabulary.ORDER_STATUSES, set(OrderStatus)),
        (vocabulary.REFUSALS, set(RefusalCode)),
        (vocabulary.ORIGINS, {"initial", "new_project", "surplus", "reserve", "purchased"}),
        (vocabulary.BASES, {"paid", "free"}),
        (vocabulary.TENURES, {"fixed", "permanent"}),
    ],
)
def test_every_word_of_ours_has_one_of_theirs_and_comes_back(table: Words[str], words: set[str]) -> None:
    assert set(table.known()) == words
    assert {table.ours(table.theirs(word)) for word in words} == words


def test_every_code_has_its_words() -> None:
    assert REPLY_WORDS.keys() == set(ReplyCode)
    assert REFUSAL_WORDS.keys() == set(RefusalCode)


def test_the_bytes_are_chinese_and_not_escaped() -> None:
    assert json.loads(BYTES)["body"]["jldw"] == "吨/年"
    assert b"\\u" not in BYTES
