"""Signing keys: made, kept where only their owner reads them, and named by what they are."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey

from integrations.identity.keys import generate_key, load_key, read_key, save_key


def test_a_key_survives_its_file_which_only_its_owner_may_read(tmp_path: Path) -> None:
    key, path = generate_key(), tmp_path / "key.pem"

    save_key(key, path)

    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_key(generate_key(), path)

    with pytest.raises(FileExistsError):
        save_key(generate_key(), path)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_key(generate_key(), path)
    path.chmod(0o640)

    with pytest.raises(PermissionError):
        load_key(path)


def test_a_key_is_named_by_its_thumbprint_as_another_library_computes_it() -> None:
    key = generate_key()

    assert key.key_id == ECKey.import_key(key.pem).thumbprint()
    assert key.public_jwk["kid"] == key.key_id


def test_a_key_shows_neither_in_its_print_nor_in_its_public_form() -> None:
    key = generate_key()

    assert "PRIVATE" not in repr(key)
    assert "d" not in key.public_jwk


@pytest.mark.parametrize("other", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())])
def test_another_kind_of_key_is_refused(other: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(ValueError, match="P-256"):
        read_key(pem.decode())
