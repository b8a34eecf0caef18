"""Versions: a command that names the version it saw is refused once that version is past."""

import pytest

from tests.journeys.company import Company

HOLDER = "enterprise.shaoxing"


def _submit(ensemble: Company, pledge_id: str, seen: str) -> tuple[int, str | None]:
    answer = ensemble.call(HOLDER, "POST", f"/v1/pledges/{pledge_id}/submit", {}, {"If-Match": seen})
    return answer.status_code, answer.json().get("code")


def test_a_command_on_the_version_that_was_seen_is_carried_out(ensemble: Company) -> None:
    pledge = ensemble.draft(ensemble.fresh_right("2"), "1")
    seen = ensemble.call(HOLDER, "GET", f"/v1/pledges/{pledge['id']}").headers["etag"]
    assert _submit(ensemble, pledge["id"], seen) == (200, None)


def test_a_command_on_a_version_that_is_past_is_refused_and_changes_nothing(ensemble: Company) -> None:
    right = ensemble.fresh_right("2")
    pledge = ensemble.draft(right, "1")
    past = f'"{pledge["version"] - 1}"'

    assert _submit(ensemble, pledge["id"], past) == (412, "version_mismatch")

    assert ensemble.ok(HOLDER, "GET", f"/v1/pledges/{pledge['id']}")["status"] == "draft"
    assert ensemble.ok(HOLDER, "GET", f"/v1/rights/{right['id']}")["available"]["amount"] == "2.000000"


def test_the_etag_of_an_answer_is_the_version_in_it_and_moves_with_each_command(ensemble: Company) -> None:
    pledge = ensemble.draft(ensemble.fresh_right("2"), "1")
    submitted = ensemble.command(HOLDER, pledge, "submit")
    withdrawn = ensemble.command(HOLDER, pledge, "withdraw")
    versions = [answer.json()["version"] for answer in (submitted, withdrawn)]
    assert [answer.headers["etag"] for answer in (submitted, withdrawn)] == [f'"{version}"' for version in versions]
    assert pledge["version"] < versions[0] < versions[1]


@pytest.mark.parametrize("seen", ["2", '"two"', 'W/"1"', '"1", "2"', '"-1"', '"0x1"'])
def test_what_is_no_version_of_ours_matches_nothing(ensemble: Company, seen: str) -> None:
    pledge = ensemble.draft(ensemble.fresh_right("2"), "1")
    assert _submit(ensemble, pledge["id"], seen)[0] == 412


def test_a_star_matches_whatever_there_is(ensemble: Company) -> None:
    pledge = ensemble.draft(ensemble.fresh_right("2"), "1")
    assert _submit(ensemble, pledge["id"], "*") == (200, None)


def test_a_past_version_is_told_before_the_state_that_refuses(ensemble: Company) -> None:
    pledge = ensemble.draft(ensemble.fresh_right("2"), "1")
    assert ensemble.command(HOLDER, pledge, "withdraw").status_code == 200
    assert _submit(ensemble, pledge["id"], '"1"') == (412, "version_mismatch")
    assert _submit(ensemble, pledge["id"], "*") == (409, "pledge_cannot_move")
