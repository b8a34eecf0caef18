"""The back door of the registry simulator, for tests: plain calls that wait for their answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx


class SimulatorControl:
    """Arm faults, change rights and read the registry's own ledger; the words are those of the simulator's control."""

    def __init__(self, line: httpx.Client) -> None:
        self._line = line

    def arm(self, operation: str, kind: str, *, times: int = 1, seconds: float | None = None) -> None:
        """Make the registry misbehave the next `times` times."""
        fault = {"operation": operation, "kind": kind, "times": times, "seconds": seconds}
        self._line.post("/control/faults", json=fault).raise_for_status()

    def armed(self) -> list[dict[str, Any]]:
        """Return the faults that have not struck yet."""
        return self._items("faults")

    def disarm(self) -> None:
        """Make the registry behave."""
        self._line.delete("/control/faults").raise_for_status()

    def ledger(self) -> list[dict[str, Any]]:
        """Return every freeze and release that was executed."""
        return self._items("ledger")

    def rights(self) -> list[dict[str, Any]]:
        """Return every right with what is frozen of it."""
        return self._items("rights")

    def change(self, registry: str, registry_no: str, kind: str, **facts: object) -> httpx.Response:
        """Let the registry or a court act; return the answer, whatever it is."""
        change = {"registry": registry, "registry_no": registry_no, "kind": kind, **facts}
        return self._line.post("/control/changes", json=change)

    def enter(self, registry: str, like: str, registry_no: str, quantity: str) -> None:
        """Enter a new right like another."""
        entry = {"registry": registry, "like": like, "registry_no": registry_no, "quantity": quantity}
        self._line.post("/control/rights", json=entry).raise_for_status()

    def _items(self, name: str) -> list[dict[str, Any]]:
        page = self._line.get(f"/control/{name}").raise_for_status().json()
        items: list[dict[str, Any]] = page["items"]
        return items


@contextmanager
def simulator_control(base_url: str) -> Iterator[SimulatorControl]:
    """Lend the back door of the simulator at `base_url`."""
    with httpx.Client(base_url=base_url, trust_env=False, timeout=30) as line:
        yield SimulatorControl(line)
