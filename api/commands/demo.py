"""Start everything, play the main job end to end over HTTP, and stop everything again.

The story needs a database without a history, so a database's address in the environment is not heeded here: there is
an embedded one. The door takes no bearer tokens: every actor proves that it holds its key, and signs its orders. What
the processes log goes to files in the demonstration's folder, and its end is shown only where something was not as it
must be. The folder is removed afterwards, unless it was named with `--data-dir`.
"""

import argparse
import io
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from api import wiring
from api.commands.supervisor import Ensemble, free_port
from api.demo.line import BackDoor, Line, Surprise
from api.demo.main_job import STEPS, play
from api.demo.scene import RULE, Scene
from domain.values.time import business_date

FOLDER: Final = Path(".data")
LOG_LINES_SHOWN: Final = 12
CALL_SECONDS_MAX: Final = 30.0
IN_CHINESE: Final = {"Accept-Language": "zh-CN"}
NOT_HEEDED: Final = ("DATABASE_URL", "WORKER_DATABASE_URL", "MIGRATION_DATABASE_URL")


def play_main_job(arguments: argparse.Namespace) -> int:
    """Play the main job; 0 when every answer was as it must be, 1 at the first that was not."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for variable in NOT_HEEDED:
        os.environ.pop(variable, None)
    with _folder(arguments.data_dir) as folder:
        ensemble = Ensemble(folder, free_port(), allow_bearer=False, logs=folder / "logs")
        try:
            return _play(ensemble)
        except Surprise as surprise:
            sys.stdout.write(f"\n{RULE}\n与预期不符，演示中止 SURPRISE\n{surprise}\n")
        except (httpx.HTTPError, OSError) as error:
            sys.stdout.write(f"\n{RULE}\n演示中止 STOPPED: {type(error).__name__}: {error}\n")
        except KeyboardInterrupt:
            sys.stdout.write(f"\n{RULE}\n演示被中断 INTERRUPTED\n")
            return 130
        finally:
            ensemble.stop()
        _show_logs(folder / "logs")
    return 1


def _play(ensemble: Ensemble) -> int:
    began = time.monotonic()
    sys.stdout.write("启动嵌入式 PostgreSQL、API、后台作业与登记机构模拟器 … (starting everything on loopback)\n")
    sys.stdout.flush()
    ensemble.start()
    started = time.monotonic()
    sys.stdout.write(f"已就绪：{ensemble.base_url}，用时 {started - began:.1f} s\n")
    demonstration = ensemble.demonstration
    facts = demonstration.facts()
    with httpx.Client(
        base_url=ensemble.base_url, headers=IN_CHINESE, trust_env=False, timeout=CALL_SECONDS_MAX
    ) as client:
        scene = Scene(
            line=Line(client, lambda actor: demonstration.speaker(actor, client)),
            back_door=BackDoor(client, facts["simulators"][0]["control_url"]),
            facts=facts,
            today=business_date(wiring.now()),
            out=sys.stdout,
        )
        play(scene)
    played = time.monotonic() - started
    sys.stdout.write(
        f"\n{RULE}\n{STEPS}步全部符合预期。启动 {started - began:.1f} s，演示 {played:.1f} s"
        f" (all {STEPS} steps as expected)\n"
    )
    return 0


@contextmanager
def _folder(named: Path | None) -> Iterator[Path]:
    """Lend the named folder, or one that is removed afterwards."""
    if named is not None:
        yield named
        return
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=FOLDER, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _show_logs(folder: Path) -> None:
    for path in sorted(folder.glob("*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        sys.stdout.write("".join(f"  {path.stem}: {line[:400]}\n" for line in lines))
