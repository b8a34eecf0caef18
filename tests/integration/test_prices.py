"""The price board and the Zhejiang index through their doors."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

import pytest

from tests.builders import TODAY
from tests.database_session import Database
from tests.integration.business import Business, a_deal, open_for_business, quantity
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, OTHER_OFFICER, EXCHANGE = (
    "enterprise.shaoxing",
    "bank-a.officer",
    "bank-b.officer",
    "exchange.zhejiang",
)
BASES: Final = {"COD": 4000, "NH3N": 4000, "SO2": 1000, "NOX": 1000}
_NUMBERS: Final = count(1000)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        document = opened.get(OFFICER, "/openapi.json")
        opened._http.event_hooks["response"].append(OpenapiTruth(document).check)
        yield opened


def tell(business: Business, *deals: dict[str, object], client: str = EXCHANGE) -> None:
    answer = business.post(client, "/v1/market/trades", {"source": "index", "trades": list(deals)}, 200)
    assert answer["accepted"] == len(deals), answer


def deal(price: str, on: str, **different: object) -> dict[str, object]:
    """Return a deal of its own size, so that no two tell of the same one."""
    number = next(_NUMBERS)
    return a_deal(number, price, traded_on=on, quantity=quantity(f"10.{number:06}"), **different)


def index(business: Business, query: str, client: str = ENTERPRISE) -> dict[str, Any]:
    answer: dict[str, Any] = business.get(client, f"/v1/market/indices/zhejiang?{query}")
    return answer


def line(business: Business, query: str, client: str = ENTERPRISE) -> dict[str, Any]:
    [found] = business.get(client, f"/v1/market/prices?{query}")["items"]
    return dict(found)


def test_the_published_index_of_a_quarter_comes_out_of_its_deals(business: Business) -> None:
    # 浙江省排污权交易指数 2025-Q3 as published
    subs = {"COD": "518.18", "NH3N": "830.74", "SO2": "501.80", "NOX": "528.50"}
    prices = {name: f"{Decimal(sub) * BASES[name] / 100:.6f}" for name, sub in subs.items()}
    tell(business, *(deal(price, "2025-08-15", pollutant=name) for name, price in prices.items()))

    told = index(business, "from=2025-Q3&to=2025-Q3&period=quarter")

    [quarter] = told["items"]
    assert (quarter["period"], quarter["composite"]) == ("2025-Q3", "527.88")
    assert {name: sub["index"] for name, sub in quarter["sub_indices"].items()} == subs
    assert (quarter["complete"], quarter["missing"], quarter["deals"]) == (True, [], 4)
    assert told["method"]["weights"]["NOX"] == "0.460000"


def test_a_month_without_a_pollutant_says_that_its_composite_is_unknown(business: Business) -> None:
    tell(business, deal("4000.00", "2024-03-05"), deal("8000.00", "2024-04-05"))

    march, april = index(business, "from=2024-03&to=2024-04-30")["items"]

    assert (march["composite"], march["composite_status"]) == (None, "unknown")
    assert march["missing"] == ["NH3N", "SO2", "NOX"]
    assert march["sub_indices"]["COD"]["index"] == "100.00"
    assert (april["sub_indices"]["COD"]["index"], april["deals_ratio"]) == ("200.00", "1.000000")


def test_without_a_range_the_index_is_that_of_the_last_twelve_months(business: Business) -> None:
    told = index(business, "")["items"]

    assert [told[0]["period"], told[-1]["period"], len(told)] == ["2025-12", "2026-11", 12]
    assert told[-1]["complete"] is False


def test_a_bank_s_own_deals_move_its_board_and_nobody_else_s_and_never_the_index(business: Business) -> None:
    board, month = "pollutant=TP&division=330600", "from=2024-06&to=2024-06"
    tell(business, deal("90000.00", "2024-06-01"), client=OFFICER)
    tell(business, deal("5000.00", TODAY.isoformat(), pollutant="TP"), client=OFFICER)

    assert index(business, month, OFFICER)["items"] == index(business, month, OTHER_OFFICER)["items"]
    assert index(business, month, OFFICER)["items"][0]["deals"] == 0
    assert line(business, board, OFFICER)["last"]["price"] == "5000.000000"
    assert business.get(OTHER_OFFICER, f"/v1/market/prices?{board}")["items"] == []


def test_the_board_tells_the_last_deal_the_means_and_how_old_they_are(business: Business) -> None:
    days = [(TODAY - timedelta(days=back)).isoformat() for back in (10, 40)]
    tell(
        business,
        *(
            deal(price, on, pollutant="TN", division="330702")
            for price, on in zip(("3000.00", "6000.00"), days, strict=True)
        ),
    )

    told = line(business, "pollutant=TN&division=330702&instrument=discharge_right")

    assert (told["division"], told["level"], told["basis"]) == ("330700", "city", "per_tonne_year")
    assert (told["last"]["price"], told["last"]["on"], told["last"]["age_days"]) == ("3000.000000", days[0], 10)
    assert [(mean["days"], mean["deals"]) for mean in told["means"]] == [(30, 1), (90, 2)]
    assert told["stale"] is False


def test_the_board_of_a_past_day_knows_only_what_was_known_then(business: Business) -> None:
    assert business.get(ENTERPRISE, f"/v1/market/prices?as_of={TODAY - timedelta(days=1)}")["items"] == []


def test_a_benchmark_price_stands_beside_the_market_and_is_marked(business: Business) -> None:
    benchmark = deal("1000.00", "2026-01-01", pollutant="VOC", division="330000", kind="benchmark_price")
    tell(business, {name: value for name, value in benchmark.items() if name not in {"quantity", "term_years"}})
    tell(business, deal("7000.00", "2026-11-01", pollutant="VOC", division="330400"))

    told = line(business, "pollutant=VOC&division=330400")

    assert [mean["price"] for mean in told["means"]] == ["7000.000000", "7000.000000"]
    [beside] = told["benchmark_prices"]
    assert (beside["kind"], beside["price"], beside["division"]) == ("benchmark_price", "1000.000000", "330000")


def test_the_board_comes_page_by_page_and_no_line_twice(business: Business) -> None:
    whole = business.get(ENTERPRISE, "/v1/market/prices?limit=200")["items"]
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = business.get(ENTERPRISE, f"/v1/market/prices?limit=1{cursor}")
        found += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(whole) > 2
    assert found == whole


@pytest.mark.parametrize(
    "path",
    [
        "/v1/market/prices?pollutant=x",
        "/v1/market/prices?instrument=x",
        "/v1/market/prices?division=x",
        "/v1/market/prices?as_of=x",
        "/v1/market/prices?as_of=0001-01-01",
        "/v1/market/prices?as_of=9999-12-31",
        "/v1/market/prices?cursor=x",
        "/v1/market/indices/zhejiang?from=0001-01",
        "/v1/market/indices/zhejiang?to=9999-12-31",
        "/v1/market/indices/zhejiang?from=2026-05&to=2026-04",
        "/v1/market/indices/zhejiang?from=2000-01&to=2026-04",
        "/v1/market/indices/zhejiang?from=2026-Q5",
        "/v1/market/indices/zhejiang?period=day",
        "/v1/valuations/due?on=x",
        "/v1/valuations/due?cursor=x",
    ],
)
def test_a_parameter_that_cannot_be_meant_is_refused(path: str, business: Business) -> None:
    status, answer = business.call(OFFICER, "GET", path)

    assert (status, answer["status"]) == (422, 422), answer


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_any_day_may_be_asked_what_is_due_on_it(day: str, business: Business) -> None:
    assert business.get(OFFICER, f"/v1/valuations/due?on={day}")["items"] == []
