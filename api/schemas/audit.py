"""Bodies of the audit chains: checkpoints, and what asking for one answers."""

from typing import Literal

from api.schemas.wire import InstantReply, ReplyModel, WireModel


class CheckpointReply(ReplyModel):
    """A signed statement of how far a chain reaches and which hash its last entry has; keep it."""

    id: str
    chain: str
    sequence: int
    head: str
    tree_root: str
    issued_at: InstantReply
    jws: str


class CheckpointPage(ReplyModel):
    """A page of checkpoints."""

    items: list[CheckpointReply]
    next_cursor: str | None


class CheckpointRequest(WireModel):
    """Nothing: the caller's own chain is meant."""


class CheckpointRequestedReply(ReplyModel):
    """A checkpoint will be signed soon; read the list, or wait for the event `audit.checkpoint`."""

    status: Literal["requested"]
    chain: str
    sequence: int


class ExportReply(ReplyModel):
    """The first line of an export; entries follow a line each, and a last line with a signature of where it ends."""

    algorithm: Literal["sha256"]
    chain: str
    first: int
    format: str
    last: int
