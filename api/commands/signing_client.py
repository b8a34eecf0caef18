"""A client of the API that proves everything: who it is, that it holds its key, and what it orders.

It is what `python -m api call` speaks with, and an example for a bank's own: three signatures of a few lines each. The
addresses that are signed are those under the issuer, which the server names itself; the address that is called may be
another one, behind a proxy.

Source: RFC 7523 (assertion), RFC 9449 (DPoP), RFC 7515 appendix F (detached signature).
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Final

import httpx

from api import wiring
from domain.ports.order_signatures import HEADER

METADATA: Final = "/.well-known/oauth-authorization-server"
TOKEN: Final = "/oauth/token"  # noqa: S105 - a path
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
COMMANDS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WITH_BODY: Final = COMMANDS - {"DELETE"}
RENEWED_AFTER_SECONDS: Final = 240.0


@dataclass(slots=True)
class SigningClient:
    """Speaks as one client; the token is fetched when it is needed, and again before it expires."""

    client_id: str
    key: "wiring.SigningKey"
    order_key: "wiring.SigningKey | None"
    http: httpx.Client
    _issuer: str = ""
    _token: str = ""
    _renew_at: float = field(default=0.0)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        order: bool = False,
        order_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """Send one request with its proofs and return the answer; `order` signs the body as an order.

        To repeat an order, bring its idempotency key and its `order_id`; without one it is a new order.

        Raises:
            ValueError: an order without an order key.
            httpx.HTTPStatusError: no token is to be had.
        """
        asked = self.http.build_request(method, path, content=body)
        token, target = self.token(), self.target(path)
        headers = {
            "Authorization": f"DPoP {token}",
            "DPoP": self.proof(method, target.partition("?")[0], token),
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        if method in COMMANDS:
            headers["Idempotency-Key"] = idempotency_key or secrets.token_hex(16)
        if order:
            if self.order_key is None:
                raise ValueError("an order needs the client's order key")
            headers[HEADER] = wiring.sign_order(
                self.order_key, body or b"", method=method, target=target, now=wiring.now(), order_id=order_id
            )
        asked.headers.update(headers)
        return self.http.send(asked)

    def target(self, path: str) -> str:
        """Return the address that is signed for a path with its query: the one under the issuer."""
        self.token()
        return self._issuer + self.http.build_request("GET", path).url.raw_path.decode("ascii")

    def token(self) -> str:
        """Return an access token that is bound to the client's key."""
        if time.monotonic() >= self._renew_at:
            self._issuer = str(self.http.get(METADATA).raise_for_status().json()["issuer"])
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": wiring.sign_client_assertion(self.key, self.client_id, self._issuer, wiring.now()),
            }
            proof = {"DPoP": self.proof("POST", self._issuer + TOKEN, None)}
            answer = self.http.post(TOKEN, data=form, headers=proof).raise_for_status()
            self._token = str(answer.json()["access_token"])
            self._renew_at = time.monotonic() + RENEWED_AFTER_SECONDS
        return self._token

    def proof(self, method: str, target: str, token: str | None) -> str:
        """Return a proof that whoever sends this request holds the key; it is good once, for a minute."""
        return wiring.sign_proof(self.key, method=method, target=target, now=wiring.now(), token=token)
