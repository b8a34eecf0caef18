"""Secrets at rest: sealed for one owner, opened by no other, under keys that can be exchanged."""

from pathlib import Path

import pytest

from domain.ports.secret_box import NoSecretBox, SecretsUnavailable
from integrations.identity.secret_box import AesSecretBox, load_secret_box, make_secret_key

OLD, NEW = bytes(32), b"k" * 32
OWNER = ("bank-a", "whkey_1", "shared")


def test_what_is_sealed_opens_for_its_owner_and_hides_what_it_is() -> None:
    box = AesSecretBox({"k1": OLD})
    sealed = box.seal(b"a secret", OWNER)
    assert box.open(sealed, OWNER) == b"a secret"
    assert sealed.startswith("k1.")
    assert sealed != box.seal(b"a secret", OWNER)
    assert "secret" not in sealed


@pytest.mark.parametrize(
    "other",
    [
        ("bank-b", "whkey_1", "shared"),
        ("bank-a", "whkey_2", "shared"),
        ("bank-a", "whkey_1", "seed"),
        ("bank-aw", "hkey_1", "shared"),
        ("bank-a", "whkey_1shared"),
        (),
    ],
)
def test_it_opens_for_nobody_else(other: tuple[str, ...]) -> None:
    box = AesSecretBox({"k1": OLD})
    with pytest.raises(SecretsUnavailable):
        box.open(box.seal(b"a secret", OWNER), other)


def test_no_character_of_it_can_be_another() -> None:
    box = AesSecretBox({"k1": OLD})
    sealed = box.seal(b"a secret", OWNER)
    for place, character in enumerate(sealed):
        if place >= len(sealed) - 2:
            continue  # the padding's neighbours may say the same bits in two ways
        changed = sealed[:place] + ("A" if character != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(SecretsUnavailable):
            box.open(changed, OWNER)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = AesSecretBox({"k1": OLD}).seal(b"a secret", OWNER)
    both = AesSecretBox({"k2": NEW, "k1": OLD})
    assert both.open(sealed, OWNER) == b"a secret"
    assert both.seal(b"a secret", OWNER).startswith("k2.")
    with pytest.raises(SecretsUnavailable):
        AesSecretBox({"k2": NEW}).open(sealed, OWNER)
    with pytest.raises(SecretsUnavailable):
        AesSecretBox({"k1": NEW}).open(sealed, OWNER)


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    make_secret_key(path)
    sealed = load_secret_box(path).seal(b"a secret", OWNER)
    assert load_secret_box(path).open(sealed, OWNER) == b"a secret"
    with pytest.raises(FileExistsError):
        make_secret_key(path)
    path.chmod(0o644)
    with pytest.raises(PermissionError):
        load_secret_box(path)


@pytest.mark.parametrize("keys", [{}, {"k1": b"short"}, {"K.1": OLD}, {"": OLD}])
def test_a_box_without_proper_keys_is_none(keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="keys of 32 bytes"):
        AesSecretBox(keys)


def test_a_house_without_keys_keeps_no_secrets() -> None:
    with pytest.raises(SecretsUnavailable):
        NoSecretBox().seal(b"a secret", OWNER)
    with pytest.raises(SecretsUnavailable):
        NoSecretBox().open("k1.x", OWNER)
