"""Thousands of broken requests to every route: no 5xx, no status that the description does not know, none slow."""

import json
import random
import re
import resource
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

import pytest

from tests.authorisation.cells import ROUTES, Cells
from tests.authorisation.rows import ROWS
from tests.authorisation.world import OTHERS, OWNERS, furnished
from tests.database_session import Database
from tests.fakes.inside import Told
from tests.fuzz.raw_bytes import Raw, mutated
from tests.integration.inside_business import business_inside
from tests.openapi_truth import NotAsDocumented, OpenapiTruth

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(600)]

SECONDS_MAX: Final = 1.0
GROWN_KIBIBYTES_MAX: Final = 64 << 10
KEYS: Final = sorted(key for key in ROUTES if not key.endswith(("/schema", "/schema/{path}", "/schema/openapi.json")))


@pytest.fixture(scope="module")
def cells(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Cells]:
    with new_database() as database, business_inside(database, tenants=OTHERS) as (business, inside):
        yield Cells(furnished(business, inside))


def _ordinary(cells: Cells, key: str) -> tuple[Raw, object]:
    """Return what somebody who may would send."""
    kind, body = cells.body(key, cells.places(key))
    method, _, path = key.partition(" ")
    headers = [(b"idempotency-key", secrets.token_hex(16).encode()), (b"accept-language", b"en")]
    if kind:
        headers.append((b"content-type", kind.encode()))
    row = ROWS[key]
    if row.roles:
        headers.append((b"authorization", cells.token(OWNERS[min(row.owners or row.roles)]).encode()))
    value: object = json.loads(body) if kind == "application/json" else {}
    return Raw(method.encode(), path.format(**cells.places(key)).encode(), tuple(headers), body), value


def _wrong(truth: OpenapiTruth, raw: Raw, told: Told, seconds: float) -> str | None:
    if told.status >= 500 and told.status != 503:
        return f"{told.status} {told.body[:300]!r}"
    if seconds > SECONDS_MAX:
        return f"took {seconds:.2f} s"
    if raw.method in {b"HEAD", b"OPTIONS"} or told.status == 405:
        return None
    path = re.sub("/+", "/", raw.target.partition(b"?")[0].decode("latin-1")).rstrip("/")  # as the router reads it
    if path == "/openapi.json":
        return None  # the document does not describe itself
    try:
        truth.judge(raw.method.decode(), path, told.status, dict(told.headers), told.body)
    except NotAsDocumented as error:
        return str(error)[:600]
    return None


def test_broken_requests_break_nothing(
    cells: Cells, rounds: Callable[[int, int], int], say: Callable[[str], None]
) -> None:
    truth = OpenapiTruth(cells.world.business.get("bank-a.officer", "/openapi.json"))
    statuses: Counter[int] = Counter()
    wrong, before = [], 0
    count = rounds(1_000, 20_000)
    for number in range(count):
        chance = random.Random(number)
        key = KEYS[number % len(KEYS)] if chance.random() < 0.5 else chance.choice(KEYS)
        raw = mutated(*_ordinary(cells, key), chance)
        started = time.monotonic()
        told = cells.world.inside.ask_raw(raw.method, raw.target, raw.headers, raw.body)
        seconds = time.monotonic() - started
        statuses[told.status] += 1
        complaint = _wrong(truth, raw, told, seconds)
        if complaint is not None:
            wrong.append(
                f"case {number}, {key}: {complaint}\n    {raw.method!r} {raw.target[:200]!r} {raw.body[:200]!r}"
            )
        if number == count // 2:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    say(f"raw bytes: {count} requests, {dict(sorted(statuses.items()))}, grown {grown} KiB in the second half")
    assert not wrong, "\n".join(wrong[:20])
    assert grown < GROWN_KIBIBYTES_MAX
