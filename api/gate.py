"""The gate: what the database says of a client at the door, in a short transaction of its own.

It is not the request's transaction, on purpose: a proof is used up whatever becomes of the request, and what is read
there is read before a body is. That costs one more transaction for a request with a proof, whose commit does not wait
for the disk.
"""

from collections.abc import Callable

from api.house import House
from domain.ports.identity import Standing
from domain.ports.tokens import ProofOfPossession


class HouseGate:
    """Asks the house's database; the house is asked for anew, since it opens after the application is made."""

    __slots__ = ("_house",)

    def __init__(self, house: Callable[[], House]) -> None:
        """Take where the house is to be had."""
        self._house = house

    async def standing(self, client_id: str) -> Standing:
        """Return what tells against a client."""
        async with self._house().open(None) as uow:
            return await uow.clients.standing(client_id)

    async def admit(self, client_id: str, proof: ProofOfPossession) -> Standing | None:
        """Use a proof up and return what tells against its client; none where the proof was used before."""
        async with self._house().open(None) as uow:
            standing = await uow.clients.standing(client_id)
            fresh = await uow.proofs.consume(proof.thumbprint, proof.proof_id, proof.expires_at, alone=True)
            await uow.commit()
        return standing if fresh else None
