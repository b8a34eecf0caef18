"""What our own description allows and forbids, asked of every operation: 0 surprises of schemathesis's checks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import requests

from tests.authorisation.world import OTHERS, furnished
from tests.database_session import Database
from tests.fuzz.described import Described
from tests.integration.inside_business import business_inside

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(600)]


@pytest.fixture
def described(
    new_database: Callable[[], AbstractContextManager[Database]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Described]:
    with new_database() as database, business_inside(database, tenants=OTHERS) as (business, inside):
        made = Described(furnished(business, inside))
        monkeypatch.setattr(requests.Session, "get_adapter", lambda _self, url: made.adapter)
        yield made


def test_every_operation_keeps_what_its_description_promises(
    described: Described, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    for operation in described.operations():
        described.fuzz(operation, rounds(4, 80))
    described.walk(rounds(15, 300))

    found = described.found
    say(f"schemathesis: {found.asked} requests, {dict(sorted(found.statuses.items()))}")
    assert not found.complaints, "\n".join(found.complaints.values())
    assert found.asked >= rounds(1_300, 28_000)
    assert max(found.statuses) < 500
