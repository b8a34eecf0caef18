"""How long the refusal of a foreign id takes, against that of an absent one.

The figure itself is the campaign's, for it needs thousands of samples and a machine that does nothing else. Here few
are taken, and what is seen is that the watch works: every kind of thing is asked, and a great leak is found.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Final

import pytest

from domain.values.actors import Role
from tests.authorisation.cells import Cells, not_there
from tests.authorisation.rows import ROWS
from tests.authorisation.world import ABSENT, OTHERS, PLAIN, STRANGERS, World, absent, furnished
from tests.conftest import CAMPAIGN
from tests.database_session import Database
from tests.integration.inside_business import business_inside
from tests.timing.stopwatch import Ask, Timed, area, timed

pytestmark = pytest.mark.timeout(0)

FEW, MANY = 40, 2_000
LOWEST, HIGHEST = 0.45, 0.55
LEAK_SECONDS: Final = 0.02
"""Far above what a busy machine adds to most answers."""
LEAK_SEEN: Final = 0.8
ASKED: Final = (
    "GET /v1/rights/{right_id}",
    "GET /v1/pledges/{pledge_id}",
    "GET /v1/pledges/{pledge_id}/coverage",
    "GET /v1/pledges/{pledge_id}/compensations/{compensation_id}",
    "GET /v1/loans/{loan_id}",
    "GET /v1/valuations/{valuation_id}",
    "GET /v1/searches/{search_id}",
    "GET /v1/exceptions/{exception_id}",
    "GET /v1/webhooks/{webhook_id}",
    "GET /v1/orders/{order_id}",
)


@pytest.fixture(scope="module")
def cells(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Cells]:
    with new_database() as database, business_inside(database, tenants=OTHERS) as (business, inside):
        yield Cells(furnished(business, inside, PLAIN))


def asking(cells: Cells, key: str, places: Mapping[str, str]) -> Ask:
    """Return what asks a route as a stranger and sees that the thing is not there."""
    authorization = cells.token(STRANGERS[Role.BANK_OFFICER])

    def ask() -> None:
        assert not_there(cells.ask(key, authorization, places))

    return ask


def told_apart(cells: Cells, key: str, pairs: int) -> Timed:
    """Time a route's foreign thing against none, whose id is as random as any."""
    places, chance = cells.places(key), random.Random(key)
    none = {name: place.replace(ABSENT, f"{chance.getrandbits(128):032x}") for name, place in absent(places).items()}
    return timed(asking(cells, key, places), asking(cells, key, none), pairs, chance)


def test_the_area_is_the_share_of_pairs() -> None:
    chance = random.Random("pairs")
    for _ in range(50):
        one, two = ([chance.randrange(9) for _ in range(chance.randrange(1, 30))] for _ in range(2))
        pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in one for b in two]
        assert area(one, two) == pytest.approx(sum(pairs) / len(pairs))


@pytest.mark.campaign
@pytest.mark.parametrize("key", ASKED)
def test_a_foreign_thing_takes_as_long_as_none(
    cells: Cells, key: str, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    assert ROWS[key].thing
    found = told_apart(cells, key, rounds(FEW, MANY))

    assert len(found.foreign) == len(found.absent) == rounds(FEW, MANY)
    if CAMPAIGN:
        say(f"{key}: area {found.area:.3f} over {len(found.foreign)} pairs")
        assert LOWEST <= found.area <= HIGHEST


def test_an_answer_that_takes_longer_where_the_thing_is_there_is_seen(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "GET /v1/loans/{loan_id}"
    loan, ask = cells.places(key)["loan_id"], World.ask

    def slower(self: World, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> object:
        if loan in path:
            until = time.perf_counter() + LEAK_SECONDS
            while time.perf_counter() < until:
                pass
        return ask(self, method, path, headers, body)

    monkeypatch.setattr(World, "ask", slower)

    assert told_apart(cells, key, FEW).area > LEAK_SEEN
