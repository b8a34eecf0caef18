"""What happens to a pledge that stands, with every process killed at every point: changed, published, sold, watched."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import psycopg
import pytest

from domain.pledges.lifecycle import State
from domain.values.time import business_date
from integrations import system_clock
from integrations.database.postmaster import SUPERUSER
from tests.crashes.client import ENTERPRISES, LENT, quantity_of
from tests.crashes.stage import SOONER, Stage
from tests.crashes.telling import Telling
from tests.crashes.test_named_points import OTHERS, RELEASES, SEALS, SEARCHES

OFFICER, APPROVER, ENTERPRISE = "bank-a.officer", "bank-a.approver", "enterprise.shaoxing"
AUTHORITY, OPS = "authority.zhejiang", "platform.ops"
FIRST_RIGHT, SECOND_RIGHT = "PWQ-ZJ-330602-00001", "PWQ-ZJ-330602-00002"
ELSEWHERE: Final = OTHERS | {crash.point.name for crash in (*RELEASES, *SEALS, *SEARCHES)}
"""What other tests kill at: jobs that follow from many things."""


def an_order(kind: str) -> list[str]:
    """Return the places that workers pass for an order when the one that claimed it dies, so that the next asks."""
    return [
        f"commit.{kind}.claim",
        f"query.{kind}",
        f"commit.{kind}.claim_again",
        f"send.{kind}",
        f"commit.{kind}.answer",
    ]


def a_notice(kind: str) -> list[str]:
    """Return the same for the notice registry, where the second claim is like the first."""
    name = f"notice_{kind}"
    return [f"commit.{name}.claim", f"notice_query.{name}", f"send.{name}", f"commit.{name}.answer"]


def it_is_amended(story: Telling) -> None:
    """One right takes another's place: proposed, agreed to, approved; frozen first, and then released."""
    pledge = f"/v1/pledges/{story.play.pledges['zhejiang']}"
    first, second = rights(story)
    body = {"kind": "substitute", "items": [quantity_of(second, "6")], "released": [quantity_of(first, "10")]}
    amendment = story.command(OFFICER, f"{pledge}/amendments", body, 201)
    path = f"{pledge}/amendments/{amendment['id']}"
    story.command(ENTERPRISE, f"{path}/consent", {}, 200)
    story.command(APPROVER, f"{path}/approve", {}, 202)

    story.work("lookup.freeze", *an_order("freeze"), *an_order("release"))
    story.end("zhejiang", State.ACTIVE)

    assert story.told(OFFICER, "GET", path)["status"] == "effective"
    items = story.told(OFFICER, "GET", pledge)["items"]
    assert [(item["right_id"], item["quantity"]["amount"]) for item in items] == [(second, "6.000000")]
    ordered = [each["kind"] for each in story.play.books().effects(contract_no=story.play.pledges["zhejiang"])]
    assert ordered == ["freeze", "freeze", "release"]


def it_is_published(story: Telling) -> None:
    """It is entered at the notice registry, searched for in both registers, released, and its entry discharged."""
    pledge = f"/v1/pledges/{story.play.pledges['zhejiang']}"
    body = {"register": "notice_registry", "term_months": 24}
    story.command(OFFICER, f"{pledge}/registrations", body, 202)
    story.work(*a_notice("register"), "notice_search")
    story.end("zhejiang", State.ACTIVE)
    story.play.wait(lambda _: entry(story)["status"] == "registered")

    story.stop_workers()
    story.told(OFFICER, "POST", f"{pledge}/release", {"reason": "waived"})
    story.told(APPROVER, "POST", f"{pledge}/release/approve", {})
    story.work(*a_notice("discharge"))
    story.end("zhejiang", State.RELEASED)
    story.play.wait(lambda _: entry(story)["status"] == "discharged")


def it_is_sold(story: Telling) -> None:
    """The loan is called, two persons want the sale, everybody agrees, and the registry makes the right the buyer's."""
    pledge = f"/v1/pledges/{story.play.pledges['zhejiang']}"
    today = business_date(system_clock.now()).isoformat()
    [loan] = story.told(OFFICER, "GET", pledge)["loans"]
    for kind, money in (("disbursed", {"principal": LENT}), ("accelerated", {})):
        event = {"type": kind, "on": today, "reference": kind, **money}
        story.told(OFFICER, "POST", f"/v1/loans/{loan}/events", event)
    enforcement = story.command(OFFICER, f"{pledge}/enforcements", {"route": "auction"}, 201)
    path = f"{pledge}/enforcements/{enforcement['id']}"
    story.command(APPROVER, f"{path}/approve", {}, 200)
    who = {"pledgee": OFFICER, "authority": AUTHORITY, "pledgor": ENTERPRISE}
    paper = {"document": {"title": "公函"}, "on": today}
    for condition in story.told(OFFICER, "GET", path)["conditions"]:
        story.told(who[condition["by"]], "POST", f"{path}/conditions/{condition['code']}/met", paper)
    story.command(OFFICER, f"{path}/result", a_sale(today), 202)

    story.work(*an_order("transfer")[:-1], "lookup.transfer", an_order("transfer")[-1])
    story.end("zhejiang", State.DISPOSED)

    assert story.told(OFFICER, "GET", path)["status"] == "settled"
    assert story.told(OFFICER, "GET", f"/v1/loans/{loan}")["outstanding"]["amount"] == "0.00"
    ordered = [each["kind"] for each in story.play.books().effects(contract_no=story.play.pledges["zhejiang"])]
    assert ordered == ["freeze", "transfer"]


