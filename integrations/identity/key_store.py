"""Key stores: a folder that is read again by itself, the environment, and the two files of a house that rotates none.

A folder holds `keys.json`, which says of each key what it is for and where it stands, and a file for each secret. The
index is replaced whole, after the secrets that it names were written, so a reader never meets half a change. Processes
look at it every few seconds, which is why a rotation needs no restart; the environment of a process never changes, so
there it does. A store behind PKCS #11 would be another adapter, and its keys would sign without ever being read; there
is none yet.

Source: issue 5 (keys and secrets); contract section 2 (a key's identifier is its thumbprint, RFC 7638).
"""

import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from domain.ports.key_store import KeysMissing, KeyState, KeyStore, KeyUse, StoredKey
from integrations.identity.keys import load_key, read_key

INDEX: Final = "keys.json"
REREAD_SECONDS: Final = 5.0
"""How long a process may believe what it read; a change is known everywhere well within the minute that is promised."""

ORDER: Final = (KeyState.ACTIVE, KeyState.NEXT, KeyState.RETIRED)
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

Stamp = tuple[int, int, int]
"""By which a replaced file is told: its inode, its size, when it was written."""


class FolderKeyStore:
    """The keys of a folder, read again where its index was replaced."""

    def __init__(self, folder: Path, ticks: Callable[[], float] = time.monotonic) -> None:
        """Read the folder; raises KeysMissing or PermissionError where it is none of ours, or others may read it."""
        self._folder = folder
        self._ticks = ticks
        self._stamp: Stamp | None = None
        self._keys: Mapping[KeyUse, Sequence[StoredKey]] = {}
        self._until = 0.0
        self._look()

    def keys(self, use: KeyUse) -> Sequence[StoredKey]:
        """Return a use's keys, as they stood a few seconds ago or later."""
        if self._ticks() >= self._until:
            self._look()
        return of_use(self._keys, use)

    def _look(self) -> None:
        """Read the folder where it has changed; a use that has not changed keeps its object.

        A folder that is away for a while, as a mounted one may be, leaves what was read from it.
        """
        self._until = self._ticks() + REREAD_SECONDS
        stamp = _stamp(self._folder / INDEX)
        if self._keys and stamp in {None, self._stamp}:
            return
        read = sorted_keys(read_folder(self._folder))
        self._keys = {use: self._keys[use] if self._keys.get(use) == keys else keys for use, keys in read.items()}
        self._stamp = stamp


class FixedKeyStore:
    """Keys that stay what they are as long as the process lives."""

    def __init__(self, keys: Iterable[StoredKey]) -> None:
        """Hold keys."""
        self._keys = sorted_keys(keys)

    def keys(self, use: KeyUse) -> Sequence[StoredKey]:
        """Return a use's keys."""
        return of_use(self._keys, use)


def environment_key_store(told: str) -> KeyStore:
    """Return the keys of a JSON text: `[{"use": "...", "state": "...", "since": "...", "secret": "..."}, ...]`.

    A key that seals also has an `id`; one that signs has its thumbprint. Raises KeysMissing where it cannot be read;
    the text is never repeated.
    """
    try:
        return FixedKeyStore([_told(each, each["secret"]) for each in json.loads(told)])
    except (ValueError, KeyError, TypeError):
        raise KeysMissing("the keys in the environment cannot be read") from None


def files_key_store(signing_key: Path, secrets: Path | None) -> KeyStore:
    """Return the keys of a house that was given a signing key's file, and perhaps one with keys that seal.

    Of the latter the first line seals and all open. Raises PermissionError where others may read a file.
    """
    key = load_key(signing_key)
    keys = [
        StoredKey(id=key.key_id, use=use, state=KeyState.ACTIVE, since=BEGINNING, secret=key.pem)
        for use in (KeyUse.ACCESS_TOKENS, KeyUse.STATEMENTS)
    ]
    lines = [] if secrets is None else private_text(secrets).split()
    for place, line in enumerate(lines):
        name, _, text = line.partition(":")
        state = KeyState.RETIRED if place else KeyState.ACTIVE
        keys.append(StoredKey(id=name, use=KeyUse.SECRETS, state=state, since=BEGINNING, secret=text))
    return FixedKeyStore(keys)


def sorted_keys(keys: Iterable[StoredKey]) -> dict[KeyUse, Sequence[StoredKey]]:
    """Return the keys that are not revoked by their use, in the order of the port."""
    living = [key for key in keys if key.state is not KeyState.REVOKED]
    ordered = sorted(living, key=lambda key: (ORDER.index(key.state), -key.since.timestamp(), key.id))
    return {use: tuple(key for key in ordered if key.use is use) for use in KeyUse}


def of_use(keys: Mapping[KeyUse, Sequence[StoredKey]], use: KeyUse) -> Sequence[StoredKey]:
    """Return a use's keys; raises KeysMissing where none, or more than one, is active."""
    found = keys.get(use, ())
    if [key.state for key in found].count(KeyState.ACTIVE) != 1:
        message = f"there is no one active key for {use.value}"
        raise KeysMissing(message)
    return found


def read_folder(folder: Path) -> list[StoredKey]:
    """Return every key of a folder; raises KeysMissing where it holds no index."""
    index = folder / INDEX
    if not index.exists():
        message = f"there are no keys in {folder}: make them with rotate-keys"
        raise KeysMissing(message)
    return [_told(each, private_text(secret_file(folder, each["id"]))) for each in json.loads(private_text(index))]


def secret_file(folder: Path, key_id: str) -> Path:
    """Return where a key's secret lies."""
    return folder / f"{key_id}.secret"


def private_text(path: Path) -> str:
    """Return a file's text; raises PermissionError where others than its owner may read it."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{path} can be read by others than its owner"
        raise PermissionError(message)
    return path.read_text(encoding="ascii")


def _told(each: Mapping[str, Any], secret: str) -> StoredKey:
    use = KeyUse(each["use"])
    name = str(each["id"]) if use is KeyUse.SECRETS else read_key(secret).key_id
    since = datetime.fromisoformat(each["since"])
    return StoredKey(id=name, use=use, state=KeyState(each["state"]), since=since, secret=secret)


def _stamp(index: Path) -> Stamp | None:
    try:
        facts = os.stat(index)  # noqa: PTH116 - asked every few seconds by every process
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns
