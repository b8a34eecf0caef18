"""The event feed: in order for each subject, from wherever one left off, for its parties only, and without polling."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import pytest

from api.demo.ending import FOLLOWING
from tests.journeys.company import Company

HOLDER = "enterprise.shaoxing"
WRITERS = 8

Feed = Sequence[Mapping[str, Any]]


def _read(ensemble: Company, client: str, after: str | None = None, limit: int = 200) -> Feed:
    """Read the whole feed after a cursor, page by page."""
    found: list[Mapping[str, Any]] = []
    while True:
        place = "" if after is None else f"&after={after}"
        page = ensemble.ok(client, "GET", f"/v1/events?limit={limit}{place}")
        found.extend(page["items"])
        if len(page["items"]) < limit:
            return found
        after = page["next_cursor"]


def _newest(ensemble: Company, client: str) -> str:
    """Return the cursor behind the last event."""
    return str(_read(ensemble, client)[-1]["id"])


def test_a_pledge_s_events_are_its_story_in_order(ensemble: Company) -> None:
    after = _newest(ensemble, HOLDER)
    pledge = ensemble.active_pledge(ensemble.fresh_right("3"))

    told = [
        event
        for event in _read(ensemble, HOLDER, after)
        if event["subject"] == pledge["id"] and not event["type"].startswith(FOLLOWING)
    ]

    assert [event["type"] for event in told] == [
        "pledge.submitted",
        "pledge.quantities_verified",
        "pledge.loan_approved",
        "pledge.confirmed",
        "pledge.freeze_ordered",
        "freeze.executed",
        "pledge.active",
    ]
    assert told[-1]["data"] == {"status": "active", "version": pledge["version"]}


def test_an_event_is_a_cloud_event_with_a_thin_payload(ensemble: Company) -> None:
    for event in _read(ensemble, HOLDER):
        assert (event["specversion"], event["source"]) == ("1.0", "urn:greenlien")
        assert event["datacontenttype"] == "application/json"
        assert event["businessdate"] == event["time"][:10]


def test_every_party_reads_of_a_pledge_and_nobody_else(ensemble: Company) -> None:
    pledge = ensemble.active_pledge(ensemble.fresh_right("3"))
    readers = {
        client["id"]: any(event["subject"] == pledge["id"] for event in _read(ensemble, client["id"]))
        for client in ensemble.facts["clients"]
        if client["role"] in {"bank_officer", "enterprise", "authority", "portal", "fund", "exchange"}
    }
    assert {client for client, reads in readers.items() if reads} == {"bank-a.officer", HOLDER, "authority.zhejiang"}


@pytest.mark.parametrize("limit", [1, 7])
def test_reading_by_cursors_misses_and_repeats_nothing(ensemble: Company, limit: int) -> None:
    right = ensemble.fresh_right("20")
    after = _newest(ensemble, HOLDER)
    for _ in range(5):
        ensemble.command(HOLDER, ensemble.draft(right, "1"), "submit")
    whole = [event["id"] for event in _read(ensemble, HOLDER, after)]
    assert [event["id"] for event in _read(ensemble, HOLDER, after, limit)] == whole
    assert len(set(whole)) == len(whole) == 5


def test_writers_at_once_leave_each_subject_s_events_in_order_and_a_reader_meanwhile_misses_none(
    ensemble: Company,
) -> None:
    after = _newest(ensemble, HOLDER)
    right = ensemble.fresh_right("50")
    pledges = [ensemble.draft(right, "1") for _ in range(WRITERS)]

    def write(pledge: Mapping[str, Any]) -> None:
        for verb in ("submit", "withdraw"):
            assert ensemble.command(HOLDER, pledge, verb).status_code == 200

    seen: list[Mapping[str, Any]] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, pledge) for pledge in pledges]
        while not all(each.done() for each in writing):
            seen.extend(_read(ensemble, HOLDER, seen[-1]["id"] if seen else after, limit=3))
        for each in writing:
            each.result()
    seen.extend(_read(ensemble, HOLDER, seen[-1]["id"] if seen else after))

    whole = _read(ensemble, HOLDER, after)
    assert [event["id"] for event in seen] == [event["id"] for event in whole]
    of_pledges = [event for event in whole if event["subject"] in {pledge["id"] for pledge in pledges}]
    by_subject = groupby(sorted(of_pledges, key=lambda event: str(event["subject"])), key=lambda each: each["subject"])
    stories = [[event["type"] for event in events] for _, events in by_subject]
    assert stories == [["pledge.submitted", "pledge.withdrawn"]] * WRITERS


def test_a_waiting_reader_is_told_as_soon_as_something_happens(ensemble: Company) -> None:
    right = ensemble.fresh_right("3")
    pledge = ensemble.draft(right, "1")
    after = _newest(ensemble, HOLDER)
    ensemble.token("bank-a.officer")
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(ensemble.ok, HOLDER, "GET", f"/v1/events?after={after}&wait=20")
        ensemble.command(HOLDER, pledge, "submit")
        told = waiting.result()
        waited = time.monotonic() - began

    assert [event["type"] for event in told["items"]] == ["pledge.submitted"]
    assert waited < 15


def test_a_reader_who_waits_in_vain_gets_an_empty_page_and_keeps_the_place(ensemble: Company) -> None:
    after = _newest(ensemble, "fund.ningxia") if _read(ensemble, "fund.ningxia") else None
    place = "" if after is None else f"&after={after}"
    began = time.monotonic()
    page = ensemble.ok("fund.ningxia", "GET", f"/v1/events?wait=1{place}")
    assert page == {"items": [], "next_cursor": after}
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("wait", ["21", "-1", "1.5", "x"])
def test_a_reader_waits_at_most_twenty_seconds(ensemble: Company, wait: str) -> None:
    answer = ensemble.call(HOLDER, "GET", f"/v1/events?wait={wait}")
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, ["#/wait"])


def test_a_cursor_of_another_or_of_nobody_is_gone_and_says_the_same(ensemble: Company) -> None:
    of_another = _newest(ensemble, "bank-a.officer")
    answers = [
        ensemble.call("fund.ningxia", "GET", f"/v1/events?after={cursor}") for cursor in (of_another, "evt_" + "0" * 32)
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(410, "cursor_unknown")] * 2
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_what_can_be_no_cursor_is_refused(ensemble: Company) -> None:
    answer = ensemble.call(HOLDER, "GET", "/v1/events?after=1")
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, ["#/after"])
