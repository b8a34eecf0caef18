"""Checkpoints of the audit chains: what is signed of a chain, when, and how its parties come to keep it.

A chain that only we keep proves nothing against us. A checkpoint says, under our signature, which hash the leaf with a
number has; whoever keeps it can show years later that the trail he is given is the one that he was told of. So each is
also an event of the chain's tenant, which its own systems read and store without anybody asking for it.

The subtle thing is `tree_root`: it is the root over all tenants' leaves and the same in every checkpoint of one moment,
so two banks that compare theirs learn whether both were told of one history, and nothing of each other. It is told only
with a chain that went on, when it must have changed; told at any time, it would show whether others are busy.

Source: RFC 6962 section 3.5 (signed tree heads); contract section 2 (the auditor reads its tenant's audit).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.ports.audit_chain import ChainHead, Checkpoint
from domain.ports.unit_of_work import UnitOfWork
from domain.values.identifiers import new_id
from domain.values.time import rfc3339

TASK: Final = "checkpoint_audit"
JOB_SUBJECT: Final = "audit:checkpoints"
EVENT: Final = "audit.checkpoint"
KIND: Final = "greenlien-checkpoint+jws"
"""The type in a checkpoint's header: it can pass for nothing else that is signed here."""


def checkpoint_statement(head: ChainHead, tree_root: bytes | None, now: datetime) -> Mapping[str, object]:
    """Return what is signed of a chain's head; without a root where it is only the end of an export."""
    return {
        "algorithm": "sha256",
        "chain": head.chain,
        "head": head.head.hex(),
        "issued_at": rfc3339(now),
        "sequence": head.sequence,
        "tree_root": None if tree_root is None else tree_root.hex(),
    }


async def request_checkpoints(uow: UnitOfWork) -> None:
    """Let a job sign the chains' heads soon; send it last of a transaction."""
    await uow.jobs.enqueue_once(TASK, JOB_SUBJECT)


async def due_checkpoints(uow: UnitOfWork) -> tuple[Sequence[ChainHead], bytes | None]:
    """Return the heads that want a signature, and the tree's root, which covers them; reads only."""
    return await uow.audit_chains.unsigned_heads(), await uow.audit_chains.tree_root()


async def record_checkpoint(uow: UnitOfWork, checkpoint: Checkpoint) -> bool:
    """Keep a checkpoint and tell its tenant; false where one of this number is kept already."""
    if not await uow.audit_chains.add_checkpoint(checkpoint):
        return False
    data = {"sequence": checkpoint.sequence, "head": checkpoint.head.hex(), "jws": checkpoint.jws}
    await uow.outbox.publish(EVENT, checkpoint.id, data, (checkpoint.chain,), checkpoint.issued_at)
    return True


def new_checkpoint(head: ChainHead, tree_root: bytes, jws: str, now: datetime) -> Checkpoint:
    """Return a checkpoint as signed."""
    return Checkpoint(
        id=new_id("checkpoint"),
        chain=head.chain,
        sequence=head.sequence,
        head=head.head,
        tree_root=tree_root,
        issued_at=now,
        jws=jws,
    )
