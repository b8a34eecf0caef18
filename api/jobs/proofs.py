"""Proofs of possession and callbacks that nobody would accept any more are forgotten."""

from api.house import House


async def prune_proofs(house: House) -> int:
    """Forget what has expired, and return how many proofs that were."""
    async with house.open(None) as uow:
        forgotten = await uow.proofs.prune(house.now())
        await uow.callbacks.prune(house.now())
        await uow.commit()
    return forgotten
