"""Rotation: what is next becomes active, what is active retires, and a fresh key waits to be next.

The subtle thing is time. A key must have been `next` for as long as any process may take to notice it, or what it signs
would be refused by a neighbour that has not looked yet. And a retired key stays until the last token that it signed has
run out. Keys of statements and of secrets stay for ever, because certificates and sealed texts do, and so do backups.

One rotation at a time: the folder is locked by the kernel, so whoever is killed holds nothing up.
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from domain.ports.key_store import KeysMissing, KeyState, KeyUse, StoredKey
from integrations.identity.key_store import INDEX, private_text, read_folder, secret_file
from integrations.identity.keys import SigningKey, generate_key
from integrations.identity.secret_box import KEY_BYTES, KEY_ID_BYTES
from integrations.identity.tokens import ACCESS_LIFETIME_SECONDS

OWNER_ONLY: Final = 0o600
OWNERS_FOLDER: Final = 0o700
KNOWN_EVERYWHERE_AFTER: Final = timedelta(seconds=60)
"""How long a change may take to reach every process: the promise, which is many times what they take."""
KEPT_FOR: Final = {KeyUse.ACCESS_TOKENS: timedelta(seconds=ACCESS_LIFETIME_SECONDS + 60) + KNOWN_EVERYWHERE_AFTER}
"""How long a retired key is kept: a token's life, the clocks' disagreement, and the reading; the others for ever."""


class TooEarly(ValueError):
    """Say that the next key is not known everywhere yet."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did to one use: the key that signs now, and the retired ones that are gone."""

    use: KeyUse
    active: str
    pruned: Sequence[str]


def rotate(folder: Path, uses: Iterable[KeyUse], now: datetime, *, at_once: bool = False) -> list[Rotated]:
    """Rotate the keys of some uses, and make those that are missing; `at_once` waits for no next key to be known.

    Raises:
        TooEarly: a next key has waited for less than a minute; nothing is changed.
    """
    with _locked(folder):
        keys = _read(folder)
        done = []
        for use in uses:
            keys, rotated = _rotated(keys, use, now, at_once=at_once)
            done.append(rotated)
        _write(folder, keys)
    return done


def revoke(folder: Path, key_id: str, now: datetime) -> None:
    """Revoke a key in every use it has; where it was active the next one takes its place, at once.

    Raises:
        KeysMissing: there is no such key.
    """
    with _locked(folder):
        keys = _read(folder)
        found = [key for key in keys if key.id == key_id]
        if not found:
            message = f"there is no key {key_id}"
            raise KeysMissing(message)
        for key in found:
            if key.state is KeyState.ACTIVE:
                keys, _ = _rotated(keys, key.use, now, at_once=True)
            elif key.state is KeyState.NEXT:
                keys.append(_fresh(key.use, KeyState.NEXT, now))
        keys = [replace(key, state=KeyState.REVOKED, since=now) if key.id == key_id else key for key in keys]
        _write(folder, keys)


def adopt(folder: Path, signing_key: SigningKey, sealing: Path | None, now: datetime) -> None:
    """Begin a store with the keys that a house has had so far; a store that is there already stays as it is.

    The one key that signed everything goes on signing statements; for tokens it is retired, and a fresh one signs.
    """
    with _locked(folder):
        if (folder / INDEX).exists():
            return
        lines = [] if sealing is None else private_text(sealing).split()
        keys = [_stored(signing_key, KeyUse.STATEMENTS, KeyState.ACTIVE, now)]
        keys += [_fresh(use, KeyState.NEXT, now) for use in KeyUse]
        keys.append(_fresh(KeyUse.ACCESS_TOKENS, KeyState.ACTIVE, now))
        keys.append(_stored(signing_key, KeyUse.ACCESS_TOKENS, KeyState.RETIRED, now))
        for place, line in enumerate(lines):
            name, _, text = line.partition(":")
            state = KeyState.RETIRED if place else KeyState.ACTIVE
            keys.append(StoredKey(id=name, use=KeyUse.SECRETS, state=state, since=now, secret=text))
        if not lines:
            keys.append(_fresh(KeyUse.SECRETS, KeyState.ACTIVE, now))
        _write(folder, keys)


def _rotated(keys: list[StoredKey], use: KeyUse, now: datetime, *, at_once: bool) -> tuple[list[StoredKey], Rotated]:
    own = [key for key in keys if key.use is use]
    coming = next((key for key in own if key.state is KeyState.NEXT), None)
    if coming is None:
        coming = _fresh(use, KeyState.NEXT, now)
    elif not at_once and now - coming.since < KNOWN_EVERYWHERE_AFTER:
        left = (KNOWN_EVERYWHERE_AFTER - (now - coming.since)).total_seconds()
        message = f"the next key for {use.value} is not known everywhere before {left:.0f} s have passed"
        raise TooEarly(message)
    kept, pruned = [], []
    for key in own:
        if key.state is KeyState.RETIRED and use in KEPT_FOR and now - key.since > KEPT_FOR[use]:
            pruned.append(key.id)
        elif key.state is KeyState.ACTIVE:
            kept.append(replace(key, state=KeyState.RETIRED, since=now))
        elif key is not coming:
            kept.append(key)
    kept += [replace(coming, state=KeyState.ACTIVE, since=now), _fresh(use, KeyState.NEXT, now)]
    return [*(key for key in keys if key.use is not use), *kept], Rotated(use, coming.id, pruned)


def _fresh(use: KeyUse, state: KeyState, now: datetime) -> StoredKey:
    if use is not KeyUse.SECRETS:
        return _stored(generate_key(), use, state, now)
    text = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
    return StoredKey(id=secrets.token_hex(KEY_ID_BYTES), use=use, state=state, since=now, secret=text)


def _stored(key: SigningKey, use: KeyUse, state: KeyState, now: datetime) -> StoredKey:
    return StoredKey(id=key.key_id, use=use, state=state, since=now, secret=key.pem)


def _read(folder: Path) -> list[StoredKey]:
    return read_folder(folder) if (folder / INDEX).exists() else []


def _write(folder: Path, keys: Sequence[StoredKey]) -> None:
    """Write new secrets, then the index as a whole, then remove what it no longer names."""
    for key in keys:
        path = secret_file(folder, key.id)
        if not path.exists():
            _replace(path, key.secret)
    told = [
        {"id": key.id, "use": key.use.value, "state": key.state.value, "since": key.since.isoformat()} for key in keys
    ]
    _replace(folder / INDEX, json.dumps(told, indent=1))
    named = {secret_file(folder, key.id) for key in keys}
    for path in folder.glob("*.secret"):
        if path not in named:
            path.unlink()


def _replace(path: Path, text: str) -> None:
    """Write a file under another name, see that it is on the disk, and give it its name."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=OWNERS_FOLDER, parents=True, exist_ok=True)
    descriptor = os.open(folder / "keys.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
