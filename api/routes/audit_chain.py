"""Routes of the audit chains: checkpoints to keep, and the export that they are held against.

A caller's chain is its tenant's. What a tenant was party to before it was one stands in the chain of its USCC, and
`chain` names that one.

The subtle thing is that an export is long: it is read in pieces, each in a transaction of its own, and sent as it is
read. Nothing can change between the pieces, because nothing in a chain ever does.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream

from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented, offering
from api.house import EdgeUnitOfWork, House, house_of
from api.idempotency import Answer, command, replied
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer
from api.permissions import needs
from api.schemas.audit import CheckpointPage, CheckpointRequest, CheckpointRequestedReply, ExportReply
from api.schemas.queries import asked
from domain.errors import InvalidValue
from domain.ports.audit_chain import Checkpoint
from domain.rights.authorizations import NotFound
from domain.use_cases.checkpoint_audit import KIND, checkpoint_statement, request_checkpoints
from domain.use_cases.export_audit import Export, closing_line, entry_line, opening_line, prepare_export
from domain.values.actors import Actor
from domain.values.time import rfc3339

JSON_LINES: Final = "application/jsonl"
LEAVES_AT_ONCE: Final = 1000
NUMBER_DIGITS_MAX: Final = 15

FirstText = Annotated[str | None, QueryParameter(name="from")]
"""`from` is a word of the language."""


@post("/v1/audit/checkpoints", opt=needs("audit:checkpoint"), **documented(CheckpointRequestedReply, 202, PROBLEMS))
async def post_checkpoint(request: EdgeRequest, data: JSONBody[CheckpointRequest]) -> Response[bytes]:  # noqa: ARG001 - the body is empty, and is read to say so
    """Have the chain's head signed now instead of within the hour."""
    chain = request.caller.actor.tenant

    async def act(uow: EdgeUnitOfWork) -> Answer:
        head = await uow.audit_chains.head_of(chain)
        await request_checkpoints(uow)
        return Answer(202, {"status": "requested", "chain": chain, "sequence": head.sequence})

    return await command(request, act)


@get(
    "/v1/audit/checkpoints",
    opt=needs("audit:read", body="none"),
    **documented(CheckpointPage, 200, (400, 401, 403, 404, 422, 503)),
)
async def list_checkpoints(
    request: EdgeRequest, chain: Text = None, limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """Read the chain's checkpoints, oldest first; keep them where we cannot reach."""
    of = _own(request.caller.actor, chain)
    async with house_of(request).open(request.caller.actor) as uow:
        kept = await uow.audit_chains.checkpoints(of, cursor_of(cursor), limit + 1)
    return replied(page_answer([_answer(each) for each in kept], limit))


@get(
    "/v1/audit/export",
    opt=needs("audit:read", body="none"),
    operation_class=offering(JSON_LINES),
    **documented(ExportReply, 200, (400, 401, 403, 404, 422, 503)),
)
async def export_audit(
    request: EdgeRequest, chain: Text = None, first: FirstText = None, to: Text = None
) -> Response[bytes] | Stream:
    """Export the chain, or a part of it, for `verify-audit`: JSON lines with the exact bytes that were hashed."""
    house, actor = house_of(request), request.caller.actor
    of = _own(actor, chain)
    wanted = (asked("from", first, _number) or 1, asked("to", to, _number))
    async with house.open(actor) as uow:
        export = await prepare_export(uow, of, *wanted)
    return Stream(_lines(house, actor, export), media_type=JSON_LINES)


async def _lines(house: House, actor: Actor, export: Export) -> AsyncIterator[bytes]:
    yield opening_line(export)
    reached = export.first - 1
    while reached < export.end.sequence:
        async with house.open(actor) as uow:
            at_most = min(LEAVES_AT_ONCE, export.end.sequence - reached)
            leaves = await uow.audit_chains.leaves(export.end.chain, reached, at_most)
        if not leaves:  # never while chains have no gaps; the missing closing line says that something is wrong
            return
        reached = leaves[-1].sequence
        yield b"".join(map(entry_line, leaves))
    yield closing_line(house.signer.sign(checkpoint_statement(export.end, None, house.now()), KIND))


def _own(actor: Actor, chain: str | None) -> str:
    """Return the chain that is asked for; raises NotFound for one that is not the caller's, existing or not."""
    if chain is None:
        return actor.tenant
    if chain not in actor.parties:
        raise NotFound("audit_chain")
    return chain


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX and text[0] != "0":
        return int(text)
    raise InvalidValue(what="number", value=text, reason_zh="应为从1起的整数。", reason_en="a whole number from 1")


def _answer(checkpoint: Checkpoint) -> dict[str, object]:
    return {
        "id": checkpoint.id,
        "chain": checkpoint.chain,
        "sequence": checkpoint.sequence,
        "head": checkpoint.head.hex(),
        "tree_root": checkpoint.tree_root.hex(),
        "issued_at": rfc3339(checkpoint.issued_at),
        "jws": checkpoint.jws,
    }
