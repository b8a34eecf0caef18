"""What the registry may do with what waits for it: surely this, or this or that.

What the model cannot know, because the order of the worker's steps decides (two freezes, and room for one), it leaves
open, and learns from what happened, within what may happen.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tests.model.pure import Model
from tests.model.things import FROZEN, USABLE, AmendmentModel, PledgeModel, RightModel

Part = tuple[RightModel, Decimal, int]
"""A right, how much of it is to be frozen, and the version that was valued."""


def outcomes(model: Model) -> dict[str, frozenset[str]]:
    """Return, by pledge or amendment, how what waits for the registry may end: executed, refused."""
    wanted = [*_freezes(model)]
    found = {name: frozenset({"executed"}) for name in _releases(model)}
    for name, parts in wanted:
        found[name] = _verdicts(model, parts, [each for other, each in wanted if other != name])
    return found


def settle(model: Model, name: str, outcome: str, now: datetime) -> None:
    """Write what the registry did."""
    pledge = model.pledges.get(name)
    if pledge is not None:
        _settle_pledge(model, pledge, outcome, now)
        return
    pledge = next(each for each in model.pledges.values() if each.amendment is not None and each.amendment.id == name)
    amendment, pledge.amendment = pledge.amendment, None
    assert amendment is not None, "it was found by its name"
    _settle_amendment(model, pledge, amendment, outcome)


def _settle_pledge(model: Model, pledge: PledgeModel, outcome: str, now: datetime) -> None:
    if pledge.status == "releasing":
        model.become(pledge, "released", now)
        model.give_back(pledge)
    elif outcome == "executed":
        model.become(pledge, "active", now)
    else:
        _hear_of(model, pledge.expected)
        model.moved(pledge, "refused", now)


def _settle_amendment(model: Model, pledge: PledgeModel, amendment: AmendmentModel, outcome: str) -> None:
    right = model.rights[amendment.right_id]
    if not amendment.more:
        left = pledge.items[right.id] - amendment.quantity
        pledge.items[right.id] = right.holds[pledge.id] = left
        if not left:
            del pledge.items[right.id], right.holds[pledge.id]
        return
    del right.holds[amendment.id]
    if outcome == "executed":
        pledge.items[right.id] = pledge.items.get(right.id, Decimal(0)) + amendment.quantity
        right.holds[pledge.id] = pledge.items[right.id]
    else:
        _hear_of(model, {right.id: amendment.expected})


def _hear_of(model: Model, expected: Mapping[str, int]) -> None:
    """Before it is frozen a right is looked up, and entered where it is not what was valued."""
    for right_id, version in expected.items():
        right = model.rights[right_id]
        if right.truth.version != version or right.truth.status not in USABLE:
            right.hear()


def _freezes(model: Model) -> list[tuple[str, list[Part]]]:
    found = []
    for pledge in model.pledges.values():
        amendment = pledge.amendment
        if pledge.status == "freezing":
            parts = [(model.rights[each], amount, pledge.expected[each]) for each, amount in pledge.items.items()]
            found.append((pledge.id, parts))
        if amendment is not None and amendment.status == "registering" and amendment.more:
            right = model.rights[amendment.right_id]
            found.append((amendment.id, [(right, amendment.quantity, amendment.expected)]))
    return found


def _releases(model: Model) -> list[str]:
    amendments = [each.amendment for each in model.pledges.values() if each.amendment is not None]
    partial = [each.id for each in amendments if each.status == "registering" and not each.more]
    return [*(each.id for each in model.pledges.values() if each.status == "releasing"), *partial]


def _verdicts(model: Model, parts: Sequence[Part], others: Sequence[Sequence[Part]]) -> frozenset[str]:
    """Say how a freeze may end: surely where its right has changed or there is room for all, else either way."""
    if any(right.truth.version != version or right.truth.status not in USABLE for right, _, version in parts):
        return frozenset({"refused"})
    roomy = True
    for right, amount, _ in parts:
        rivals = sum((each for other in others for rival, each, _ in other if rival is right), Decimal(0))
        staying, leaving = _frozen(model, right)
        if staying + amount > right.truth.quantity:
            return frozenset({"refused"})
        roomy = roomy and staying + leaving + rivals + amount <= right.truth.quantity
    return frozenset({"executed"}) if roomy else frozenset({"executed", "refused"})


def _frozen(model: Model, right: RightModel) -> tuple[Decimal, Decimal]:
    """Return what the registry has frozen of a right and keeps, and what it is about to release."""
    staying = leaving = Decimal(0)
    for pledge in model.pledges.values():
        if pledge.status not in FROZEN:
            continue
        amount = pledge.items.get(right.id, Decimal(0))
        amendment = pledge.amendment
        less = Decimal(0)
        if amendment is not None and amendment.status == "registering" and not amendment.more:
            less = amendment.quantity if amendment.right_id == right.id else Decimal(0)
        released = amount if pledge.status == "releasing" else less
        staying, leaving = staying + amount - released, leaving + released
    return staying, leaving
