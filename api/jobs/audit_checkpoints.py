"""Sign the audit chains' heads: grow the tree, sign with no transaction open, keep and tell the checkpoints.

Each step stands alone: leaves that are in the tree and not signed yet, because a worker died in between, are signed by
the next run, whichever head its chain has by then.
"""

import asyncio
from typing import Final

import structlog

from api.house import House
from domain.use_cases.checkpoint_audit import (
    KIND,
    checkpoint_statement,
    due_checkpoints,
    new_checkpoint,
    record_checkpoint,
)

LEAVES_AT_ONCE: Final = 20_000

log: Final = structlog.get_logger("greenlien.jobs")


async def checkpoint_audit(house: House) -> int:
    """Checkpoint every chain that went on since its last; returns how many."""
    grown = LEAVES_AT_ONCE
    while grown == LEAVES_AT_ONCE:
        async with house.open(None) as uow:
            grown = await uow.audit_chains.grow_tree(LEAVES_AT_ONCE, house.now())
            await uow.commit()
    async with house.open(None) as uow:
        heads, root = await due_checkpoints(uow)
    if root is None:
        return 0
    recorded = 0
    for head in heads:
        now = house.now()
        jws = await asyncio.to_thread(house.signer.sign, checkpoint_statement(head, root, now), KIND)
        async with house.open(None) as uow:
            recorded += await record_checkpoint(uow, new_checkpoint(head, root, jws, now))
            await uow.commit()
    log.info("audit_checkpointed", count=recorded)
    return recorded
