"""Impairments: who loses what where less is left than is pledged, and what each pledge is told."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pledges.impairments import OF_STATUS, Finding, Impairment, ImpairmentKind, Seizure, Stake, findings, losses
from domain.rights.rights import USABLE, Right, RightStatus
from domain.values.identifiers import Uscc
from tests.builders import HOLDER, NOW, a_right, tonnes

EARLY, LATE = Stake("early", Decimal(60), 0), Stake("late", Decimal(60), 1)
PLEDGORS: Final = {"early": [HOLDER], "late": [HOLDER]}
KIND = ImpairmentKind


def found(right: Right, *seizures: Seizure, disputed: str | None = None) -> dict[str, list[ImpairmentKind]]:
    """Return the kinds by pledge, of two pledges of sixty each."""
    everything = findings(right, [EARLY, LATE], PLEDGORS, seizures, disputed)
    return {pledge: [each.kind for each in of_pledge] for pledge, of_pledge in everything.items()}


@pytest.mark.parametrize(
    ("left", "lost"),
    [
        ("120", {"early": "0", "late": "0"}),
        ("119.999999", {"early": "0", "late": "0.000001"}),
        ("80", {"early": "0", "late": "40"}),
        ("60", {"early": "0", "late": "60"}),
        ("45", {"early": "15", "late": "60"}),
        ("0", {"early": "60", "late": "60"}),
    ],
)
def test_the_latest_registered_loses_first(left: str, lost: dict[str, str]) -> None:
    assert {pledge: loss.lost for pledge, loss in losses(Decimal(left), [LATE, EARLY]).items()} == {
        pledge: Decimal(amount) for pledge, amount in lost.items()
    }


@given(left=st.integers(0, 500), stakes=st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_what_is_lost_and_what_is_kept_is_what_was_pledged_and_no_rank_gains(left: int, stakes: list[int]) -> None:
    lost = losses(Decimal(left), [Stake(str(place), Decimal(one), place) for place, one in enumerate(stakes)])

    assert sum(each.lost for each in lost.values()) == max(0, sum(stakes) - left)
    kept_whole = [lost[str(place)].lost == 0 for place in range(len(stakes))]
    assert kept_whole == sorted(
        kept_whole, reverse=True
    )  # whoever ranks before a loser has lost nothing, or all behind has
    assert [lost[str(place)].rank for place in range(len(stakes))] == list(range(1, len(stakes) + 1))


def test_an_effective_right_that_covers_what_is_pledged_impairs_nothing() -> None:
    assert found(a_right(quantity=tonnes("120"), taken=Decimal(120))) == {"early": [], "late": []}


def test_a_reduced_right_impairs_only_where_less_is_left_than_is_pledged() -> None:
    covered = a_right(quantity=tonnes("120"), status=RightStatus.REDUCED, taken=Decimal(120))
    assert found(covered) == {"early": [], "late": []}

    cut = replace(covered, quantity=tonnes("80"), overtaken=Decimal(40))
    assert found(cut) == {"early": [], "late": [KIND.REDUCED]}


@pytest.mark.parametrize("status", sorted(set(RightStatus) - USABLE))
def test_every_status_but_those_that_carry_a_pledge_impairs_every_pledge(status: RightStatus) -> None:
    right = a_right(quantity=tonnes("120"), status=status)

    assert found(right) == {"early": [OF_STATUS[status]], "late": [OF_STATUS[status]]}


def test_another_holder_impairs_the_pledges_of_the_former() -> None:
    right = a_right(quantity=tonnes("120"), holder_uscc=Uscc("91110000600037341L"))

    assert found(right) == {"early": [KIND.TRANSFERRED], "late": [KIND.TRANSFERRED]}


def test_a_court_order_impairs_every_pledge_and_costs_none_its_rank() -> None:
    right = a_right(quantity=tonnes("120"), taken=Decimal(150), overtaken=Decimal(30))
    told = findings(right, [EARLY, LATE], PLEDGORS, [Seizure("hold_1", Decimal(30), NOW)], None)

    for of_pledge in told.values():
        (one,) = of_pledge
        assert (one.kind, one.quantity, one.loss, one.reference) == (KIND.SEIZED, tonnes("30"), None, "hold_1")


@pytest.mark.parametrize(
    ("overtaken", "kinds"),
    [("30", ([], [KIND.OVERTAKEN])), ("60", ([], [KIND.OVERTAKEN])), ("61", ([KIND.OVERTAKEN], [KIND.OVERTAKEN]))],
)
def test_what_a_registry_froze_beyond_the_free_reaches_the_last_rank_first(
    overtaken: str, kinds: tuple[list[ImpairmentKind], list[ImpairmentKind]]
) -> None:
    right = a_right(quantity=tonnes("120"), taken=Decimal(120) + Decimal(overtaken), overtaken=Decimal(overtaken))

    assert found(right) == {"early": kinds[0], "late": kinds[1]}


def test_what_is_lost_to_a_reduction_is_not_told_as_overtaken_too() -> None:
    right = a_right(quantity=tonnes("80"), taken=Decimal(120), overtaken=Decimal(40), status=RightStatus.REDUCED)
    assert found(right)["late"] == [KIND.REDUCED]

    frozen_too = replace(right, taken=Decimal(125), overtaken=Decimal(45))
    assert found(frozen_too)["late"] == [KIND.REDUCED, KIND.OVERTAKEN]


def test_what_a_registry_denies_impairs_every_pledge() -> None:
    right = a_right(quantity=tonnes("120"))

    assert found(right, disputed="case_1") == {"early": [KIND.DISPUTED], "late": [KIND.DISPUTED]}


def test_an_impairment_says_the_same_as_a_finding_whenever_it_began() -> None:
    finding = Finding(kind=KIND.SEIZED, reference="hold_1", since=NOW, quantity=tonnes("3"))
    kept = Impairment(
        id="impairment_1",
        pledge_id="early",
        right_id=a_right().id,
        kind=KIND.SEIZED,
        reference="hold_1",
        since=NOW.replace(year=2025),
        until=None,
        quantity=tonnes("3"),
        loss=None,
    )

    assert kept.says(finding)
    assert not kept.says(replace(finding, quantity=tonnes("4")))
    assert not kept.says(replace(finding, reference="hold_2"))


def test_a_compliance_reserve_takes_what_is_pledged_by_rank_like_a_cut_and_beside_one() -> None:
    right = a_right(quantity=tonnes("120"))
    told = findings(right, [EARLY, LATE], PLEDGORS, [], None, Decimal(70))
    assert told["early"][0].loss is not None
    assert (told["early"][0].kind, told["early"][0].loss.lost) == (KIND.RESERVED, Decimal(10))  # 120 - 70 = 50 of 60
    assert [(each.kind, each.loss.lost) for each in told["late"] if each.loss] == [(KIND.RESERVED, Decimal(60))]

    cut = findings(replace(right, quantity=tonnes("100")), [EARLY, LATE], PLEDGORS, [], None, Decimal(10))
    assert cut["early"] == []
    assert [(each.kind, each.loss.lost) for each in cut["late"] if each.loss] == [
        (KIND.REDUCED, Decimal(20)),  # 100 - 60 = 40 of 60
        (KIND.RESERVED, Decimal(30)),  # 100 - 10 - 60 = 30 of 60
    ]
