"""Purchase loans through the real doors: money goes to the exchange's account of the day and nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.builders import HOLDER, TODAY
from tests.database_session import Database
from tests.integration.business import Business, open_for_business, yuan
from tests.openapi_truth import OpenapiTruth

ENTERPRISE, OFFICER, EXCHANGE = "enterprise.shaoxing", "bank-a.officer", "exchange.zhejiang"
OLD, NEW, FUTURE = "33001-OLD", "33001-NEW", "33001-FUTURE"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        opened._http.event_hooks["response"].append(OpenapiTruth(opened.get(OFFICER, "/openapi.json")).check)
        opened.consent(ENTERPRISE, HOLDER, "bank-a")
        for number, since in ((OLD, "2026-01-01"), (NEW, "2026-06-01"), (FUTURE, "2026-12-01")):
            opened.post(EXCHANGE, "/v1/settlement-accounts", an_account(number, since), 201)
        yield opened


def an_account(number: str, since: str) -> dict[str, object]:
    source = {"title": "结算账户公告", "sha256": "0" * 64}
    return {
        "account_no": number,
        "account_name": "浙江省排污权交易中心",
        "bank_name": "合成银行",
        "valid_from": since,
        "source": source,
    }


def payee(number: str = NEW, exchange: str = EXCHANGE) -> dict[str, str]:
    return {"exchange": exchange, "account_no": number}


def a_purchase(business: Business) -> str:
    """Return a purchase loan whose conditions are met, so that only the payee is in question."""
    loan = business.loan(kind="purchase_finance")
    business.active({business.verified(): "10"}, [loan])
    return loan


def test_a_purchase_is_paid_to_the_account_of_the_day_and_the_event_says_so(business: Business) -> None:
    loan = a_purchase(business)
    status, event = business.event(loan, "disbursed", "40000.00", payee=payee())
    assert (status, event["payee"]) == (201, payee())


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        payee(OLD),
        payee(FUTURE),
        payee("62220-PRIVATE"),
        payee(exchange="exchange.nowhere"),
        payee(exchange="bank-a"),
    ],
)
def test_every_other_payee_is_refused_and_nothing_is_paid(business: Business, wrong: dict[str, str] | None) -> None:
    loan = a_purchase(business)
    status, refusal = business.event(loan, "disbursed", "40000.00", payee=wrong)
    assert (status, refusal["code"]) == (409, "payee_not_settlement_account")
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"] == yuan("0.00")


def test_the_money_of_a_failed_deal_comes_back_as_a_reversal_and_may_go_out_again(business: Business) -> None:
    loan = a_purchase(business)
    assert business.event(loan, "disbursed", "40000.00", payee=payee())[0] == 201
    assert business.event(loan, "reversed", "-40000.00")[0] == 201
    assert business.get(OFFICER, f"/v1/loans/{loan}")["outstanding"] == yuan("0.00")
    assert business.event(loan, "disbursed", "40000.00", payee=payee())[0] == 201


def test_other_loans_are_not_bound_to_the_account(business: Business) -> None:
    loan = business.loan()
    business.active({business.verified(): "10"}, [loan])
    assert business.event(loan, "disbursed", "40000.00")[0] == 201


def test_only_an_exchange_states_its_account_and_banks_read_it(business: Business) -> None:
    account = an_account("1" * 10, TODAY.isoformat())
    assert business.post(OFFICER, "/v1/settlement-accounts", account, 403)["code"] == "forbidden"
    listed = business.get("bank-b.officer", "/v1/settlement-accounts")["items"]
    assert {each["account_no"] for each in listed} == {FUTURE, NEW, OLD}
    assert {each["exchange"] for each in listed} == {EXCHANGE}
