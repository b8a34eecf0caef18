"""The embedded PostgreSQL: it starts, is shared, survives what kills it or its owner, and leaves nothing running."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from integrations.database import embedded, server_account
from integrations.database.embedded import EmbeddedServer, EmbeddedServerFailed
from integrations.database.postmaster import SUPERUSER, Postmaster
from integrations.database.server_account import ServerAccount, account_for
from tests.database_session import FOLDER_VARIABLE

START_AND_STAY = """
import sys, time
from pathlib import Path
from integrations.database.embedded import EmbeddedServer
server = EmbeddedServer.start(Path(sys.argv[1]))
print(server.postmaster.pid, server.owned, flush=True)
time.sleep(600)
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data_folder(tmp_path: Path) -> Iterator[Path]:
    folder = Path(os.environ[FOLDER_VARIABLE]) / "servers" / tmp_path.name
    yield folder
    if EmbeddedServer.running(folder) is not None:
        EmbeddedServer.start(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def another_process(data_folder: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Return what starts a process that starts the server, tells of it in one line, and stays."""
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", START_AND_STAY, str(data_folder)]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def told(process: "subprocess.Popen[str]") -> tuple[int, bool]:
    """Return the server's process number and whether that process owns it."""
    assert process.stdout is not None
    pid, owned = process.stdout.readline().split()
    return int(pid), owned == "True"


def write_a_row(server: EmbeddedServer) -> None:
    with psycopg.connect(server.libpq("postgres", SUPERUSER)) as connection:
        connection.execute("create table if not exists kept (note text)")
        connection.execute("insert into kept values ('here')")


def rows(server: EmbeddedServer) -> int:
    with psycopg.connect(server.libpq("postgres", SUPERUSER)) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return int(row[0])


def setting(server: EmbeddedServer, name: str) -> str:
    with psycopg.connect(server.libpq("postgres", SUPERUSER)) as connection:
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_a_first_start_makes_a_cluster_that_only_a_socket_reaches(data_folder: Path) -> None:
    with EmbeddedServer.start(data_folder) as server:
        assert server.owned
        assert setting(server, "server_version").startswith("18")
        assert setting(server, "listen_addresses") == ""
        assert setting(server, "max_connections") == "200"
        assert setting(server, "data_checksums") == "on"
        with psycopg.connect(server.libpq("postgres", SUPERUSER)) as connection:
            order = connection.execute("select string_agg(x, '' order by x) from unnest('{é,z,Z,中}'::text[]) x")
            assert order.fetchone() == ("Zzé中",)  # by code point, whatever the machine's locale


def test_the_socket_is_closed_to_other_accounts(data_folder: Path) -> None:
    with EmbeddedServer.start(data_folder) as server:
        assert server.postmaster.socket_folder is not None
        assert stat.S_IMODE(server.postmaster.socket_folder.stat().st_mode) & 0o077 == 0


def test_a_second_start_attaches_and_owns_nothing(data_folder: Path) -> None:
    with EmbeddedServer.start(data_folder) as owner:
        guest = EmbeddedServer.start(data_folder)

        assert (guest.postmaster.pid, guest.owned) == (owner.postmaster.pid, False)
        guest.stop()
        assert owner.postmaster.runs()


def test_looking_for_a_running_server_starts_none(data_folder: Path) -> None:
    assert EmbeddedServer.running(data_folder) is None
    with EmbeddedServer.start(data_folder) as server:
        found = EmbeddedServer.running(data_folder)
        assert found is not None
        assert (found.url("a", "b"), found.owned) == (server.url("a", "b"), False)
    assert EmbeddedServer.running(data_folder) is None


def test_processes_that_start_at_once_share_one_server_with_one_owner(
    another_process: Callable[[], "subprocess.Popen[str]"],
) -> None:
    answers = [told(process) for process in [another_process() for _ in range(3)]]

    assert len({pid for pid, _ in answers}) == 1
    assert sorted(owned for _, owned in answers) == [False, False, True]


def test_rows_survive_a_kill_of_the_server(data_folder: Path) -> None:
    killed = EmbeddedServer.start(data_folder)
    write_a_row(killed)
    os.kill(killed.postmaster.pid, signal.SIGKILL)

    revived = EmbeddedServer.start(data_folder)

    assert revived.postmaster.pid != killed.postmaster.pid
    assert rows(revived) == 1
    killed.stop()
    assert not revived.postmaster.runs()


def test_a_corpse_that_nobody_collects_does_not_keep_the_next_server_from_starting(
    data_folder: Path, another_process: Callable[[], "subprocess.Popen[str]"]
) -> None:
    pid, _ = told(another_process())  # that process never waits for its children
    write_a_row(EmbeddedServer.start(data_folder))
    os.kill(pid, signal.SIGKILL)

    revived = EmbeddedServer.start(data_folder)

    os.kill(pid, 0)  # the corpse still has its number
    assert revived.postmaster.pid != pid
    assert rows(revived) == 1


def test_a_stranger_under_the_old_process_number_is_no_rival(data_folder: Path) -> None:
    with EmbeddedServer.start(data_folder) as server:
        write_a_row(server)
        cluster = server.postmaster.cluster
    account = account_for(cluster)
    stranger = subprocess.Popen(
        ["/bin/sleep", "600"], user=account.user, group=account.group, extra_groups=account.extra_groups
    )
    try:
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n", encoding="utf-8")

        with EmbeddedServer.start(data_folder) as server:
            assert rows(server) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_what_a_killed_owner_left_running_belongs_to_the_next_start(
    data_folder: Path, another_process: Callable[[], "subprocess.Popen[str]"]
) -> None:
    first = another_process()
    pid, _ = told(first)
    first.kill()
    first.wait()

    heir = EmbeddedServer.start(data_folder)

    assert (heir.postmaster.pid, heir.owned) == (pid, True)
    heir.stop()
    assert not heir.postmaster.runs()


def test_a_server_that_was_given_up_goes_on_and_belongs_to_the_next_start(data_folder: Path) -> None:
    first = EmbeddedServer.start(data_folder)
    first.abandon()

    with EmbeddedServer.start(data_folder) as heir:
        assert (heir.postmaster.pid, heir.owned, first.owned) == (first.postmaster.pid, True, False)


def test_a_stop_leaves_nothing_running_whatever_clients_are_doing(data_folder: Path) -> None:
    server = EmbeddedServer.start(data_folder)
    busy = psycopg.connect(server.libpq("postgres", SUPERUSER))
    busy.execute("create table unfinished (note text)")

    begun = time.monotonic()
    server.stop()

    assert time.monotonic() - begun < embedded.STOP_SECONDS_MAX
    assert not server.owned
    assert not server.postmaster.runs()
    assert not list(server.postmaster.cluster.glob(".s.PGSQL*"))
    assert Postmaster.of(server.postmaster.cluster) is None
    busy.close()


def test_a_server_that_will_not_stop_is_stopped_without_a_checkpoint(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedServer.start(data_folder)
    write_a_row(server)
    sent: list[int] = []

    def deaf_to_requests(postmaster: Postmaster, number: int) -> None:
        sent.append(number)
        if number == signal.SIGQUIT:
            os.kill(postmaster.pid, number)

    monkeypatch.setattr(Postmaster, "signal", deaf_to_requests)

    server.stop(seconds_max=0.3)

    assert sent == [signal.SIGINT, signal.SIGQUIT]
    assert not server.postmaster.runs()
    monkeypatch.undo()
    with EmbeddedServer.start(data_folder) as revived:
        assert rows(revived) == 1


@pytest.mark.parametrize("name", ["long" * 30, "comma, 空格 'quote' %41"])
def test_a_path_that_a_socket_cannot_have_is_served_elsewhere(data_folder: Path, name: str) -> None:
    with EmbeddedServer.start(data_folder / name) as server:
        write_a_row(server)
        assert server.postmaster.socket_folder != server.postmaster.cluster
        assert server.postmaster.socket_folder is not None
        assert stat.S_IMODE(server.postmaster.socket_folder.stat().st_mode) == 0o700
    assert not server.postmaster.socket_folder.exists()


def test_folders_above_stay_closed_to_everybody_else(data_folder: Path) -> None:
    data_folder.mkdir(parents=True, mode=0o700)
    data_folder.chmod(0o700)

    with EmbeddedServer.start(data_folder / "below") as server:
        write_a_row(server)

    assert data_folder.stat().st_mode & stat.S_IRWXO == 0


def test_without_access_control_entries_everybody_may_pass_but_not_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "setxattr", unsupported, raising=False)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    server_account._let_pass(ServerAccount(uid=12345, gid=12345, switch=True), closed)

    assert stat.S_IMODE(closed.stat().st_mode) == 0o701


def test_programs_installed_under_a_strict_umask_become_readable(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "postgres"
    program.parent.mkdir(mode=0o700)
    program.touch(mode=0o700)
    (tmp_path / "bin" / "words").touch(mode=0o600)

    server_account.open_programs(ServerAccount(uid=12345, gid=12345, switch=True), [tmp_path / "bin"])

    modes = [stat.S_IMODE(path.stat().st_mode) & 0o007 for path in (program.parent, program, tmp_path / "bin/words")]
    assert modes == [0o005, 0o005, 0o004]


def test_a_killed_initdb_leaves_no_half_cluster_behind(data_folder: Path) -> None:
    half = data_folder / "postgres.new-killed"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", encoding="ascii")

    with EmbeddedServer.start(data_folder) as server:
        write_a_row(server)

    assert not half.exists()


def test_a_cluster_of_another_version_is_refused_with_both_versions(data_folder: Path) -> None:
    EmbeddedServer.start(data_folder).stop()
    (data_folder / "postgres" / "PG_VERSION").write_text("16\n", encoding="ascii")

    with pytest.raises(EmbeddedServerFailed, match=r"of PostgreSQL 16, and the programs are of 18"):
        EmbeddedServer.start(data_folder)


def test_a_server_that_does_not_start_is_explained_by_its_log(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "QUIET_SECONDS_MAX", 0.5)

    with pytest.raises(EmbeddedServerFailed, match='invalid value for parameter "max_connections"'):
        EmbeddedServer.start(data_folder, {"max_connections": "many"})
