"""A pledge's entry at the notice registry, from the order to its end, and what it means for the money."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.house import House
from api.jobs.notices import carry_out_notice
from domain.jurisdictions.rulebook import Rulebook
from domain.pledges.notices import NoticeContent, NoticeKind
from domain.pledges.pledges import Pledge
from domain.ports.notice_registry import NoticeMessage, NoticeParty
from domain.use_cases.submit_pledge import submit_pledge
from domain.values.identifiers import Division, RegistryNo
from domain.values.money import Money
from tests.builders import HOLDER, NOW
from tests.database_session import Database
from tests.filled_database import ENTERPRISE as HOLDERS_OWN
from tests.integration.business import OTHER_BANK_USCC, Business, open_for_business, yuan
from tests.integration.notice_scene import ENTERPRISE, OFFICER, NoticeScene, notices

PUBLICITY, SEARCH = "publicity_registered", "search_clear_after_registration"
NIGHT = datetime(2028, 11, 22, 2, 0, tzinfo=UTC)
"""The day after the last day of a term of 24 months."""


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(business: Business) -> Iterator[NoticeScene]:
    with notices(business) as lent:
        yield lent


@pytest.fixture
def scene(standing: NoticeScene) -> NoticeScene:
    standing.disarm()
    standing.clock.at = NOW
    return standing


def test_a_pledge_without_publicity_demands_none(scene: NoticeScene) -> None:
    pledge, _, loan = scene.active()

    assert scene.condition(pledge, PUBLICITY) is None
    assert scene.pledge(pledge)["perfection"]["publicity"] == "not_required"
    assert scene.entry(pledge)["entry"] is None
    assert scene.business.event(loan, "disbursed", "1.00")[0] == 201


def test_whoever_orders_publicity_is_paid_for_after_it_stands_and_the_search_is_clear(scene: NoticeScene) -> None:
    pledge, _, loan = scene.active()

    waiting = scene.order(pledge, "", {"register": "notice_registry", "term_months": 24})

    assert waiting["perfection"] == {"control": "registered", "publicity": "pending", "legal_standing": "unknown"}
    status, refusal = scene.business.event(loan, "disbursed", "1.00")
    assert (status, refusal["code"], refusal["unmet"]) == (409, "not_active", [PUBLICITY, SEARCH])

    scene.work()

    told = scene.pledge(pledge)
    assert told["perfection"]["publicity"] == "registered"
    assert all(each["met"] for each in told["conditions"])
    assert {each["code"]: each["at"] for each in told["conditions"]}[PUBLICITY] == "2026-11-21T10:00:00.000+08:00"
    (notice,) = [each for each in told["registrations"] if each["register"] == "notice_registry"]
    assert (notice["rank"], notice["registered_at"]) == (1, "2026-11-21T10:00:00.000+08:00")
    assert scene.business.event(loan, "disbursed", "1.00")[0] == 201


def test_the_entry_describes_the_rights_and_names_the_secured_amount(scene: NoticeScene) -> None:
    pledge, right, _ = scene.active()

    registered = scene.register(pledge)

    entry = registered["entry"]
    number = scene.business.get(ENTERPRISE, f"/v1/rights/{right}")["registry_no"]
    assert number in entry["description"]
    assert "10.000000 t/a" in entry["description"]
    assert entry["secured_amount"] == yuan("40000.00")
    assert entry["expires_on"] == "2028-11-21"
    (listed,) = [each for each in scene.control("entries")["items"] if each["certificateNo"] == entry["certificate_no"]]
    assert listed["assets"] == [{"value": number}]
    assert [party["uscc"] for party in listed["debtors"]] == [HOLDER]


def test_the_code_is_the_pledgees_alone(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    code = scene.register(pledge)["entry"]["modify_code"]

    others = scene.entry(pledge, ENTERPRISE)["entry"], scene.entry(pledge, "authority.zhejiang")["entry"]

    assert [entry["modify_code"] for entry in others] == ["********"] * 2
    assert len(code) == 8
    trail = scene.business.sql(
        "select details::text from audit_entries where subject = %s"
        " union all select data::text from events where subject = %s"
        " union all select content::text from notice_orders where pledge_id = %s",
        pledge,
        pledge,
        pledge,
    )
    assert trail
    assert not any(code in text for (text,) in trail)
    scene.business.get("bank-b.officer", f"/v1/pledges/{pledge}/registrations/notice-registry", 404)


def test_a_stranger_orders_nothing_and_a_pledgor_only_objects(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    wanted = {"register": "notice_registry", "term_months": 24}

    assert scene.order(pledge, "", wanted, 404, "bank-b.officer")["code"] == "not_found"
    assert scene.order(pledge, "", wanted, 403, ENTERPRISE)["code"] == "forbidden"
    assert scene.order(pledge, "object", {"reason": "x"}, 403, OFFICER)["code"] == "forbidden"


def test_a_renewal_adds_to_the_current_expiry_and_not_to_today(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    scene.register(pledge, months=24)

    scene.order(pledge, "extend", {"term_months": 12})
    scene.work()

    assert scene.entry(pledge)["entry"]["expires_on"] == "2029-11-21"


def test_an_amended_maximum_beats_the_contracts_and_keeps_its_time(scene: NoticeScene) -> None:
    business = scene.business
    right, loan = business.verified(), business.loan()
    maximum = {"amount": yuan("50000.00"), "kind": "maximum_amount", "claims_from": "2026-11-21"}
    pledge = business.approvable({right: "10"}, [loan], secured=maximum)
    scene.register(pledge)
    assert scene.entry(pledge)["entry"]["secured_cap"] == yuan("50000.00")

    scene.order(pledge, "amend", {"secured_amount": yuan("45000.00")})
    scene.work()

    entry = scene.entry(pledge)["entry"]
    assert (entry["secured_amount"], entry["secured_cap"]) == (yuan("45000.00"), yuan("45000.00"))
    assert entry["registered_at"] == "2026-11-21T10:00:00.000+08:00"


def test_a_second_order_waits_for_the_answer_to_the_first(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    wanted = {"register": "notice_registry", "term_months": 24}
    scene.order(pledge, "", wanted)

    assert scene.order(pledge, "", wanted, 409)["code"] == "registration_pending"
    scene.work()
    assert scene.order(pledge, "", wanted, 409)["code"] == "registration_cannot_move"


def test_a_term_outside_one_month_to_thirty_years_is_an_invalid_payload(scene: NoticeScene) -> None:
    for months in (0, 361):
        wanted = {"register": "notice_registry", "term_months": months}
        scene.order("pledge_" + "0" * 32, "", wanted, 422)


def test_a_draft_is_not_published(scene: NoticeScene) -> None:
    pledge = scene.business.draft({scene.business.verified(): "1"})

    refusal = scene.order(pledge, "", {"register": "notice_registry", "term_months": 24}, 409)

    assert refusal["code"] == "pledge_cannot_move"


def test_whatever_goes_wrong_there_is_one_entry_and_its_code_is_known(scene: NoticeScene) -> None:
    for kind in ("lose_reply", "garbage", "error", "duplicate", "late", "closed"):
        pledge = scene.submitted()
        scene.control("faults", {"operation": "register", "kind": kind})

        registered = scene.register(pledge)

        assert registered["status"] == "registered", kind
        assert len(registered["entry"]["modify_code"]) == 8
        orders = {order["id"] for order in registered["orders"]}
        assert len([row for row in scene.control("ledger")["items"] if row["order_id"] in orders]) == 1, kind


def test_silence_is_unknown_and_never_a_refusal(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    scene.control("faults", {"operation": "any", "kind": "lose_reply", "times": 4})
    scene.order(pledge, "", {"register": "notice_registry", "term_months": 24})

    async def once(house: House) -> None:
        (order,) = scene.business.sql("select id from notice_orders where pledge_id = %s", pledge)[0]
        await carry_out_notice(house, order)
        await carry_out_notice(house, order)

    scene.inside(once)

    entry = scene.entry(pledge)
    assert (entry["status"], entry["orders"][0]["state"]) == ("pending", "unknown")
    told = [row[0] for row in scene.business.sql("select type from events where subject = %s", pledge)]
    assert told.count("notice.unknown") == 1
    scene.work()
    assert scene.entry(pledge)["status"] == "registered"


def test_a_refusal_is_told_and_may_be_ordered_again(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    scene.register(pledge)
    certificate = scene.entry(pledge)["entry"]["certificate_no"]
    scene.control("changes", {"certificate_no": certificate, "kind": "discharge"})

    scene.order(pledge, "extend", {"term_months": 1})
    scene.work()

    entry = scene.entry(pledge)
    assert (entry["orders"][-1]["state"], entry["orders"][-1]["reason"]) == ("refused", "ENTRY_ENDED")
    assert entry["status"] == "registered"
    scene.follow(NOW)
    assert scene.entry(pledge)["status"] == "discharged"
    assert scene.register(pledge)["entry"]["certificate_no"] != certificate


def test_an_entry_that_expires_is_no_release(scene: NoticeScene) -> None:
    pledge, right, loan = scene.active()
    scene.register(pledge, months=24)
    scene.follow(NIGHT - timedelta(days=1))
    assert scene.pledge(pledge)["perfection"]["publicity"] == "registered"
    before = scene.business.available(right)

    scene.clock.at = NIGHT
    assert scene.follow(NIGHT) >= 1

    told = scene.pledge(pledge)
    assert (told["status"], told["perfection"]["publicity"]) == ("active", "expired")
    assert scene.business.available(right) == before
    assert scene.business.event(loan, "disbursed", "1.00")[1]["code"] == "not_active"
    events = [row[0] for row in scene.business.sql("select type from events where subject = %s", pledge)]
    assert "notice.expired" in events
    assert scene.order(pledge, "extend", {"term_months": 12}, 409)["code"] == "registration_cannot_move"
    assert scene.follow(NIGHT) == 0


def test_an_objection_at_the_register_is_seen_and_its_end_too(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    certificate = scene.register(pledge)["entry"]["certificate_no"]

    scene.control("changes", {"certificate_no": certificate, "kind": "object"})
    assert scene.follow(NOW) == 1
    assert scene.pledge(pledge)["perfection"]["publicity"] == "objected"
    assert scene.condition(pledge, PUBLICITY) is False

    scene.control("changes", {"certificate_no": certificate, "kind": "lift_objection"})
    assert scene.follow(NOW) == 1
    assert scene.condition(pledge, PUBLICITY) is True
    assert scene.follow(NOW) == 0


def test_a_pledgor_objects_through_us_too(scene: NoticeScene) -> None:
    pledge = scene.submitted()
    scene.register(pledge)

    scene.order(pledge, "object", {"reason": "合同未生效"}, 202, ENTERPRISE)
    scene.work()

    assert scene.entry(pledge)["status"] == "objected"


def test_what_still_secures_is_not_discharged_and_what_is_released_is_by_itself(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()
    scene.register(pledge)
    assert scene.order(pledge, "discharge", {}, 409)["code"] == "registration_in_use"

    scene.business.act(OFFICER, pledge, "release", {"reason": "claim_extinguished"}, 202)
    scene.business.act("bank-a.approver", pledge, "release/approve", expected=202)
    scene.business.work()
    assert scene.order(pledge, "discharge", {}, 409)["code"] == "registration_pending"
    scene.work()

    assert scene.entry(pledge)["status"] == "discharged"
    assert scene.order(pledge, "discharge", {}, 409)["code"] == "registration_cannot_move"


def test_an_earlier_entry_of_another_bank_is_found_by_the_search_and_takes_the_first_rank(scene: NoticeScene) -> None:
    pledge, right, loan = scene.active()
    number = scene.business.get(ENTERPRISE, f"/v1/rights/{right}")["registry_no"]
    earlier = _foreign_entry(scene, number)

    registered = scene.register(pledge)

    assert (registered["search"]["clear"], registered["search"]["rank"]) == (False, 2)
    assert registered["search"]["findings"] == [f"earlier_notice:{earlier}"]
    assert scene.condition(pledge, SEARCH) is False
    assert scene.business.event(loan, "disbursed", "1.00")[1]["unmet"] == [SEARCH]


def test_a_right_that_changed_after_the_freeze_is_found_by_the_search(scene: NoticeScene) -> None:
    pledge, right, _ = scene.active()
    number = RegistryNo(scene.business.get(ENTERPRISE, f"/v1/rights/{right}")["registry_no"])
    scene.business.registry.change("zhejiang", number, "suspend")

    registered = scene.register(pledge)

    assert registered["search"]["findings"] == [f"right_not_usable:{number}"]
    assert scene.condition(pledge, SEARCH) is False


def test_a_search_before_the_entry_says_nothing_of_it(scene: NoticeScene) -> None:
    pledge, _, _ = scene.active()
    scene.work()
    before = scene.entry(pledge)["search"]
    assert (before["clear"], before["rank"]) == (True, None)

    async def register_only(house: House) -> None:
        (order,) = scene.business.sql("select id from notice_orders where pledge_id = %s", pledge)[0]
        await carry_out_notice(house, order)

    scene.order(pledge, "", {"register": "notice_registry", "term_months": 24})
    scene.inside(register_only)

    assert scene.condition(pledge, PUBLICITY) is True
    assert scene.condition(pledge, SEARCH) is False
    scene.work()
    assert scene.condition(pledge, SEARCH) is True


def test_a_rule_may_demand_publicity_before_anybody_orders_it(scene: NoticeScene) -> None:
    pledge = scene.business.draft({scene.business.verified(): "1"})

    async def submit(house: House) -> Pledge:
        rule = _rule_that_demands_both(house)
        async with house.open(HOLDERS_OWN) as uow:
            submitted = await submit_pledge(uow, HOLDERS_OWN, rule, pledge, None, NOW)
            await uow.commit()
            return submitted

    scene.inside(submit)

    told = scene.pledge(pledge)
    assert told["perfection"]["publicity"] == "pending"
    assert scene.condition(pledge, PUBLICITY) is False


def _rule_that_demands_both(house: House) -> Rulebook:
    rule = house.rulebook.require("pledge.conditions_before_disbursement", Division("330602"), NOW.date())
    both = replace(rule, name="pledge.registers", value=("emission_registry", "notice_registry"))
    return house.rulebook.with_rules([both])


def _foreign_entry(scene: NoticeScene, number: str) -> str:
    """Let another bank register the same right a day earlier, at the register itself."""
    scene.clock.at = NOW - timedelta(days=1)

    async def register(house: House) -> str:
        answer = await house.notice_registry.send_order(
            NoticeMessage(
                order_id="foreign_" + number,
                kind=NoticeKind.REGISTER,
                secured_party=NoticeParty("乙银行", OTHER_BANK_USCC),
                debtors=(NoticeParty("绍兴示例印染有限公司", HOLDER),),
                contract_no="other",
                content=NoticeContent(
                    description="排污权", secured_amount=Money.of("1.00"), term_months=12, asset_numbers=(number,)
                ),
                certificate_no=None,
                modify_code=None,
            )
        )
        return str(answer.certificate_no)

    earlier: str = scene.inside(register, NOW - timedelta(days=1))
    scene.clock.at = NOW
    return earlier
