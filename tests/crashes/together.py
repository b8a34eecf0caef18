"""Many plays at once: most of a crash's time is waiting until the dead worker is missed, so the waits may overlap."""

import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

AT_ONCE: Final = 20
T = TypeVar("T")


def together(cases: Sequence[T], play: Callable[[T], None], at_once: int = AT_ONCE) -> None:
    """Play every case, and fail with all that failed, each under its name."""

    def outcome(case: T) -> str | None:
        try:
            play(case)
        except Exception:  # noqa: BLE001 - whatever went wrong is told with the others
            return f"=== {case}\n{traceback.format_exc()}"
        return None

    with ThreadPoolExecutor(at_once) as pool:
        failures = [told for told in pool.map(outcome, cases) if told is not None]
    assert not failures, f"{len(failures)} of {len(cases)} failed\n" + "\n".join(failures)
