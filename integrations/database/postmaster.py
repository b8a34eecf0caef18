"""One PostgreSQL server process, as its own lock file and a real connection tell of it.

The lock file `postmaster.pid` outlives a killed server, and its process number may meanwhile be a corpse that nobody
has collected, or somebody else's process. So the file alone proves nothing: a server *runs* when its process is no
corpse and was started on this very cluster, and it *answers* when a real connection reaches this very cluster.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

import psycopg

PORT: Final = 5432
SUPERUSER: Final = "postgres"
CONNECT_SECONDS_MAX: Final = 2
SOCKET_FOLDER_LINE: Final = 4
DEAD_STATES: Final = "ZXx"


class Answer(StrEnum):
    """What a real connection met."""

    READY = "ready"
    STARTING = "starting"
    NONE = "none"


REFUSALS: Final[Mapping[str, Answer]] = MappingProxyType(
    {
        "starting up": Answer.STARTING,
        "not yet accepting connections": Answer.STARTING,
        "in recovery mode": Answer.STARTING,
        "too many clients": Answer.READY,
        "remaining connection slots": Answer.READY,
    }
)
"""libpq hands on no error code for a refused connection, only the server's words; our clusters speak English."""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says: the process and the folder of its socket, on the cluster that it claims."""

    cluster: Path
    pid: int
    socket_folder: Path | None

    @classmethod
    def of(cls, cluster: Path) -> Self | None:
        """Read the lock file; none when there is none, or when it is only half written yet."""
        try:
            lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        socket = lines[SOCKET_FOLDER_LINE] if len(lines) > SOCKET_FOLDER_LINE else ""
        return cls(cluster, pid, Path(socket) if socket else None)

    def runs(self) -> bool:
        """Tell whether the process lives and serves this cluster: a corpse or a stranger's process does not."""
        state, command = _state_and_command(self.pid)
        return bool(state) and state[0] not in DEAD_STATES and str(self.cluster) in command

    def answer(self) -> Answer:
        """Connect, and see that what answers is the server of this cluster."""
        if self.socket_folder is None:
            return Answer.NONE
        try:
            with psycopg.connect(
                host=str(self.socket_folder),
                port=PORT,
                user=SUPERUSER,
                dbname="postgres",
                connect_timeout=CONNECT_SECONDS_MAX,
                autocommit=True,
            ) as connection:
                row = connection.execute("select current_setting('data_directory')").fetchone()
        except psycopg.OperationalError as refusal:
            return next((answer for words, answer in REFUSALS.items() if words in str(refusal)), Answer.NONE)
        return Answer.READY if row is not None and Path(row[0]) == self.cluster else Answer.NONE

    def signal(self, number: int) -> None:
        """Send the process a signal; a process that is already gone is fine."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return


def _state_and_command(pid: int) -> tuple[str, str]:
    """Return the state's letters and the command line of a process; two empty texts when there is none."""
    if Path("/proc/self/stat").exists():
        folder = Path("/proc") / str(pid)
        try:
            state = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            return state, (folder / "cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return "", ""
    command = ["ps", "-o", "stat=,command=", "-p", str(pid)]  # macOS has no /proc
    state, _, rest = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip().partition(" ")
    return state, rest
