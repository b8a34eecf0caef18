"""Key stores and rotation: what signs, what verifies, what is forgotten, and that nobody has to restart for it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from domain.ports.key_store import KeysMissing, KeyState, KeyUse, StoredKey
from domain.ports.secret_box import SecretsUnavailable
from domain.ports.tokens import TokenRefused
from domain.values.actors import Actor, Role
from integrations.identity.key_rotation import KEPT_FOR, KNOWN_EVERYWHERE_AFTER, TooEarly, adopt, revoke, rotate
from integrations.identity.key_store import (
    INDEX,
    REREAD_SECONDS,
    FolderKeyStore,
    environment_key_store,
    files_key_store,
    read_folder,
)
from integrations.identity.keys import generate_key, save_key
from integrations.identity.rotating import RotatingSeal, RotatingSecretBox, RotatingTokens
from integrations.identity.seals import read_sealed
from integrations.identity.secret_box import make_secret_key
from tests.builders import NOW

TOKENS = (KeyUse.ACCESS_TOKENS,)
ISSUER = "https://lien.example"
ACTOR = Actor(client_id="bank-a.officer", tenant="bank-a", role=Role.BANK_OFFICER, uscc=None, division=None)
OWNER = ("bank-a", "pledge_1", "modify_code")
LATER = KNOWN_EVERYWHERE_AFTER


class Ticks:
    """A process's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder whose keys have been made."""
    keys = tmp_path / "keys"
    rotate(keys, KeyUse, NOW)
    return keys


def states(folder: Path, use: KeyUse) -> list[tuple[str, KeyState]]:
    """Return a use's keys as they stand in the folder."""
    return [(key.id, key.state) for key in read_folder(folder) if key.use is use]


def only(folder: Path, use: KeyUse, state: KeyState) -> str:
    """Return the one key that stands so."""
    [found] = [name for name, each in states(folder, use) if each is state]
    return found


@pytest.mark.parametrize("use", list(KeyUse))
def test_next_becomes_active_and_active_retires(folder: Path, use: KeyUse) -> None:
    active, coming = only(folder, use, KeyState.ACTIVE), only(folder, use, KeyState.NEXT)

    [done] = rotate(folder, [use], NOW + LATER)

    assert (done.active, done.pruned) == (coming, [])
    assert dict(states(folder, use))[active] is KeyState.RETIRED
    assert dict(states(folder, use))[coming] is KeyState.ACTIVE
    assert only(folder, use, KeyState.NEXT) not in {active, coming}


def test_a_next_key_that_is_not_known_everywhere_yet_does_not_sign(folder: Path) -> None:
    before = read_folder(folder)
    with pytest.raises(TooEarly, match="1 s"):
        rotate(folder, KeyUse, NOW + LATER - timedelta(seconds=1))
    assert read_folder(folder) == before

    rotate(folder, KeyUse, NOW + timedelta(seconds=1), at_once=True)
    assert read_folder(folder) != before


def test_a_retired_key_of_tokens_goes_when_its_last_token_has_run_out_and_keys_of_statements_stay_for_ever(
    folder: Path,
) -> None:
    first = {use: only(folder, use, KeyState.ACTIVE) for use in KeyUse}
    retired_at = NOW + LATER
    rotate(folder, KeyUse, retired_at)
    still, gone = (retired_at + KEPT_FOR[KeyUse.ACCESS_TOKENS] + timedelta(seconds=more) for more in (0, 1))

    assert all(not each.pruned for each in rotate(folder, KeyUse, still))
    [pruned, *others] = rotate(folder, KeyUse, gone, at_once=True)

    assert pruned.pruned == [first[KeyUse.ACCESS_TOKENS]]
    assert not (folder / f"{first[KeyUse.ACCESS_TOKENS]}.secret").exists()
    assert all(not each.pruned for each in others)
    assert first[KeyUse.STATEMENTS] in dict(states(folder, KeyUse.STATEMENTS))


