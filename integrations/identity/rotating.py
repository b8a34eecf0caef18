"""Tokens, seals and the box for secrets by the keys of a store: each is made anew where its keys have changed.

The subtle thing is what the published set holds: the keys of access tokens and those of statements, for one address
serves everybody. Yet a token verifies only by a key of tokens, whatever else is published.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.ports.key_store import KeyStore, KeyUse, StoredKey
from domain.ports.secret_box import Owner
from domain.ports.tokens import (
    AccessClaims,
    ClientAssertion,
    Confirmation,
    IssuedToken,
    KeysOfClient,
    ProofOfPossession,
    PublicKey,
)
from domain.values.actors import Actor
from integrations.identity.keys import read_key
from integrations.identity.seals import KIND, HouseSeal
from integrations.identity.secret_box import AesSecretBox
from integrations.identity.tokens import JoseTokens

UNREAD: Final[Sequence[StoredKey]] = ()


class RotatingTokens:
    """Signs and verifies tokens by the store's keys as they stand."""

    def __init__(self, store: KeyStore, *, issuer: str) -> None:
        """Take the store; raises KeysMissing where it has no active key."""
        self._store = store
        self._issuer = issuer
        self._read = (UNREAD, UNREAD)
        self._public: tuple[PublicKey, ...] = ()
        self._tokens = self._current()

    def public_keys(self) -> tuple[PublicKey, ...]:
        """Return the keys to publish, the one that signs tokens first; the same object until a key has changed."""
        self._current()
        return self._public

    def claimed_client(self, assertion: str) -> str:
        """Return the client id that an assertion claims, unverified."""
        return self._current().claimed_client(assertion)

    def verify_client_assertion(
        self, assertion: str, keys_of_client: KeysOfClient, issuer: str, now: datetime
    ) -> ClientAssertion:
        """Verify an assertion for `issuer` at `now`."""
        return self._current().verify_client_assertion(assertion, keys_of_client, issuer, now)

    def verify_proof(
        self, proof: str, *, method: str, target: str, now: datetime, token: str | None
    ) -> ProofOfPossession:
        """Verify a DPoP proof."""
        return self._current().verify_proof(proof, method=method, target=target, now=now, token=token)

    def issue_access_token(
        self,
        actor: Actor,
        scopes: frozenset[str],
        now: datetime,
        *,
        confirmation: Confirmation | None = None,
        obtained_by: str | None = None,
    ) -> IssuedToken:
        """Sign an access token by the active key."""
        return self._current().issue_access_token(
            actor, scopes, now, confirmation=confirmation, obtained_by=obtained_by
        )

    def verify_access_token(self, token: str, now: datetime) -> AccessClaims:
        """Verify an access token by any key that is not revoked."""
        return self._current().verify_access_token(token, now)

    def _current(self) -> JoseTokens:
        keys = (self._store.keys(KeyUse.ACCESS_TOKENS), self._store.keys(KeyUse.STATEMENTS))
        if keys[0] is not self._read[0] or keys[1] is not self._read[1]:
            active, *others = (read_key(key.secret) for key in keys[0])
            published = [key.public_jwk for key in others]
            tokens = JoseTokens(issuer=self._issuer, audience=self._issuer, signing_key=active, retired=published)
            known = {key.id for key in keys[0]}
            statements = [read_key(key.secret).public_jwk for key in keys[1] if key.id not in known]
            self._tokens, self._public, self._read = tokens, (*tokens.public_keys(), *statements), keys
        return self._tokens


class RotatingSeal:
    """Signs statements by the store's active key."""

    def __init__(self, store: KeyStore) -> None:
        """Take the store; raises KeysMissing where it has no active key."""
        self._store = store
        self._read = UNREAD
        self._seal = self._current()

    def sign(self, statement: Mapping[str, object], kind: str = KIND) -> str:
        """Return a compact JWS of a kind over the statement's canonical JSON."""
        return self._current().sign(statement, kind)

    def _current(self) -> HouseSeal:
        keys = self._store.keys(KeyUse.STATEMENTS)
        if keys is not self._read:
            self._seal, self._read = HouseSeal(read_key(keys[0].secret)), keys
        return self._seal


class RotatingSecretBox:
    """Seals by the store's active key and opens by all that are not revoked."""

    def __init__(self, store: KeyStore) -> None:
        """Take the store; raises KeysMissing where it has no active key."""
        self._store = store
        self._read = UNREAD
        self._box = self._current()

    def seal(self, secret: bytes, owner: Owner) -> str:
        """Return the secret sealed for its owner."""
        return self._current().seal(secret, owner)

    def open(self, sealed: str, owner: Owner) -> bytes:
        """Return what was sealed for this owner; raises SecretsUnavailable."""
        return self._current().open(sealed, owner)

    def _current(self) -> AesSecretBox:
        keys = self._store.keys(KeyUse.SECRETS)
        if keys is not self._read:
            self._box = AesSecretBox({key.id: base64.b64decode(key.secret, validate=True) for key in keys})
            self._read = keys
        return self._box
