"""What another bank does in private changes not one byte of what a bank hears; and a leak would be heard."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Final

import pytest

from api import idempotency
from api.bodies import EdgeRequest
from domain.values import identifiers
from tests.database_session import Database
from tests.noninterference.two_worlds import World, differences, two_worlds

pytestmark = pytest.mark.timeout(0)

STEPS: Final = 12
SCRIPTS_A_WORLD: Final = 100
"""After so many scripts new worlds are made: what the banks have gathered makes every further list longer."""
SCRIPTS_TO_CATCH: Final = 12

New = Callable[[], AbstractContextManager[Database]]
Leak = Callable[[tuple[World, World]], AbstractContextManager[object]]


@pytest.mark.campaign
def test_a_bank_hears_the_same_bytes_whatever_another_bank_does_in_private(
    new_database: New, rounds: Callable[[int, int], int]
) -> None:
    count = rounds(100, 5_000)
    for first in range(0, count, SCRIPTS_A_WORLD):
        with two_worlds(new_database) as worlds:
            found = list(islice(differences(worlds, range(first, min(first + SCRIPTS_A_WORLD, count)), STEPS), 3))
            assert not found, "\n".join(found)
            assert worlds[0].foreign["loan"] != worlds[1].foreign["loan"]
            assert worlds[0].told_others != worlds[1].told_others
            assert min(world.told_own for world in worlds) > 0


def _sql(worlds: tuple[World, World], *statements: str) -> None:
    for world in worlds:
        for statement in statements:
            world.business.sql(statement)


@contextmanager
def _open_table(worlds: tuple[World, World]) -> Iterator[None]:
    """Let the application see everybody's events."""
    _sql(worlds, "create policy leak on events for select to greenlien_app using (true)")
    yield


@contextmanager
def _counting_ids(worlds: tuple[World, World]) -> Iterator[None]:
    """Number things in the order in which anybody makes them."""
    counts = {id(world): 0 for world in worlds}

    class Counting:
        def token_hex(self, count: int) -> str:
            world = next(each for each in worlds if each.name == self.name)
            counts[id(world)] += 1
            return f"{counts[id(world)]:0{2 * count}x}"

        name = "one"

    counting = Counting()
    ask = World.ask

    def asked(self: World, *arguments: object, **more: object) -> object:
        counting.name = self.name
        return ask(self, *arguments, **more)  # type: ignore[arg-type]  # handed on as they came

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(identifiers, "secrets", counting)
        patched.setattr(World, "ask", asked)
        yield


@contextmanager
def _shared_keys(worlds: tuple[World, World]) -> Iterator[None]:
    """Keep idempotency keys for all clients together."""
    identity_of = idempotency.identity_of

    async def shared(request: EdgeRequest) -> tuple[tuple[str, str, str], str]:
        (_, route, key), digest = await identity_of(request)
        return ("", route, key), digest

    _sql(
        worlds,
        "create policy leak on idempotency_keys to greenlien_app using (true) with check (true)",
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(idempotency, "identity_of", shared)
        yield


@contextmanager
def _a_count(worlds: tuple[World, World]) -> Iterator[None]:
    """Say with every answer how many loans there are."""
    ask = World.ask

    def asked(self: World, *arguments: object, **more: object) -> object:
        told = ask(self, *arguments, **more)  # type: ignore[arg-type]  # handed on as they came
        ((count,),) = self.business.sql("select count(*) from loans")
        return type(told)(told.status, (*told.headers, ("x-total-count", str(count))), told.body)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(World, "ask", asked)
        yield


@contextmanager
def _told_too_much(worlds: tuple[World, World]) -> Iterator[None]:
    """Let the first bank's endpoint be told what the second one's is."""
    _sql(worlds, "update webhooks set parties = (select array_agg(distinct p) from webhooks w, unnest(w.parties) p)")
    yield


LEAKS: Final = (_open_table, _counting_ids, _shared_keys, _a_count, _told_too_much)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_leak_is_heard(new_database: New, leak: Leak) -> None:
    with two_worlds(new_database) as worlds, leak(worlds):
        assert next(differences(worlds, range(SCRIPTS_TO_CATCH), STEPS), None) is not None
