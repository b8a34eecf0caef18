"""The account that the embedded PostgreSQL runs under when we are root, and the way to its files.

PostgreSQL refuses to run as root, so root starts it as the system account `pgserver` (made on first use), or as whoever
already owns the cluster. That account must be able to pass through every folder above the cluster and above the
wheel's programs, and a checkout may well lie below a closed folder such as root's home or one of mktemp's. Opening such
a folder to everybody would expose whatever else lies in it; so only this one account gets the right to pass (not to
list), by an access control entry. Where the file system knows no such entries, everybody gets the right to pass, which
is still less than the wheel's own way of opening each parent for reading. When we are not root, nothing is changed.

Source: acl(5); the entries' binary form is linux/posix_acl_xattr.h, version 2.
"""

import os
import pwd
import shutil
import stat
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ACCOUNT_NAME: Final = "pgserver"
ACL_ATTRIBUTE: Final = "system.posix_acl_access"
ACL_HEADER: Final = struct.pack("<I", 2)
ACL_ENTRY: Final = struct.Struct("<HHI")
OWNER, NAMED_USER, GROUP, MASK, OTHERS = 0x01, 0x02, 0x04, 0x10, 0x20
NOBODY_IN_PARTICULAR: Final = 0xFFFFFFFF
PASS: Final = 1


class ServerAccountMissing(RuntimeError):
    """Say that we are root and have no other account to run PostgreSQL under."""


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """Whom the server runs as; `switch` tells whether that is somebody else than ourselves."""

    uid: int
    gid: int
    switch: bool

    @property
    def user(self) -> int | None:
        """The user to switch to when starting a program; none when that would be ourselves."""
        return self.uid if self.switch else None

    @property
    def group(self) -> int | None:
        """The group to switch to, likewise."""
        return self.gid if self.switch else None

    @property
    def extra_groups(self) -> tuple[int, ...] | None:
        """The further groups to switch to: none at all, likewise."""
        return () if self.switch else None


def account_for(cluster: Path) -> ServerAccount:
    """Return who shall run the server of `cluster`: ourselves, or, when we are root, its owner or `pgserver`.

    Raises:
        ServerAccountMissing: we are root, and `pgserver` neither exists nor can be made.
        PermissionError: the cluster belongs to somebody else and we are not root.
    """
    owner = cluster.stat() if cluster.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            message = f"{cluster} belongs to uid {owner.st_uid}, and only that account or root can start its server"
            raise PermissionError(message)
        return ServerAccount(os.geteuid(), os.getegid(), switch=False)
    if owner is not None and owner.st_uid != 0:
        return ServerAccount(owner.st_uid, owner.st_gid, switch=True)
    entry = _existing_account() or _made_account()
    return ServerAccount(entry.pw_uid, entry.pw_gid, switch=True)


def _existing_account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        return None


def _made_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if useradd is None:
        message = f"PostgreSQL does not run as root: make an account named {ACCOUNT_NAME}, or start as an ordinary user"
        raise ServerAccountMissing(message)
    command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", ACCOUNT_NAME]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    account = _existing_account()  # also when another process made it at the same moment and our useradd failed
    if account is None:
        message = f"useradd {ACCOUNT_NAME}: {made.stderr.strip()}"
        raise ServerAccountMissing(message)
    return account


def open_way(account: ServerAccount, folder: Path) -> None:
    """Let the account pass through `folder` and every folder above it; does nothing where it already may."""
    if account.switch:
        for step in (folder, *folder.parents):
            if not _may_pass(account, step):
                _let_pass(account, step)


def open_programs(account: ServerAccount, trees: Iterable[Path]) -> None:
    """Make program files readable to everybody, in case they were installed under a strict umask.

    They are the public files of a published package, so this tells nobody anything.
    """
    if not account.switch:
        return
    for tree in trees:
        for folder, _, names in os.walk(tree):
            for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118 - a thousand files
                mode = os.lstat(path).st_mode
                wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
                if wanted != mode and not stat.S_ISLNK(mode):
                    Path(path).chmod(stat.S_IMODE(wanted))


def _may_pass(account: ServerAccount, folder: Path) -> bool:
    facts = folder.stat()
    entries = _entries(folder)
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    named = [perms for tag, perms, who in entries if tag == NAMED_USER and who == account.uid]
    if named:
        mask = next(perms for tag, perms, _ in entries if tag == MASK)
        return bool(named[0] & mask & PASS)
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def _entries(folder: Path) -> list[tuple[int, int, int]]:
    """Return the folder's access control entries (tag, permissions, id); none when it has only plain permissions."""
    try:
        raw = os.getxattr(folder, ACL_ATTRIBUTE)
    except (OSError, AttributeError):  # none set, none known to this file system, or no such call on this system
        return []
    return [(tag, perms, who) for tag, perms, who in ACL_ENTRY.iter_unpack(raw[len(ACL_HEADER) :])]


def _let_pass(account: ServerAccount, folder: Path) -> None:
    mode = folder.stat().st_mode
    entries = _entries(folder) or [
        (OWNER, mode >> 6 & 7, NOBODY_IN_PARTICULAR),
        (GROUP, mode >> 3 & 7, NOBODY_IN_PARTICULAR),
        (MASK, mode >> 3 & 7, NOBODY_IN_PARTICULAR),
        (OTHERS, mode & 7, NOBODY_IN_PARTICULAR),
    ]
    kept = [entry for entry in entries if entry[0] != MASK and (entry[0], entry[2]) != (NAMED_USER, account.uid)]
    mask = next((perms for tag, perms, _ in entries if tag == MASK), 0) | PASS
    wanted = sorted([*kept, (NAMED_USER, PASS, account.uid), (MASK, mask, NOBODY_IN_PARTICULAR)], key=_order)
    try:
        os.setxattr(folder, ACL_ATTRIBUTE, ACL_HEADER + b"".join(ACL_ENTRY.pack(*entry) for entry in wanted))
    except (OSError, AttributeError):
        folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _order(entry: tuple[int, int, int]) -> tuple[int, int]:
    return entry[0], entry[2]
