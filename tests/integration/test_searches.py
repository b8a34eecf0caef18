"""Searches: what lay on a right at a moment, kept under a number, and nothing for who may not see it."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest

from domain.ports.registry import RegistryRight
from domain.values.canonical_json import digest_of
from domain.values.identifiers import PermitNo, RegistryNo
from tests.builders import HOLDER, TODAY, a_right, tonnes
from tests.database_session import Database
from tests.filled_database import as_told
from tests.integration.business import HUANGSHI, Business, open_for_business
from tests.integration.certificate_scene import a_pledged_right

OFFICER, OTHER, AUTHORITY = "bank-a.officer", "bank-b.officer", "authority.zhejiang"
OWN, STRANGER = "enterprise.shaoxing", "enterprise.huangshi"
FOREIGN_ENCUMBRANCE = {"kind", "blocks", "quantity", "rank", "registered_at", "register"}


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def search(business: Business, client: str, by: str, value: str, expected: int = 201) -> Any:  # noqa: ANN401 - any JSON answer
    return business.post(client, "/v1/searches", {"by": by, "value": value}, expected)


def number_of(business: Business, right: str, client: str = OWN) -> str:
    return str(business.get(client, f"/v1/rights/{right}")["registry_no"])


def known(business: Business, client: str, **different: object) -> RegistryRight:
    """Let the registry have a right of another holder, and let a client verify it."""
    number = RegistryNo("PWQ-" + secrets.token_hex(8).upper())
    right = replace(as_told(a_right(registry_no=number, valid_from=TODAY)), **different)  # type: ignore[arg-type]  # each test names real fields
    business.know(right)
    body = {"registry": right.registry, "registry_no": number, "holder_uscc": right.holder_uscc}
    business.post(client, "/v1/rights/verifications", body, 200)
    return right


def test_a_search_tells_what_lies_on_the_right_and_when_that_was(business: Business) -> None:
    right, _ = a_pledged_right(business, "10")
    told = search(business, OWN, "registry_no", number_of(business, right))
    [result] = told["results"]
    [encumbrance] = result["encumbrances"]

    assert (told["extent"], told["as_of"]) == ("all", result["as_of"])
    assert (result["right_id"], result["quantity"]["amount"], result["available"]["amount"]) == (
        right, "50.000000", "40.000000",
    )  # fmt: skip
    assert encumbrance.keys() == FOREIGN_ENCUMBRANCE
    assert (encumbrance["kind"], encumbrance["register"], encumbrance["rank"]) == ("pledge", "emission_registry", 1)
    assert encumbrance["quantity"] == {"amount": "10.000000", "unit": "t/a"}
    assert encumbrance["registered_at"] is not None


def test_a_hold_that_is_only_ours_stands_without_register_time_and_rank(business: Business) -> None:
    right = business.verified()
    pledge = business.draft({right: "3"})
    business.act(OWN, pledge, "submit")
    [encumbrance] = search(business, OWN, "registry_no", number_of(business, right))["results"][0]["encumbrances"]

    assert (encumbrance["rank"], encumbrance["registered_at"], encumbrance["register"]) == (None, None, None)


def test_what_the_registry_froze_for_others_is_told_as_its_own(business: Business) -> None:
    right = known(business, OWN)
    business.registry._court[right.registry, right.registry_no] = [tonnes("10")]
    body = {"registry": right.registry, "registry_no": right.registry_no, "holder_uscc": right.holder_uscc}
    business.post(OWN, "/v1/rights/verifications", body, 200)
    [encumbrance] = search(business, OWN, "registry_no", right.registry_no)["results"][0]["encumbrances"]

    assert (encumbrance["kind"], encumbrance["register"]) == ("administrative", "emission_registry")
    assert encumbrance["quantity"]["amount"] == "10.000000"


def test_a_search_is_read_again_as_it_was_made_whatever_has_happened_since(business: Business) -> None:
    right = business.verified()
    told = search(business, OWN, "registry_no", number_of(business, right))
    business.active({right: "10"}, [business.loan()])

    assert business.get(OWN, f"/v1/searches/{told['id']}") == told
    assert told["results"][0]["encumbrances"] == []
    assert search(business, OWN, "registry_no", number_of(business, right))["results"][0]["encumbrances"] != []
    assert digest_of({name: value for name, value in told.items() if name not in {"id", "digest"}}) == told["digest"]


def test_every_way_of_searching_finds_the_right_in_any_capitals(business: Business) -> None:
    right = business.verified()
    shown = business.get(OWN, f"/v1/rights/{right}")
    for by, value in (
        ("registry_no", shown["registry_no"].lower()),
        ("permit_no", shown["permit_no"].lower()),
        ("uscc", HOLDER.lower()),
    ):
        assert right in {each["right_id"] for each in search(business, OWN, by, value)["results"]}


def test_without_consent_a_bank_is_told_the_same_of_what_is_there_and_of_what_is_not(business: Business) -> None:
    right = business.verified()
    there = business.get(OWN, f"/v1/rights/{right}")
    refusals = {
        ("registry_no", there["registry_no"]): ("registry_no", "PWQ-NOTHING"),
        ("permit_no", there["permit_no"]): ("permit_no", HOLDER + "999P"),
        ("uscc", HOLDER): ("uscc", HUANGSHI),
    }
    for (by, value), (_, nothing) in refusals.items():
        foreign = search(business, OTHER, by, value, 409)
        absent = search(business, OTHER, by, nothing, 409)
        assert foreign["code"] == absent["code"] == "authorization_required"
        assert _but_for(foreign, value) == _but_for(absent, nothing)


def _but_for(problem: dict[str, Any], value: str) -> str:
    return str({**problem, "request_id": ""}).replace(value, "")


def test_an_enterprise_searches_for_itself_alone(business: Business) -> None:
    right = business.verified()

    assert search(business, STRANGER, "uscc", HOLDER, 409)["code"] == "authorization_required"
    assert (
        search(business, STRANGER, "registry_no", number_of(business, right), 409)["code"] == "authorization_required"
    )
    assert search(business, STRANGER, "uscc", HUANGSHI)["extent"] == "all"


def test_a_pledgee_sees_what_is_pledged_to_it_and_is_told_that_this_is_not_all(business: Business) -> None:
    right, _ = a_pledged_right(business)
    hidden = business.verified()
    told = search(business, OFFICER, "uscc", HOLDER)
    found = {each["right_id"] for each in told["results"]}

    assert told["extent"] == "pledged"
    assert right in found
    assert hidden not in found


def test_with_consent_a_bank_sees_all_and_of_another_bank_s_pledge_only_its_outline(business: Business) -> None:
    own_holder, bank = HUANGSHI, "bank-b"
    permit_no = PermitNo(own_holder + "001P")
    foundry = {"holder_uscc": own_holder, "permit_no": permit_no, "holder_name": "黄石模范铸造有限公司"}
    number = known(business, STRANGER, **foundry).registry_no
    assert search(business, OTHER, "registry_no", number, 409)["code"] == "authorization_required"
    business.consent(STRANGER, own_holder, bank)

    told = search(business, OTHER, "uscc", own_holder)

    assert told["extent"] == "all"
    assert number in {each["registry_no"] for each in told["results"]}


def test_of_another_bank_s_pledge_only_kind_blocks_quantity_rank_and_time_are_told(business: Business) -> None:
    right, pledge = a_pledged_right(business)
    business.consent(OWN, HOLDER, "bank-b")
    try:
        told = search(business, OTHER, "registry_no", number_of(business, right))
    finally:
        business.sql(
            "update authorizations set revoked_at = now() where grantee = 'bank-b' and enterprise_uscc = %s", HOLDER
        )
    [encumbrance] = told["results"][0]["encumbrances"]

    assert encumbrance.keys() == FOREIGN_ENCUMBRANCE
    assert pledge not in str(told)
    assert "bank-a" not in str(told)


def test_the_authority_searches_its_division_and_is_told_that_this_is_the_division(business: Business) -> None:
    right = business.verified()
    told = search(business, AUTHORITY, "registry_no", number_of(business, right))
    elsewhere = search(business, AUTHORITY, "registry_no", "PWQ-NOTHING")

    assert (told["extent"], len(told["results"])) == ("division", 1)
    assert (elsewhere["extent"], elsewhere["results"], elsewhere["as_of"]) == ("division", [], None)


def test_names_close_to_the_holder_s_are_told_to_who_may_see_them_and_to_nobody_else(business: Business) -> None:
    right = business.verified()
    known(
        business,
        STRANGER,
        holder_uscc=HUANGSHI,
        permit_no=PermitNo(HUANGSHI + "001P"),
        holder_name="绍兴示列印染有限责任公司",
    )
    number = number_of(business, right)

    assert search(business, AUTHORITY, "registry_no", number)["similar"] == [
        {"name": "绍兴示列印染有限责任公司", "uscc": HUANGSHI}
    ]
    assert search(business, OWN, "registry_no", number)["similar"] == []


def test_a_search_is_its_tenant_s_alone(business: Business) -> None:
    told = search(business, OWN, "uscc", HOLDER)
    absent = "search_" + "0" * 32
    for client in (OFFICER, OTHER, AUTHORITY, STRANGER):
        foreign = business.get(client, f"/v1/searches/{told['id']}", 404)
        assert {**foreign, "request_id": ""} == {
            **business.get(client, f"/v1/searches/{absent}", 404),
            "request_id": "",
        }


@pytest.mark.parametrize(
    ("by", "value"),
    [
        ("uscc", "91330602DEM0000141"),
        ("permit_no", "123"),
        ("registry_no", "９１"),
        ("registry_no", "' or 1=1"),
        ("name", "x"),
    ],
)
def test_what_can_be_no_such_number_is_refused(business: Business, by: str, value: str) -> None:
    assert business.call(OWN, "POST", "/v1/searches", {"by": by, "value": value})[0] == 422


def test_a_search_leaves_a_trace_of_who_searched_for_what(business: Business) -> None:
    told = search(business, OWN, "uscc", HOLDER)

    [(actor, details)] = business.sql("select actor, details from audit_entries where subject = %s", told["id"])
    assert (actor, details["number"], details["digest"]) == (OWN, told["number"], told["digest"])
