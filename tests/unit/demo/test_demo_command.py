"""`python -m api demo`: whatever ends it, everything is stopped, and only a whole story exits with 0."""

import argparse
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.commands import demo
from api.demo.line import Surprise

SURPRISE = Surprise("4 the workflow", "bank-a.officer GET /v1/pledges/1", 200, "500 internal_error")


class _Ensemble:
    """Stands where the processes would be; its start ends as the test says."""

    stopped = 0
    bearers: bool | None = None

    def __init__(self, ending: BaseException | None, logs: Path) -> None:
        self.base_url = "http://api.example"
        self._ending = ending
        self._logs = logs

    def start(self) -> None:
        self._logs.mkdir(parents=True)
        (self._logs / "worker.log").write_text("what the worker said last\n", encoding="utf-8")
        if self._ending is not None:
            raise self._ending

    def stop(self) -> None:
        type(self).stopped += 1


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:  # noqa: ANN401 - a function of an ending
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for variable in demo.NOT_HEEDED:
        monkeypatch.setenv(variable, "postgresql://somebody-else/s")
    monkeypatch.setattr(_Ensemble, "stopped", 0)

    def run(ending: BaseException) -> int:
        def ensemble(_: Path, port: int, *, allow_bearer: bool, logs: Path) -> _Ensemble:
            _Ensemble.bearers = allow_bearer
            return _Ensemble(ending, logs)

        monkeypatch.setattr(demo, "Ensemble", ensemble)
        return demo.play_main_job(argparse.Namespace(data_dir=None))

    return run


@pytest.mark.parametrize(
    ("ending", "status", "told"),
    [
        (SURPRISE, 1, ["4 the workflow", "bank-a.officer GET /v1/pledges/1", "500 internal_error", "said last"]),
        (httpx.ConnectError("refused"), 1, ["ConnectError: refused", "said last"]),
        (KeyboardInterrupt(), 130, ["INTERRUPTED"]),
    ],
)
def test_an_ending_that_is_not_the_story_s_own_exits_non_zero_says_where_and_leaves_nothing(
    play: Any,  # noqa: ANN401 - the fixture's function
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ending: BaseException,
    status: int,
    told: list[str],
) -> None:
    assert play(ending) == status
    printed = capsys.readouterr().out
    assert all(part in printed for part in told), printed
    assert _Ensemble.stopped == 1
    assert list((tmp_path / ".data").iterdir()) == []


def test_a_database_in_the_environment_is_left_alone(
    play: Any,  # noqa: ANN401 - the fixture's function
) -> None:
    play(SURPRISE)
    assert not set(demo.NOT_HEEDED) & os.environ.keys()


def test_the_story_is_played_at_a_door_that_takes_no_bearer_tokens(
    play: Any,  # noqa: ANN401 - the fixture's function
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_Ensemble, "bearers", None)
    play(SURPRISE)
    assert _Ensemble.bearers is False


def test_a_bug_of_ours_is_loud_and_stops_everything_all_the_same(
    play: Any,  # noqa: ANN401 - the fixture's function
    tmp_path: Path,
) -> None:
    with pytest.raises(ZeroDivisionError):
        play(ZeroDivisionError())
    assert _Ensemble.stopped == 1
    assert list((tmp_path / ".data").iterdir()) == []