def test_a_running_process_takes_a_rotation_up_by_itself_and_its_tokens_before_and_after_verify(folder: Path) -> None:
    ticks = Ticks()
    here, there = (RotatingTokens(FolderKeyStore(folder, ticks), issuer=ISSUER) for _ in range(2))
    before = here.issue_access_token(ACTOR, frozenset(), NOW).token
    published = here.public_keys()
    assert here.public_keys() is published

    rotate(folder, KeyUse, NOW + LATER)
    by_the_old = here.issue_access_token(ACTOR, frozenset(), NOW).token
    ticks.now += REREAD_SECONDS
    by_the_new = here.issue_access_token(ACTOR, frozenset(), NOW).token

    assert KNOWN_EVERYWHERE_AFTER.total_seconds() > REREAD_SECONDS
    assert {key["kid"] for key in published} < {key["kid"] for key in here.public_keys()}
    assert here.public_keys()[0]["kid"] == only(folder, KeyUse.ACCESS_TOKENS, KeyState.ACTIVE)
    for token in (before, by_the_old, by_the_new):
        assert there.verify_access_token(token, NOW).actor == ACTOR


def test_a_neighbour_that_has_not_looked_yet_verifies_what_the_new_key_signs(folder: Path) -> None:
    slow, quick = (RotatingTokens(FolderKeyStore(folder, Ticks()), issuer=ISSUER) for _ in range(2))
    rotate(folder, TOKENS, NOW + LATER)
    quick = RotatingTokens(FolderKeyStore(folder), issuer=ISSUER)

    token = quick.issue_access_token(ACTOR, frozenset(), NOW).token

    assert quick.public_keys()[0]["kid"] != slow.public_keys()[0]["kid"]
    assert slow.verify_access_token(token, NOW).actor == ACTOR


def test_what_a_revoked_key_signed_is_refused_and_another_key_signs(folder: Path) -> None:
    ticks = Ticks()
    tokens = RotatingTokens(FolderKeyStore(folder, ticks), issuer=ISSUER)
    stolen = only(folder, KeyUse.ACCESS_TOKENS, KeyState.ACTIVE)
    forged = tokens.issue_access_token(ACTOR, frozenset(), NOW).token

    revoke(folder, stolen, NOW)
    ticks.now += REREAD_SECONDS

    with pytest.raises(TokenRefused):
        tokens.verify_access_token(forged, NOW)
    assert stolen not in {key["kid"] for key in tokens.public_keys()}
    fresh = tokens.issue_access_token(ACTOR, frozenset(), NOW).token
    assert tokens.verify_access_token(fresh, NOW).actor == ACTOR


@pytest.mark.parametrize("state", [KeyState.NEXT, KeyState.RETIRED])
def test_revoking_a_key_that_does_not_sign_leaves_the_active_one(folder: Path, state: KeyState) -> None:
    rotate(folder, TOKENS, NOW + LATER)
    active = only(folder, KeyUse.ACCESS_TOKENS, KeyState.ACTIVE)
    revoke(folder, only(folder, KeyUse.ACCESS_TOKENS, state), NOW)
    assert only(folder, KeyUse.ACCESS_TOKENS, KeyState.ACTIVE) == active
    assert only(folder, KeyUse.ACCESS_TOKENS, KeyState.NEXT) != active


def test_a_key_that_nobody_has_cannot_be_revoked(folder: Path) -> None:
    with pytest.raises(KeysMissing, match="no key"):
        revoke(folder, "nobody", NOW)


def test_an_old_certificate_verifies_after_the_key_of_statements_was_rotated_often(folder: Path) -> None:
    certificate = RotatingSeal(FolderKeyStore(folder)).sign({"number": "1"})
    for turn in range(1, 4):
        rotate(folder, KeyUse, NOW + 400 * turn * LATER)

    published = RotatingTokens(FolderKeyStore(folder), issuer=ISSUER).public_keys()

    assert read_sealed(certificate, published) == {"number": "1"}


