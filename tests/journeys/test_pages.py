"""Lists: pages of a chosen size that together are the whole, each row once; and cursors that say nothing."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.journeys.company import Company

ROWS = 7


def _pages(ensemble: Company, client: str, path: str, limit: int) -> Iterator[list[Mapping[str, Any]]]:
    """Read a list page by page; each page but the last is full."""
    cursor = ""
    while True:
        page = ensemble.ok(client, "GET", f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")
        yield page["items"]
        if page["next_cursor"] is None:
            return
        assert len(page["items"]) == limit
        cursor = f"&cursor={page['next_cursor']}"


@pytest.fixture(scope="module")
def lists(ensemble: Company) -> Mapping[str, tuple[str, str]]:
    """Fill the lists of one enterprise, each with at least seven rows, and return who reads which under which name."""
    rights = [ensemble.fresh_right("5", "enterprise.huangshi") for _ in range(ROWS)]
    for right in rights:
        ensemble.draft(right, "1", workflow="hubei")
    malformed = [{"trade_no": secrets.token_hex(8)} for _ in range(ROWS)]
    told = {"source": "pages", "trades": malformed}
    assert len(ensemble.ok("bank-b.officer", "POST", "/v1/market/trades", told)["quarantined"]) == ROWS
    holder = ensemble.uscc_of("enterprise.huangshi")
    return {
        "rights": ("enterprise.huangshi", f"/v1/rights?holder_uscc={holder}&pollutant=NH3N"),
        "pledges": ("enterprise.huangshi", f"/v1/pledges?pledgor_uscc={holder}"),
        "trades": ("bank-b.officer", "/v1/market/trades?status=quarantined"),
        "audit": ("auditor", "/v1/audit"),
    }


@pytest.mark.parametrize("name", ["rights", "pledges", "trades", "audit"])
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_the_pages_of_a_list_are_together_the_whole_in_the_same_order(
    ensemble: Company, lists: Mapping[str, tuple[str, str]], name: str, limit: int
) -> None:
    whole = [row["id"] for page in _pages(ensemble, *lists[name], 200) for row in page]
    by_pages = [row["id"] for page in _pages(ensemble, *lists[name], limit) for row in page]
    assert by_pages == whole
    assert len(set(whole)) == len(whole) >= ROWS


@pytest.mark.parametrize("name", ["rights", "pledges", "trades", "audit"])
def test_a_list_has_at_most_fifty_rows_unless_asked_otherwise(
    ensemble: Company, lists: Mapping[str, tuple[str, str]], name: str
) -> None:
    client, path = lists[name]
    assert len(ensemble.ok(client, "GET", path)["items"]) <= 50


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1e2", "5.0", "", "x"])
@pytest.mark.parametrize("path", ["/v1/rights", "/v1/pledges", "/v1/market/trades", "/v1/events"])
def test_a_limit_outside_one_to_two_hundred_is_refused(ensemble: Company, path: str, limit: str) -> None:
    answer = ensemble.call("bank-a.officer", "GET", f"{path}?limit={limit}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_query")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/limit"]


@pytest.mark.parametrize("cursor", ["1", "50", "pledge_1", "' or 1=1 --", "x" * 65])
@pytest.mark.parametrize("path", ["/v1/rights", "/v1/pledges", "/v1/market/trades"])
def test_what_can_be_no_cursor_is_refused(ensemble: Company, path: str, cursor: str) -> None:
    answer = ensemble.call("bank-a.officer", "GET", f"{path}?cursor={cursor}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/cursor"]


def test_a_list_shows_its_reader_s_rows_only(ensemble: Company, lists: Mapping[str, tuple[str, str]]) -> None:
    own = {row["id"] for page in _pages(ensemble, *lists["pledges"], 200) for row in page if row["pledgee"] == "bank-a"}
    of_b = [row for page in _pages(ensemble, "bank-b.officer", "/v1/pledges", 200) for row in page]
    assert len(own) >= ROWS
    assert {row["pledgee"] for row in of_b} <= {"bank-b"}
    assert not own & {row["id"] for row in of_b}
