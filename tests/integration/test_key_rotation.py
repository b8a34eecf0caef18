"""Keys are rotated and revoked under running processes: nobody restarts, and nobody is refused who should not be."""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from api.__main__ import main
from api.commands.demonstration import Demonstration
from tests.crashes.forked import Forked, started
from tests.database_session import Database
from tests.journeys.company import eventually
from tests.races.servers import free_ports

CLIENT = "enterprise.shaoxing"


@dataclass(frozen=True, slots=True)
class Twins:
    """Two processes of the API on one database and one folder of keys."""

    demonstration: Demonstration
    urls: tuple[str, str]
    processes: tuple[Forked, ...]

    def token(self, url: str) -> str:
        """Obtain a fresh token from one of them."""
        return self.demonstration.token(CLIENT, url)

    def statuses(self, token: str) -> list[int]:
        """Return what each says to a request with a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return [httpx.get(f"{url}/v1/pledges", headers=headers, trust_env=False).status_code for url in self.urls]

    def published(self) -> list[list[str]]:
        """Return the identifiers of the keys that each publishes."""
        answers = [httpx.get(f"{url}/.well-known/jwks.json", trust_env=False).json() for url in self.urls]
        return [[key["kid"] for key in answer["keys"]] for answer in answers]

    def command(self, *arguments: str) -> int:
        """Run a command on the keys."""
        return main([*arguments, "--data-dir", str(self.demonstration.folder)])


@pytest.fixture
def twins(database: Database, tmp_path: Path) -> Iterator[Twins]:
    """Start both."""
    demonstration = Demonstration(tmp_path)
    demonstration.make_keys()
    demonstration.register_clients(database.owner_url)
    ports = free_ports(2)
    environment = {
        **os.environ,
        "GREENLIEN_DEMO": "1",
        "DATABASE_URL": database.app_url,
        "GREENLIEN_RATE_LIMITS": "off",
        "GREENLIEN_ISSUER": "http://127.0.0.1",
        "GREENLIEN_KEY_STORE": str(demonstration.key_store),
    }
    processes = tuple(
        started(["serve", "--port", str(port), "--allow-bearer"], environment, tmp_path / f"{port}.log")
        for port in ports
    )
    first, second = (f"http://127.0.0.1:{port}" for port in ports)
    lent = Twins(demonstration, (first, second), processes)
    try:
        for url in lent.urls:
            eventually(partial(_serves, url), bool)
        yield lent
    finally:
        for process in processes:
            process.stop()


def _serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def signer(token: str) -> str:
    """Return the identifier of the key that signed a token."""
    head = token.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def test_tokens_of_before_and_after_a_rotation_are_taken_everywhere_and_those_of_a_revoked_key_nowhere(
    twins: Twins, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = twins.urls
    old = twins.token(here)
    assert twins.statuses(old) == [200, 200]
    assert twins.command("rotate-keys") == 2
    assert "not known everywhere" in capsys.readouterr().err

    assert twins.command("rotate-keys", "--at-once") == 0
    assert twins.statuses(old) == [200, 200]
    assert twins.statuses(twins.token(there)) == [200, 200]
    new = eventually(lambda: twins.token(there), lambda token: signer(token) != signer(old))
    assert twins.statuses(new) == [200, 200]
    assert twins.statuses(old) == [200, 200]
    assert all({signer(old), signer(new)} < set(published) for published in twins.published())

    assert twins.command("revoke-key", signer(old)) == 0
    eventually(lambda: twins.statuses(old), lambda statuses: statuses == [401, 401])
    assert twins.statuses(new) == [200, 200]
    assert all(signer(old) not in published for published in twins.published())
    assert twins.command("revoke-key", "nobody") == 2
