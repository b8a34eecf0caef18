"""Trades on the real database: what is believed when, who may see it, and how a row is put right."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from domain.values.identifiers import Division
from tests.builders import BANK_USCC, HOLDER, NOW, TODAY
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, open_for_business, quantity, yuan
from tests.integration.told_market import (
    AUTHORITY,
    BANK_A,
    BANK_B,
    EXCHANGE,
    HOUR,
    a_row,
    an_hour_passes,
    listed,
    priced,
    prices,
    send,
    set_aside,
    statuses,
)


@pytest.fixture(scope="module")
def opened(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    """Return the product, open for business, for all tests of this module."""
    with new_database() as database, open_for_business(database) as business:
        yield business


@pytest.fixture
def business(opened: Business) -> Business:
    """Return the product, in which nobody has told anything yet."""
    opened.sql("truncate trades, trade_parties, holder_groups, affiliations")
    return opened


def test_a_valuation_of_an_earlier_moment_reads_what_was_believed_then(business: Business) -> None:
    send(business, EXCHANGE, a_row(1))
    an_hour_passes(business)
    send(business, EXCHANGE, a_row(1, "9000.00", trade_no="SYN-1b", revises="SYN-1"))

    assert prices(priced(business, BANK_A, NOW)) == {"SYN-1b": 9000}
    assert prices(priced(business, BANK_A, NOW - HOUR)) == {"SYN-1": 4000}
    assert prices(priced(business, BANK_A, NOW - 2 * HOUR)) == {}
    assert statuses(business, BANK_A) == {"SYN-1": "superseded", "SYN-1b": "accepted"}


def test_a_senders_own_clock_moves_nothing_and_is_kept_in_the_row(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, known_at="2020-01-01T00:00:00+08:00"))
    (row,) = listed(business, EXCHANGE)

    assert prices(priced(business, EXCHANGE, NOW - HOUR)) == {}
    assert row["known_at"] == row["accepted_from"] == row["received_at"] == "2026-11-21T10:00:00.000+08:00"
    assert row["trade"]["known_at"] == "2020-01-01T00:00:00+08:00"


def test_a_row_tells_its_unit_value_and_basis(business: Business) -> None:
    term = {"amount": "20000", "currency": "CNY", "per_unit": "t", "per_period": "term"}
    send(business, EXCHANGE, a_row(1) | {"price": term}, a_row(2, kind="charge"))
    rows = {row["trade"]["trade_no"]: row for row in listed(business, BANK_A)}

    assert (rows["SYN-1"]["unit_value"], rows["SYN-1"]["basis"]) == ("4000.000000", "per_tonne_year")
    assert (rows["SYN-2"]["status"], rows["SYN-2"]["exclusion"]) == ("accepted", "charge")
    assert prices(priced(business, BANK_A)) == {"SYN-1": 4000}


def test_the_whole_country_or_one_province_is_read(business: Business) -> None:
    send(business, EXCHANGE, a_row(1), a_row(2, division="420100"))

    assert set(prices(priced(business, BANK_A))) == {"SYN-1"}
    assert set(prices(priced(business, BANK_A, province=None))) == {"SYN-1", "SYN-2"}
    assert set(prices(priced(business, BANK_A, province=Division("420000")))) == {"SYN-2"}


def test_a_round_trip_found_later_takes_both_legs_away_and_leaves_what_was_believed(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, seller=HOLDER, buyer=HUANGSHI))
    an_hour_passes(business)
    answer = send(business, EXCHANGE, a_row(2, seller=HUANGSHI, buyer=HOLDER))

    assert [row["code"] for row in answer["quarantined"]] == ["related_parties"]
    assert prices(priced(business, BANK_B)) == {}
    assert prices(priced(business, BANK_B, NOW - HOUR)) == {"SYN-1": 4000}
    assert set_aside(business, EXCHANGE) == [("SYN-2", "related_parties"), ("SYN-1", "related_parties")]
    assert set_aside(business, EXCHANGE, NOW - HOUR) == []


def test_who_relied_on_a_withdrawn_deal_is_told_its_code_and_no_word_about_its_parties(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, seller=HOLDER, buyer=HUANGSHI))
    send(business, EXCHANGE, a_row(2, seller=HUANGSHI, buyer=HOLDER))

    (seen,) = listed(business, BANK_B)
    assert (seen["trade"]["trade_no"], seen["status"], seen["code"]) == ("SYN-1", "quarantined", "related_parties")
    assert seen["detail"] is None
    own = listed(business, EXCHANGE)
    assert len(own) == 2
    assert all("there and back" in row["detail"] for row in own)


def test_no_answer_names_a_group_or_a_party(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, seller=HOLDER, buyer=HUANGSHI))
    (groups,) = business.sql("select seller_group, buyer_group from trades where trade_no = 'SYN-1' and source = 's'")
    told = json.dumps([listed(business, client) for client in (EXCHANGE, BANK_A)])

    assert all(group.startswith("group_") for group in groups)
    assert not [word for word in (*groups, "group", HOLDER, HUANGSHI, "seller") if word in told]


def test_the_groups_behind_the_ids_are_their_senders_alone(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, seller=HOLDER, buyer=HUANGSHI))
    send(business, BANK_A, a_row(2, seller=HOLDER, buyer=HUANGSHI), source="own")
    ids = business.sql(
        "select uscc, count(distinct group_id), count(distinct sent_by) from holder_groups group by uscc"
    )

    assert sorted(ids) == sorted([(HOLDER, 2, 2), (HUANGSHI, 2, 2)])


def test_a_link_makes_a_deal_between_two_enterprises_no_price(business: Business) -> None:
    link = {"parties": [HUANGSHI, HOLDER], "since": "2026-01-01", "ground": "control"}
    kept = business.post(AUTHORITY, "/v1/market/affiliations", link, 201)
    answer = send(business, EXCHANGE, a_row(1, seller=HOLDER, buyer=HUANGSHI))

    assert [row["code"] for row in answer["quarantined"]] == ["related_parties"]
    assert kept["parties"] == sorted([HOLDER, HUANGSHI])
    assert business.get(EXCHANGE, f"/v1/market/affiliations?uscc={HOLDER}")["items"] == [kept]
    for client in (BANK_A, "enterprise.shaoxing"):
        assert business.call(client, "GET", "/v1/market/affiliations")[0] == 403
        assert business.call(client, "POST", "/v1/market/affiliations", link)[0] == 403


def test_a_link_told_again_for_its_day_takes_the_place_of_the_first(business: Business) -> None:
    link = {"parties": [HUANGSHI, HOLDER], "since": "2026-01-01", "ground": "control"}
    business.post(EXCHANGE, "/v1/market/affiliations", link, 201)
    ended = business.post(EXCHANGE, "/v1/market/affiliations", {**link, "until": "2026-06-30"}, 201)

    assert business.get(EXCHANGE, "/v1/market/affiliations")["items"] == [ended]
    assert send(business, EXCHANGE, a_row(1, seller=HOLDER, buyer=HUANGSHI))["accepted"] == 1


def test_an_exchanges_link_counts_for_its_own_trades_only(business: Business) -> None:
    link = {"parties": [HUANGSHI, HOLDER], "since": "2026-01-01", "ground": "control"}
    business.post(EXCHANGE, "/v1/market/affiliations", link, 201)

    assert send(business, BANK_A, a_row(1, seller=HOLDER, buyer=HUANGSHI), source="own")["accepted"] == 1
    assert business.get(AUTHORITY, "/v1/market/affiliations")["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"parties": [HOLDER, HOLDER], "since": "2026-01-01", "ground": "control"},
        {"parties": [HOLDER], "since": "2026-01-01", "ground": "control"},
        {"parties": [HOLDER, HUANGSHI], "since": "2026-01-01", "until": "2025-12-31", "ground": "control"},
        {"parties": [HOLDER, HUANGSHI], "since": "2026-01-01", "ground": "rumour"},
    ],
)
def test_a_link_that_says_nothing_is_refused(body: dict[str, object], business: Business) -> None:
    assert business.call(AUTHORITY, "POST", "/v1/market/affiliations", body)[0] == 422


def test_a_linked_group_is_one_group_for_the_cap(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, seller=HOLDER))
    link = {"parties": [HUANGSHI, HOLDER], "since": "2026-01-01", "ground": "control"}
    business.post(AUTHORITY, "/v1/market/affiliations", link, 201)
    send(business, EXCHANGE, a_row(2, seller=HOLDER), a_row(3, seller=HUANGSHI), a_row(4, seller=BANK_USCC))
    group = {deal.trade_no: deal.seller_group for deal in priced(business, BANK_A)}

    assert group["SYN-2"] == group["SYN-3"]
    assert group["SYN-4"] not in {group["SYN-2"], None}


def test_one_bank_learns_nothing_of_anothers_deals_by_telling_the_same_ones(business: Business) -> None:
    send(business, BANK_A, a_row(1), source="own")
    same, other = send(business, BANK_B, a_row(1), source="b"), send(business, BANK_B, a_row(1, "9000.00"), source="c")

    assert (same["accepted"], same["duplicates"]) == (1, 0)
    assert [row["code"] for row in other["quarantined"]] == ["duplicate_conflict"]
    assert "source b" in other["quarantined"][0]["detail"]
    assert {row["source"] for row in listed(business, BANK_B)} == {"b", "c"}
    assert prices(priced(business, BANK_A)) == {"SYN-1": 4000}


def test_a_deal_that_the_exchange_told_is_known_to_the_bank_and_counts_once(business: Business) -> None:
    send(business, EXCHANGE, a_row(1))
    answer = send(business, BANK_A, a_row(1, trade_no="OWN"), source="own")

    assert (answer["accepted"], answer["duplicates"], answer["quarantined"]) == (0, 1, [])
    assert {row["trade"]["trade_no"]: row["exclusion"] for row in listed(business, BANK_A)} == {
        "SYN-1": None,
        "OWN": "duplicate",
    }
    assert set(prices(priced(business, BANK_A))) == {"SYN-1"}


def test_a_deal_that_the_exchange_tells_after_the_bank_counts_once_as_well(business: Business) -> None:
    send(business, BANK_A, a_row(1, trade_no="OWN"), source="own")

    assert send(business, EXCHANGE, a_row(1))["accepted"] == 1
    assert set(prices(priced(business, BANK_A))) == {"SYN-1"}
    assert set(prices(priced(business, BANK_B))) == {"SYN-1"}


def test_a_duplicate_speaks_again_when_what_it_doubled_is_no_longer_believed(business: Business) -> None:
    send(business, EXCHANGE, a_row(1))
    send(business, BANK_A, a_row(1, trade_no="OWN"), source="own")
    send(business, EXCHANGE, a_row(1, trade_no="SYN-1b", revises="SYN-1", quantity=quantity("7")))

    assert set(prices(priced(business, BANK_A))) == {"OWN", "SYN-1b"}


def test_a_contradiction_is_told_with_the_others_number_and_leaves_the_other_alone(business: Business) -> None:
    send(business, EXCHANGE, a_row(1))
    answer = send(business, BANK_A, a_row(1, "9000.00", trade_no="OWN"), source="own")

    assert answer["quarantined"][0]["code"] == "duplicate_conflict"
    assert "4000.00" in answer["quarantined"][0]["detail"]
    assert statuses(business, BANK_B) == {"SYN-1": "accepted"}


def test_a_job_without_a_caller_reads_what_everybody_is_told(business: Business) -> None:
    send(business, EXCHANGE, a_row(1))
    send(business, BANK_A, a_row(2), source="own")

    assert set(prices(priced(business, None))) == {"SYN-1"}
    assert set(prices(priced(business, BANK_A, shared_only=True))) == {"SYN-1"}
    assert set(prices(priced(business, BANK_A))) == {"SYN-1", "SYN-2"}


def test_a_quarantined_row_is_corrected_and_stays_to_be_seen_with_its_reason(business: Business) -> None:
    send(business, EXCHANGE, a_row(1, amount=yuan("1.00")))
    assert [row["code"] for row in listed(business, EXCHANGE, "&status=quarantined")] == ["amount_mismatch"]
    assert set_aside(business, EXCHANGE) == [("SYN-1", "amount_mismatch")]
    an_hour_passes(business)
    send(business, EXCHANGE, a_row(1, trade_no="SYN-1b", revises="SYN-1", amount=yuan("20000.00")))

    (wrong,) = listed(business, EXCHANGE, "&code=amount_mismatch")
    (right,) = listed(business, EXCHANGE, "&status=accepted")
    assert (wrong["status"], wrong["superseded_by"], wrong["accepted_from"]) == ("superseded", right["id"], None)
    assert statuses(business, BANK_A) == {"SYN-1b": "accepted"}
    assert set_aside(business, EXCHANGE) == []
    assert set_aside(business, EXCHANGE, NOW - HOUR) == [("SYN-1", "amount_mismatch")]
    assert set_aside(business, BANK_A, NOW - HOUR) == []


def test_a_row_whose_obstacle_has_gone_is_believed_when_it_is_sent_again_and_from_then(business: Business) -> None:
    link = {"parties": [HUANGSHI, HOLDER], "since": "2026-01-01", "ground": "control"}
    row = a_row(1, seller=HOLDER, buyer=HUANGSHI)
    business.post(AUTHORITY, "/v1/market/affiliations", link, 201)
    assert send(business, EXCHANGE, row)["quarantined"][0]["code"] == "related_parties"
    assert send(business, EXCHANGE, row)["quarantined"][0]["code"] == "related_parties"
    an_hour_passes(business)
    business.post(AUTHORITY, "/v1/market/affiliations", {**link, "until": "2026-06-30"}, 201)

    assert send(business, EXCHANGE, row)["accepted"] == 1
    (seen,) = listed(business, EXCHANGE)
    assert (seen["status"], seen["code"], seen["detail"]) == ("accepted", None, None)
    assert seen["accepted_from"] > seen["received_at"]
    assert set_aside(business, EXCHANGE, NOW - HOUR) == [("SYN-1", "related_parties")]
    assert set_aside(business, EXCHANGE) == []
    assert prices(priced(business, BANK_A, NOW - HOUR)) == {}


def test_a_page_is_asked_for_by_what_is_in_it(business: Business) -> None:
    rows = [
        a_row(1, kind="listed"),
        a_row(2, division="330100"),
        a_row(3, division="420100"),
        a_row(4, amount=yuan("1.00")),
    ]
    send(business, EXCHANGE, *rows)
    days = {number: (TODAY - timedelta(days=10 + number)).isoformat() for number in range(5)}
    found = {
        query: sorted(statuses(business, EXCHANGE, query))
        for query in (
            "&kind=listed",
            "&division=330100",
            "&division=330000",
            "&code=amount_mismatch",
            "&source=syn",
            f"&from={days[2]}",
            f"&to={days[3]}",
            f"&from={days[3]}&to={days[2]}",
            "&instrument=carbon_allowance",
        )
    }

    assert list(found.values()) == [
        ["SYN-1"],
        ["SYN-2"],
        ["SYN-1", "SYN-2", "SYN-4"],
        ["SYN-4"],
        [],
        ["SYN-1", "SYN-2"],
        ["SYN-3", "SYN-4"],
        ["SYN-2", "SYN-3"],
        [],
    ]


def test_pages_follow_one_another_without_gap_or_repetition(business: Business) -> None:
    send(business, EXCHANGE, *(a_row(number) for number in range(5)))
    seen: list[list[str]] = []
    query: str | None = ""
    while query is not None:
        page = business.get(EXCHANGE, f"/v1/market/trades?pollutant=NH3N&limit=2{query}")
        seen.append([row["trade"]["trade_no"] for row in page["items"]])
        query = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None

    assert [len(numbers) for numbers in seen] == [2, 2, 1]
    assert sorted(number for numbers in seen for number in numbers) == [f"SYN-{number}" for number in range(5)]


def test_a_batch_of_hundreds_is_judged_and_kept_as_one(business: Business) -> None:
    rows = [
        a_row(number, trade_no=f"N-{number}", seller=HOLDER, buyer=HUANGSHI, quantity=quantity(f"{number + 1}"))
        for number in range(400)
    ]
    answer = send(business, EXCHANGE, *rows)

    assert (answer["accepted"], answer["duplicates"], answer["quarantined"]) == (400, 0, [])
    assert send(business, EXCHANGE, *rows)["duplicates"] == 400
