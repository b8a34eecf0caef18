"""After a database was restored: nothing is sent, and what must be found in order before anything is sent again.

Three things, each of which may be repeated. The audit chains are verified against the checkpoints that we have and that
banks kept. The registries are asked about every order that is not settled, and their answers are entered; nothing is
ordered. Then every registry is reconciled with, and each difference must have been taken up by a person.

The subtle thing is an order that we have as `recorded`. That means that nothing was sent, which was true yesterday.

Source: issue 5 (a restored database sends nothing until the chain is verified and it has reconciled).
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from api.house import House
from api.jobs.notices import carry_out_notice
from api.jobs.reconciliation import reconcile_registry
from api.jobs.registry_orders import carry_out_order
from api.verify_audit import Kept, Tampered, read_kept, read_keys, verify
from domain.ports.reconciliations import RunStatus
from domain.rights.reconciliation import CaseState
from domain.use_cases.carry_out_notice import next_notice_step
from domain.use_cases.carry_out_order import next_step
from domain.use_cases.checkpoint_audit import KIND, checkpoint_statement
from domain.use_cases.export_audit import closing_line, entry_line, opening_line, prepare_export
from domain.use_cases.recall_orders import recall_notice, recall_order
from domain.use_cases.reconcile_registry import request_run
from domain.values.actors import WORKER
from domain.values.time import business_date

LEAVES_AT_ONCE: Final = 1000
CHECKPOINTS_AT_ONCE: Final = 200
CASES_SHOWN: Final = 200

log: Final = structlog.get_logger("greenlien.jobs")


class SendingBarred(RuntimeError):
    """Put a job off: the database was restored, and nothing leaves it."""


async def may_send(house: House) -> None:
    """Return where something may be sent to a counterpart; raises SendingBarred, and the job comes again."""
    reason = await house.sending_barred()
    if reason is not None:
        log.warning("sending_barred", reason=reason)
        raise SendingBarred(reason)


@dataclass(frozen=True, slots=True)
class VerifiedChain:
    """A chain that is sound up to `entries`; `lost` more are known only from a checkpoint that somebody kept."""

    chain: str
    entries: int
    checkpoints: int
    lost: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the registries said: orders that they had settled meanwhile, rights compared, and cases nobody has taken."""

    settled: int
    rights: int
    differences: int
    failed: Sequence[str]
    open_cases: Sequence[str]


def kept_heads(files: Sequence[bytes], jwks: bytes) -> Mapping[str, Mapping[int, bytes]]:
    """Return by chain what kept checkpoints say; raises Tampered where two of them contradict each other."""
    heads: dict[str, dict[int, bytes]] = {}
    for file in files:
        kept = read_kept(file, jwks)
        if kept.chain is not None:
            _add(heads.setdefault(kept.chain, {}), kept.heads)
    return heads


async def verify_chain(house: House, chain: str, kept: Mapping[int, bytes], jwks: bytes) -> VerifiedChain:
    """Verify a chain as a bank would, against our checkpoints and those that were kept; raises Tampered."""
    heads = dict(kept)
    _add(heads, await _own_heads(house, chain, jwks))
    async with house.open(None) as uow:
        export = await prepare_export(uow, chain, 1, None)
    newest, end = max(heads, default=0), export.end.sequence
    _add(heads, {end: export.end.head.hex().encode("ascii")})
    with tempfile.TemporaryFile() as file:
        file.write(opening_line(export))
        reached = 0
        while reached < end:
            async with house.open(None) as uow:
                leaves = await uow.audit_chains.leaves(chain, reached, min(LEAVES_AT_ONCE, end - reached))
            if not leaves:
                break
            reached = leaves[-1].sequence
            file.writelines(map(entry_line, leaves))
        file.write(closing_line(house.signer.sign(checkpoint_statement(export.end, None, house.now()), KIND)))
        file.seek(0)
        found = verify(file, Kept(read_keys(jwks), chain, heads), last=end)
    return VerifiedChain(chain, found.last, found.checkpoints, max(newest - end, 0))


async def reconcile_all(house: House, orders: Sequence[str], notices: Sequence[str]) -> Reconciled:
    """Ask about open orders, then compare every right; raises RegistryUnavailable where a registry does not answer."""
    settled = await _ask_registries(house, orders) + await _ask_notice_registry(house, notices)
    rights = differences = 0
    failed: list[str] = []
    async with house.open(None) as uow:
        names = await uow.reconciliations.registries()
        runs = [await request_run(uow, WORKER, name, business_date(house.now()), house.now()) for name in names]
        await uow.commit()
    for run in runs:
        await reconcile_registry(house, run.id)
        async with house.open(None) as uow:
            done = await uow.reconciliations.find_run(run.id)
        if done is None or done.status is not RunStatus.DONE:
            failed.append(run.registry)
        else:
            rights, differences = rights + done.rights, differences + done.differences
    async with house.open(None) as uow:
        cases = await uow.reconciliations.page(CaseState.OPEN, None, CASES_SHOWN)
    return Reconciled(settled, rights, differences, failed, [case.id for case in cases])


async def _ask_registries(house: House, order_ids: Sequence[str]) -> int:
    """Enter what the registries say of orders; nothing is ordered. Returns how many they knew."""
    known = 0
    for order_id in order_ids:
        async with house.open(None) as uow:
            message = (await next_step(uow, order_id)).message
        if message is None or await house.registry.query_order(message.registry, order_id) is None:
            continue
        async with house.open(None) as uow:
            recalled = await recall_order(uow, order_id, house.now())
            await uow.commit()
        if recalled:
            await carry_out_order(house, order_id)
            known += 1
    return known


async def _ask_notice_registry(house: House, order_ids: Sequence[str]) -> int:
    known = 0
    for order_id in order_ids:
        async with house.open(None) as uow:
            message = (await next_notice_step(uow, order_id)).message
        if message is None or await house.notice_registry.query_order(order_id) is None:
            continue
        async with house.open(None) as uow:
            await recall_notice(uow, order_id, house.now())
            await uow.commit()
        await carry_out_notice(house, order_id)
        known += 1
    return known


async def _own_heads(house: House, chain: str, jwks: bytes) -> Mapping[int, bytes]:
    heads: dict[int, bytes] = {}
    after = None
    while True:
        async with house.open(None) as uow:
            page = await uow.audit_chains.checkpoints(chain, after, CHECKPOINTS_AT_ONCE)
        if not page:
            return heads
        after = page[-1].id
        _add(heads, read_kept("\n".join(each.jws for each in page).encode("ascii"), jwks).heads)


def _add(heads: dict[int, bytes], more: Mapping[int, bytes]) -> None:
    for sequence, head in more.items():
        if heads.setdefault(sequence, head) != head:
            zh, en = f"第{sequence}条的检查点互相矛盾", f"checkpoints of entry {sequence} contradict each other"
            raise Tampered(0, zh, en)
