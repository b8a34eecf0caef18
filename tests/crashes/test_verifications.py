"""A verification that its request could not finish: the registry was slow or failed, or the API died."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.crashes.client import ENTERPRISES, fresh_key
from tests.crashes.crashing import Point
from tests.crashes.stage import Play, Stage
from tests.crashes.together import together

DIE_SECONDS_MAX = 30.0
SLOW_SECONDS = 7.0  # longer than the five for which a request waits, shorter than a call of the worker's may take
REGISTRY_NO = "PWQ-ZJ-330602-00003"
POINTS = [
    Point(f"api.{moment}_commit.verifications", occurrence) for occurrence in (1, 2) for moment in ("before", "after")
]


@pytest.mark.timeout(180)
def test_a_verification_whose_api_died_is_finished_by_sending_it_again(stage: Stage) -> None:
    def kill_and_verify_again(point: Point) -> None:
        with stage.play("ready") as play:
            key = fresh_key()
            _lose(play, point, key)

            play.start_api()
            again, once_more = _verify(play, key), _verify(play, key)
            assert again.status_code == 200, again.text
            assert again.content == once_more.content
            assert [right["id"] for right in again.json()["rights"]] == _verified(play)

    together(POINTS, kill_and_verify_again)


@pytest.mark.timeout(180)
def test_a_verification_that_its_request_left_open_is_finished_by_the_worker(stage: Stage) -> None:
    def leave_open(how: Callable[[Play], None]) -> None:
        with stage.play("ready") as play:
            how(play)
            play.start_worker()
            play.wait(lambda _: len(_verified(play)) == 1)

    together((the_client_never_comes_back, the_registry_fails), leave_open)


@pytest.mark.timeout(180)
def test_a_verification_that_takes_longer_than_a_client_waits_is_answered_202_and_then_polled(stage: Stage) -> None:
    with stage.play("ready") as play:
        play.start_worker()
        play.start_api()
        play.registry.arm("lookup", "slow", seconds=SLOW_SECONDS)
        answer = _verify(play, fresh_key())
        assert answer.status_code == 202, answer.text
        verification = answer.json()
        assert (verification["status"], verification["rights"]) == ("pending", [])
        assert _polled(play, verification["id"])["status"] == "pending"

        play.wait(lambda _: _polled(play, verification["id"])["status"] != "pending")
        told = _polled(play, verification["id"])
        assert told["status"] == "verified"
        assert [right["registry_no"] for right in told["rights"]] == [REGISTRY_NO]


def the_client_never_comes_back(play: Play) -> None:
    """Lose the answer with the API, between the request's commit and the question to the registry."""
    _lose(play, Point("api.after_commit.verifications"), fresh_key())
    assert _verified(play) == []


def the_registry_fails(play: Play) -> None:
    """Have the registry fail once."""
    play.start_api()
    play.registry.arm("lookup", "error")
    answer = _verify(play, fresh_key())
    assert (answer.status_code, answer.json()["code"]) == (503, "registry_unavailable")
    assert _verified(play) == []


def _lose(play: Play, point: Point, key: str) -> None:
    trap = play.trap("api", point)
    doomed = play.start_api(trap)
    with pytest.raises(httpx.TransportError):
        _verify(play, key)
    assert doomed.died_within(DIE_SECONDS_MAX)
    assert trap.was_hit(), f"the API died elsewhere\n{doomed.said()}"


def _verify(play: Play, key: str) -> httpx.Response:
    holder = ENTERPRISES["enterprise.shaoxing"]
    wanted = {"registry": "zhejiang", "registry_no": REGISTRY_NO, "holder_uscc": holder}
    return play.actors.call("enterprise.shaoxing", "POST", "/v1/rights/verifications", wanted, key)


def _polled(play: Play, verification_id: str) -> Any:  # noqa: ANN401 - any JSON answer
    return play.actors.told("enterprise.shaoxing", "GET", f"/v1/rights/verifications/{verification_id}")


def _verified(play: Play) -> list[str]:
    """Return the rights that are there now and were not in the scene: no pledge has them."""
    books = play.books()
    pledged = {item["right_id"] for item in books.ours["items"]}
    return [row["right_id"] for row in books.ours["balances"] if row["right_id"] not in pledged]
