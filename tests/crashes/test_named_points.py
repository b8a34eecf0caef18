"""A worker killed before and after each commit and each message of freeze and release: the next one finishes its work.

Each point has a play of its own: a worker is killed there, another is started at once, and nobody does anything else.
The points are a table; that no other point is passed on the way is checked, too.
"""

from dataclasses import dataclass
from itertools import chain

import pytest

from domain.pledges.lifecycle import State
from tests.crashes.agreement import breaches, disagreements
from tests.crashes.crashing import Point
from tests.crashes.stage import SOONER, Stage
from tests.crashes.together import together

DIE_SECONDS_MAX = 30.0
SLOW_SECONDS = 1.5
MOMENTS = ("before", "after")


@dataclass(frozen=True, slots=True)
class Crash:
    """One crash: where a worker dies, what the registry does meanwhile, and how the pledge ends."""

    scene: str
    part: str
    operation: str
    point: Point
    ends: State
    fault: str | None = None
    change: str | None = None

    def __str__(self) -> str:
        """Name the point, and the fault if any."""
        return f"{self.scene}, {self.point}, registry: {self.fault or self.change or 'well'}"


def points(kind: str, fault: str | None) -> list[Point]:
    """Return every point that a worker passes for an order of this kind, when the registry errs in this way."""

    def both(place: str, occurrence: int = 1) -> list[Point]:
        return [Point(f"worker.{moment}_{place}", occurrence) for moment in MOMENTS]

    if fault is None:
        places = [*both(f"commit.{kind}.claim"), *both(f"send.{kind}"), *both(f"commit.{kind}.answer")]
        return [*both("lookup.freeze"), *places] if kind == "freeze" else places
    if fault == "lose_reply":
        return [*both(f"commit.{kind}.silence"), *both(f"query.{kind}"), *both(f"commit.{kind}.answer")]
    if fault == "error":
        return [*both(f"commit.{kind}.claim_again"), *both(f"send.{kind}", 2)]
    return [Point(f"worker.during_send.{kind}")]


FAULTS = (None, "lose_reply", "error", "slow")
FREEZES = [
    Crash("freezing", "zhejiang", "freeze", point, State.ACTIVE, fault)
    for fault in FAULTS
    for point in points("freeze", fault)
]
RELEASES = [
    Crash("releasing", "zhejiang", "release", point, State.RELEASED, fault)
    for fault in FAULTS
    for point in points("release", fault)
]
REFUSALS = [
    *(
        Crash("freezing", "zhejiang", "freeze", point, State.CONFIRMED, change="suspend")
        for point in (Point(f"worker.{moment}_commit.freeze.claim") for moment in MOMENTS)
    ),
    *(
        Crash("freezing", "zhejiang", "freeze", point, State.CONFIRMED, change="court_order")
        for point in (Point(f"worker.{moment}_commit.freeze.answer") for moment in MOMENTS)
    ),
]
COMPENSATIONS = [
    Crash("freezing_two_rights", "two_rights", "freeze", point, State.CONFIRMED, change="court_order")
    for point in (
        *(Point(f"worker.{moment}_commit.freeze.answer", 2) for moment in MOMENTS),
        *(point for point in points("release", None)),
    )
]


SEALS = [
    Crash("freezing", "zhejiang", "freeze", Point(f"worker.{moment}_commit.seal"), State.ACTIVE) for moment in MOMENTS
]


SEARCHES = [
    Crash("freezing", "zhejiang", "freeze", Point(f"worker.{moment}_{place}"), State.ACTIVE)
    for place in ("lookup", "commit.search")
    for moment in MOMENTS
]


CLOCK = ("daily", "calendar", "expiry")
RECONCILIATION = ("compare", "impair", "finish")
OTHERS = {f"worker.{moment}_commit.{job}" for moment in MOMENTS for job in (*CLOCK, "review", *RECONCILIATION)} | {
    f"worker.{moment}_{question}" for moment in MOMENTS for question in ("balances", "lookup")
}
"""What the clock's jobs do, if it strikes meanwhile (the daily reconciliation too), and what a court's order brings."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "crashes",
    [FREEZES, RELEASES, [*REFUSALS, *COMPENSATIONS], [*SEALS, *SEARCHES]],
    ids=["a_freeze_executed", "a_release_executed", "a_freeze_refused_or_undone", "a_certificate_sealed_a_search_made"],
)
def test_a_worker_killed_at_any_point_leaves_what_the_next_one_finishes(crashes: list[Crash], stage: Stage) -> None:
    together(crashes, lambda crash: kill_and_go_on(stage, crash))


def kill_and_go_on(stage: Stage, crash: Crash) -> None:
    """Kill a worker at the point, see that nothing was given away meanwhile, and let another finish."""
    with stage.play(crash.scene, **SOONER) as play:
        if crash.fault is not None:
            play.registry.arm(crash.operation, crash.fault, seconds=SLOW_SECONDS if crash.fault == "slow" else None)
        if crash.change is not None:
            number = "PWQ-ZJ-330602-00002" if crash.part == "two_rights" else "PWQ-ZJ-330602-00001"
            assert play.registry.change("zhejiang", number, crash.change).is_success
        trap = play.trap("worker", crash.point)
        doomed = play.start_worker(trap)

        assert doomed.died_within(DIE_SECONDS_MAX), f"{crash.point} was never reached\n{doomed.said()}"
        assert trap.was_hit(), f"the worker died elsewhere\n{doomed.said()}"
        assert breaches(play.books()) == []

        play.start_worker()
        assert disagreements(play.rest(crash.part, crash.ends)) == []
        play.wait(lambda books: all(row["sealed_at"] is not None for row in books.ours["certificates"]))
        named = {each.point.name for each in chain(FREEZES, RELEASES, SEALS, SEARCHES)}
        assert trap.noted() <= named | OTHERS
