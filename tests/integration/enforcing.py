"""Pledges in default: what the tests of enforcement share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from domain.values.identifiers import Uscc
from tests.builders import TODAY
from tests.database_session import Database
from tests.integration.business import HUANGSHI, Business, open_for_business, quantity, yuan
from tests.openapi_truth import OpenapiTruth

OFFICER, APPROVER, AUTHORITY = "bank-a.officer", "bank-a.approver", "authority.zhejiang"
ENTERPRISE: Final = "enterprise.shaoxing"
FIRM: Final = Uscc("91420100DEM000310G")
ON: Final = TODAY.isoformat()
PAPER: Final = {"document": {"title": "公函"}, "on": ON}


@contextmanager
def enforcing(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    """Open the business for one module's tests, every answer compared with the document."""
    with new_database() as database, open_for_business(database) as opened:
        opened._http.event_hooks["response"].append(OpenapiTruth(opened.get(OFFICER, "/openapi.json")).check)
        yield opened


def a_default(business: Business, amount: str = "10.000000", principal: str = "40000.00") -> tuple[str, str, str]:
    """Return a pledge, its right and its loan, which has been paid out and called."""
    right = business.verified()
    loan = business.loan(principal)
    pledge = business.active({right: amount}, [loan], principal)
    assert business.event(loan, "disbursed", principal)[0] == 201
    assert business.event(loan, "accelerated", None)[0] == 201
    return pledge, right, loan


def proposed(business: Business, pledge: str, route: str = "auction", **more: object) -> str:
    """Return an enforcement as the officer proposes it."""
    path = f"/v1/pledges/{pledge}/enforcements"
    return str(business.post(OFFICER, path, {"route": route, **more}, 201)["id"])


def act(
    business: Business,
    client: str,
    pledge: str,
    enforcement: str,
    verb: str,
    body: object = None,
    expected: int = 200,
) -> Any:  # noqa: ANN401 - any JSON answer
    """Send a command on an enforcement."""
    path = f"/v1/pledges/{pledge}/enforcements/{enforcement}/{verb}"
    return business.post(client, path, body or {}, expected)


def meet_all(business: Business, pledge: str, enforcement: str) -> None:
    """Let everybody say that what is theirs to say is so."""
    path = f"/v1/pledges/{pledge}/enforcements/{enforcement}"
    who = {"pledgee": OFFICER, "authority": AUTHORITY, "pledgor": ENTERPRISE}
    for condition in business.get(OFFICER, path)["conditions"]:
        act(business, who[condition["by"]], pledge, enforcement, f"conditions/{condition['code']}/met", PAPER)


def running(business: Business, pledge: str, route: str = "auction", **more: object) -> str:
    """Return an enforcement that two persons want and of which every condition is met."""
    enforcement = proposed(business, pledge, route, **more)
    act(business, APPROVER, pledge, enforcement, "approve")
    meet_all(business, pledge, enforcement)
    return enforcement


def a_sale(
    amount: str = "10.000000", price: str = "5000", total: str = "50000.00", **more: object
) -> dict[str, object]:
    """Return a sale of everything to a firm, on the wire."""
    winner = {"buyer_uscc": HUANGSHI, "quantity": quantity(amount), "unit_price": price, "amount": yuan(total)}
    return {"on": ON, "reference": "拍卖成交确认书1号", "winners": [winner], **more}


def lines(enforcement: dict[str, Any]) -> dict[str, str]:
    """Return what each part of the distribution pays."""
    return {line["part"]: line["paid"]["amount"] for line in enforcement["distribution"]["lines"]}


def ordered(business: Business, pledge: str) -> list[str]:
    """Return what the registry has executed for a pledge."""
    return [each.order.kind.value for each in business.registry.executed if each.order.contract_no == pledge]
