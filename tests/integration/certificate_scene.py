"""What the stories of searches, documents and certificates share: raw answers, uploads, and the worker's seal."""

import asyncio
import secrets
from typing import Any

import httpx

from api.jobs.certificates import seal
from tests.integration.business import Business

BOUNDARY = "scene0boundary"


def ask(
    business: Business,
    client: str | None,
    method: str,
    path: str,
    **sent: Any,  # noqa: ANN401 - whatever httpx takes
) -> httpx.Response:
    """Send a request as a client, or as nobody, and return the whole answer."""
    headers = {"Idempotency-Key": secrets.token_hex(16), **sent.pop("headers", {})}
    if client is not None:
        headers["Authorization"] = business.authorization(client)
    return business._http.request(method, business.base_url + path, headers=headers, **sent)


def upload(business: Business, client: str, pledge: str, content: bytes, **fields: str) -> httpx.Response:
    """Upload a document to a pledge."""
    told = {"kind": "loan_contract", "title": "借款合同", "name": "合同.pdf", **fields}
    name = told.pop("name")
    return ask(business, client, "POST", f"/v1/pledges/{pledge}/documents", data=told, files={"file": (name, content)})


def sealed(business: Business) -> list[str]:
    """Seal every certificate that waits for it, as the worker does, and return their numbers."""
    numbers = [number for (number,) in business.sql("select number from certificates where sealed_at is null")]

    async def work() -> None:
        async with business.worker_house() as house:
            for number in numbers:
                await seal(house, number)

    asyncio.run(work())
    return numbers


def a_pledged_right(business: Business, quantity: str = "10") -> tuple[str, str]:
    """Return a fresh right and an active pledge of it to the first bank."""
    right = business.verified()
    return right, business.active({right: quantity}, [business.loan()])
