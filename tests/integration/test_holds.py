"""Holds of other kinds through the real doors: they stand beside one another, and each is lifted by itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from domain.values.time import rfc3339
from tests.builders import NOW, tonnes
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, at_once, open_for_business, quantity
from tests.integration.vigil import turn, watch
from tests.openapi_truth import OpenapiTruth

AUTHORITY, ENTERPRISE, OFFICER = "authority.zhejiang", "enterprise.shaoxing", "bank-a.officer"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        opened._http.event_hooks["response"].append(OpenapiTruth(opened.get(OFFICER, "/openapi.json")).check)
        yield opened


def a_hold(amount: str, kind: str = "judicial", **more: object) -> dict[str, object]:
    """Return an order of a court on the wire."""
    order = {"kind": kind, "quantity": quantity(amount), "reference": "(2026)示例法执字第1号", "reason": "财产保全"}
    return {**order, **more}


def posted(business: Business, right: str, amount: str, kind: str = "judicial", **more: object) -> str:
    """Let the authority post a hold and return its id."""
    return str(business.post(AUTHORITY, f"/v1/rights/{right}/holds", a_hold(amount, kind, **more), 201)["id"])


def lifted(business: Business, right: str, hold: str, expected: int = 200, **more: object) -> Any:  # noqa: ANN401 - any JSON answer
    """Let the authority lift a hold."""
    why = {"reason": "解除保全", "reference": "(2026)示例法执字第2号", **more}
    return business.post(AUTHORITY, f"/v1/rights/{right}/holds/{hold}/lift", why, expected)


def test_holds_of_all_kinds_stand_beside_one_another_and_lifting_one_lifts_no_other(business: Business) -> None:
    right = business.verified()
    holds = {
        kind: posted(business, right, amount, kind)
        for kind, amount in {"judicial": "20", "administrative": "10", "listing": "5", "lease": "4", "compliance": "1"}
        .items()
    }  # fmt: skip
    assert business.available(right) == "10.000000"  # 50 - 20 - 10 - 5 - 4 - 1

    lifted(business, right, holds["administrative"])

    assert business.available(right) == "20.000000"
    left = business.get(AUTHORITY, f"/v1/rights/{right}/holds")["items"]
    assert sorted((each["kind"], each["quantity"]["amount"]) for each in left) == [
        ("compliance", "1.000000"),
        ("judicial", "20.000000"),
        ("lease", "4.000000"),
        ("listing", "5.000000"),
    ]
    for kind in ("judicial", "listing", "lease", "compliance"):
        lifted(business, right, holds[kind])
    assert business.available(right) == "50.000000"


def test_a_hold_of_123_taken_in_part_for_100_gives_23_back(business: Business) -> None:
    right = business.verified(quantity=tonnes("200"))
    hold = posted(business, right, "123", "listing")
    assert business.available(right) == "77.000000"  # 200 - 123

    after = lifted(business, right, hold, quantity=quantity("23"))

    assert (after["state"], after["quantity"]["amount"]) == ("posted", "100.000000")
    assert business.available(right) == "100.000000"  # 77 + 23
    assert lifted(business, right, hold, 409, quantity=quantity("100.000001"))["code"] == "hold_exceeded"
    assert lifted(business, right, hold)["state"] == "released"
    assert business.available(right) == "200.000000"


def test_a_court_may_take_more_than_is_free_and_a_listing_may_not(business: Business) -> None:
    right = business.verified()
    pledge = business.draft({right: "40"})
    business.act(ENTERPRISE, pledge, "submit")

    refused = business.post(AUTHORITY, f"/v1/rights/{right}/holds", a_hold("11", "listing"), 409)
    assert (refused["code"], refused["available"]["amount"]) == ("quantity_unavailable", "10.000000")
    hold = posted(business, right, "30")

    assert business.available(right) == "0.000000"
    assert _balance(business, right) == ("70.000000", "20.000000")  # 40 + 30 taken of 50
    lifted(business, right, hold)
    assert _balance(business, right) == ("40.000000", "0.000000")
    business.act(ENTERPRISE, pledge, "withdraw")
    assert business.available(right) == "50.000000"


def test_a_hold_is_lifted_once(business: Business) -> None:
    right = business.verified()
    hold = posted(business, right, "20")

    answers = at_once(*[lambda: _lift(business, right, hold)] * 6)

    assert sorted(answers) == [200, *[404] * 5]
    assert business.available(right) == "50.000000"


def test_another_tenant_learns_kind_blocks_and_quantity_and_nothing_else(business: Business) -> None:
    right = business.verified()
    posted(business, right, "20", document={"name": "裁定书", "sha256": "0" * 64})
    business.consent(ENTERPRISE, _holder(business, right), "bank-b")

    (seen,) = business.get("bank-b.officer", f"/v1/rights/{right}/holds")["items"]

    assert {name for name, value in seen.items() if value is not None} == {"kind", "blocks", "quantity"}
    (own,) = business.get(ENTERPRISE, f"/v1/rights/{right}/holds")["items"]
    assert own["reference"] == "(2026)示例法执字第1号"


@pytest.mark.parametrize("client", [ENTERPRISE, OFFICER, "exchange.zhejiang", "platform.ops"])
def test_only_an_authority_posts_and_lifts(business: Business, client: str) -> None:
    right = business.verified()
    hold = posted(business, right, "1")

    for path in (f"/v1/rights/{right}/holds", f"/v1/rights/{right}/holds/{hold}/lift"):
        assert business.call(client, "POST", path, a_hold("1"))[0] == 403


def test_nobody_lifts_a_pledges_hold_or_what_a_registry_reports_or_posts_in_their_name(business: Business) -> None:
    right = business.verified()
    pledge = business.draft({right: "10"})
    business.act(ENTERPRISE, pledge, "submit")
    ((of_pledge,),) = business.sql("select id from holds where reference = %s", pledge)
    business.registry.change("zhejiang", _number(business, right), "court_order", quantity=tonnes("5"))
    body = {"registry": "zhejiang", "registry_no": _number(business, right), "holder_uscc": _holder(business, right)}
    business.post(ENTERPRISE, "/v1/rights/verifications", body, 200)
    ((reported,),) = business.sql("select id from holds where right_id = %s and parties = '{}'", right)

    for hold in (of_pledge, reported):
        assert lifted(business, right, hold, 404)["code"] == "not_found"
    for forged in (a_hold("1", "pledge"), a_hold("1", reason="registry_reported")):
        assert business.call(AUTHORITY, "POST", f"/v1/rights/{right}/holds", forged)[0] == 403
    assert business.available(right) == "35.000000"  # 50 - 10 - 5


def test_an_authority_of_another_place_sees_no_right_to_hold(business: Business) -> None:
    right = business.verified("enterprise.huangshi", holder_uscc=HUANGSHI, division="420200", registry="hubei")

    assert business.call(AUTHORITY, "POST", f"/v1/rights/{right}/holds", a_hold("1"))[0] == 404


def test_a_hold_that_was_posted_until_a_moment_ends_then_and_not_before(business: Business) -> None:
    right = business.verified()
    posted(business, right, "20", until=rfc3339(NOW + timedelta(days=1)))
    posted(business, right, "10")

    turn(business, NOW + timedelta(hours=23))
    assert business.available(right) == "20.000000"
    turn(business, NOW + timedelta(days=1))

    assert business.available(right) == "40.000000"  # the one without an end stands


def test_a_court_order_that_the_registry_knows_too_is_counted_once(business: Business) -> None:
    right = business.verified()
    posted(business, right, "20")
    business.registry.change("zhejiang", _number(business, right), "court_order", quantity=tonnes("20"))

    body = {"registry": "zhejiang", "registry_no": _number(business, right), "holder_uscc": _holder(business, right)}
    business.post(ENTERPRISE, "/v1/rights/verifications", body, 200)

    assert business.available(right) == "30.000000"


def test_what_a_registry_reports_leaves_entries_in_the_trail_like_every_hold(business: Business) -> None:
    right = business.verified()
    number = _number(business, right)
    body = {"registry": "zhejiang", "registry_no": number, "holder_uscc": _holder(business, right)}
    business.registry.change("zhejiang", number, "court_order", quantity=tonnes("5"))
    business.post(ENTERPRISE, "/v1/rights/verifications", body, 200)
    business.registry.change("zhejiang", number, "lift_court_order")
    business.post(ENTERPRISE, "/v1/rights/verifications", body, 200)
    watch(business)

    told = business.sql(
        "select action, details ->> 'quantity' from audit_entries where subject = %s and action like 'hold.%%'"
        " order by sequence",
        right,
    )
    assert told == [("hold.posted", "5.000000"), ("hold.released", "5.000000")]


def _lift(business: Business, right: str, hold: str) -> int:
    why = {"reason": "解除保全", "reference": "R"}
    return business.call(AUTHORITY, "POST", f"/v1/rights/{right}/holds/{hold}/lift", why)[0]


def _balance(business: Business, right: str) -> tuple[str, str]:
    ((taken, overtaken),) = business.sql("select taken, overtaken from right_balances where right_id = %s", right)
    return f"{taken:f}", f"{overtaken:f}"


def _number(business: Business, right: str) -> Any:  # noqa: ANN401 - a registry's number
    return business.sql("select registry_no from rights where id = %s", right)[0][0]


def _holder(business: Business, right: str) -> str:
    return str(business.sql("select holder_uscc from rights where id = %s", right)[0][0])