def test_a_key_of_statements_signs_no_token(folder: Path) -> None:
    tokens = RotatingTokens(FolderKeyStore(folder), issuer=ISSUER)
    [statement] = [key for key in read_folder(folder) if (key.use, key.state) == (KeyUse.STATEMENTS, KeyState.ACTIVE)]
    others = folder.parent / "others"
    rotate(others, KeyUse, NOW)
    forger = _token_signed_by(statement)

    assert statement.id in {key["kid"] for key in tokens.public_keys()}
    with pytest.raises(TokenRefused):
        tokens.verify_access_token(forger, NOW)


def _token_signed_by(key: StoredKey) -> str:
    own = json.dumps(
        [
            {"use": use.value, "state": "active", "since": NOW.isoformat(), "secret": key.secret}
            for use in (KeyUse.ACCESS_TOKENS, KeyUse.STATEMENTS)
        ]
    )
    return RotatingTokens(environment_key_store(own), issuer=ISSUER).issue_access_token(ACTOR, frozenset(), NOW).token


def test_what_was_sealed_before_a_rotation_opens_after_it_and_not_after_a_revocation(folder: Path) -> None:
    ticks = Ticks()
    box = RotatingSecretBox(FolderKeyStore(folder, ticks))
    old = only(folder, KeyUse.SECRETS, KeyState.ACTIVE)
    sealed = box.seal(b"secret", OWNER)

    rotate(folder, [KeyUse.SECRETS], NOW + LATER)
    ticks.now += REREAD_SECONDS
    assert box.open(sealed, OWNER) == b"secret"
    assert not box.seal(b"secret", OWNER).startswith(f"{old}.")

    revoke(folder, old, NOW)
    ticks.now += REREAD_SECONDS
    with pytest.raises(SecretsUnavailable):
        box.open(sealed, OWNER)


def test_a_house_with_two_files_goes_over_to_a_folder_and_everything_old_still_verifies(tmp_path: Path) -> None:
    key, sealing, folder = generate_key(), tmp_path / "secrets.key", tmp_path / "keys"
    save_key(key, tmp_path / "server.pem")
    make_secret_key(sealing)
    before = files_key_store(tmp_path / "server.pem", sealing)
    token = RotatingTokens(before, issuer=ISSUER).issue_access_token(ACTOR, frozenset(), NOW).token
    certificate, sealed = RotatingSeal(before).sign({"n": "1"}), RotatingSecretBox(before).seal(b"x", OWNER)

    adopt(folder, key, sealing, NOW)
    adopt(folder, generate_key(), None, NOW)
    after = FolderKeyStore(folder)

    tokens = RotatingTokens(after, issuer=ISSUER)
    assert tokens.verify_access_token(token, NOW).actor == ACTOR
    assert tokens.public_keys()[0]["kid"] != key.key_id
    assert len({each["kid"] for each in tokens.public_keys()}) == len(tokens.public_keys())
    assert read_sealed(certificate, tokens.public_keys()) == {"n": "1"}
    assert RotatingSecretBox(after).open(sealed, OWNER) == b"x"
    revoke(folder, key.key_id, NOW)
    assert KeyState.REVOKED in dict(states(folder, KeyUse.STATEMENTS)).values()


def test_a_folder_without_keys_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="rotate-keys"):
        FolderKeyStore(tmp_path)


@pytest.mark.parametrize("name", [INDEX, "*.secret"])
def test_a_file_that_others_may_read_is_not_read(folder: Path, name: str) -> None:
    next(folder.glob(name)).chmod(0o640)
    with pytest.raises(PermissionError):
        FolderKeyStore(folder)


@pytest.mark.parametrize("told", ["", "[{}]", '[{"use": "access_tokens"}]', "7", '{"canary": 1}'])
def test_keys_that_cannot_be_read_are_never_repeated(told: str) -> None:
    with pytest.raises(KeysMissing) as stopped:
        environment_key_store(told)
    assert "canary" not in str(stopped.value)
    assert stopped.value.__suppress_context__


def test_a_key_never_shows_itself(folder: Path) -> None:
    keys: Sequence[StoredKey] = read_folder(folder)
    assert not any(key.secret in repr(keys) for key in keys)