def its_right_is_seized_and_looked_after(story: Telling) -> None:
    """A court's hold is posted, lifted in part, and ends; behind our back another is found; and the right expires."""
    first, second = rights(story)
    order = {"kind": "judicial", "reference": "(2026)示例法执字第1号", "reason": "财产保全"}
    holds = f"/v1/rights/{first}/holds"
    hold = story.command(AUTHORITY, holds, {**order, "quantity": tonnes("5")}, 201)
    lift = {"reason": "解除保全", "reference": "(2026)示例法执字第2号", "quantity": tonnes("2")}
    story.command(AUTHORITY, f"{holds}/{hold['id']}/lift", lift, 200)
    assert held(story, hold["id"]) == [("posted", "3.000000")]

    asked = story.command(OPS, "/v1/reconciliation/runs", {"registry": "zhejiang"}, 202)
    story.work("balances")
    for place in ("before_commit.compare", "after_commit.compare", "before_commit.impair", "after_commit.impair"):
        behind_our_back(story)
        story.work_until(place)
    story.work("commit.finish")
    story.end("zhejiang", State.ACTIVE)
    assert story.told(OPS, "GET", f"/v1/reconciliation/runs/{asked['id']}")["status"] == "done"
    cases = story.told(OPS, "GET", "/v1/reconciliation/cases")["items"]
    found = [(each["right_id"], each["state"], each["theirs_live"]["frozen"]) for each in cases]
    assert found == [(second, "open", "4.000000")]  # four times one, behind our back, in one case
    free = story.told(ENTERPRISE, "GET", f"/v1/rights/{second}")["available"]["amount"]
    assert free == "2.000000"  # 12 - 6 for the other pledge - 4

    story.stop_workers()
    the_days_go_by(story, hold["id"], first)
    story.work("commit.expiry", "commit.calendar")
    story.end("zhejiang", State.ACTIVE)
    assert held(story, hold["id"]) == [("expired", "3.000000")]
    assert story.told(ENTERPRISE, "GET", f"/v1/rights/{first}")["status"] == "expired"


STORIES: Final = (it_is_amended, it_is_published, it_is_sold, its_right_is_seized_and_looked_after)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("happens", STORIES)
def test_whoever_dies_wherever_what_befalls_a_standing_pledge_befalls_it_once(
    stage: Stage, happens: Callable[[Telling], None]
) -> None:
    with stage.play("active", **SOONER) as play:
        story = Telling(play)
        happens(story)
        assert story.passed <= story.killed | ELSEWHERE


def rights(story: Telling) -> tuple[str, str]:
    """Return the enterprise's two rights."""
    items = story.told(ENTERPRISE, "GET", f"/v1/rights?holder_uscc={ENTERPRISES[ENTERPRISE]}")["items"]
    ids = {right["registry_no"]: right["id"] for right in items}
    return ids[FIRST_RIGHT], ids[SECOND_RIGHT]


def entry(story: Telling) -> Any:  # noqa: ANN401 - any JSON answer
    """Return the entry at the notice registry."""
    return story.told(OFFICER, "GET", f"/v1/pledges/{story.play.pledges['zhejiang']}/registrations/notice-registry")


def a_sale(on: str) -> dict[str, object]:
    """Return the sale of everything, on the wire."""
    winner = {
        "buyer_uscc": ENTERPRISES["enterprise.huangshi"],
        "quantity": tonnes("10"),
        "unit_price": "5000",
        "amount": {"amount": "50000.00", "currency": "CNY"},
    }
    return {"on": on, "reference": "拍卖成交确认书1号", "winners": [winner]}


def tonnes(amount: str) -> dict[str, str]:
    """Return tonnes a year on the wire."""
    return {"amount": amount, "unit": "t/a"}


def held(story: Telling, hold_id: str) -> list[tuple[str, str]]:
    """Return state and quantity of a hold."""
    return [(str(hold["state"]), f"{hold['quantity']:.6f}") for hold in story.play.books().of("holds", id=hold_id)]


def behind_our_back(story: Telling) -> None:
    """Let a court take of the second right at its registry, and a day go by, so that the file tells it."""
    taken = story.play.registry.change("zhejiang", SECOND_RIGHT, "court_order", quantity=tonnes("1"))
    assert taken.is_success, taken.text


def the_days_go_by(story: Telling, hold_id: str, right_id: str) -> None:
    """Let a hold's end and a right's last day be past, and the night's job be due."""
    yesterday = system_clock.now() - timedelta(days=1)
    with psycopg.connect(story.play.database.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute("update holds set until = %s where id = %s", [yesterday, hold_id])
        connection.execute("update rights set valid_to = %s where id = %s", [business_date(yesterday), right_id])
        connection.execute("select enqueue_job('turn_the_calendar', 'calendar', '{\"timestamp\": 0}', null)")
