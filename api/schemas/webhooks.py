"""Bodies of webhooks (contract section 7)."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.wire import Choice, InstantReply, Items, ReplyModel, Spelled, WireModel, text_string
from domain.ports.webhooks import OVERLAP_HOURS_MIN, DeliveryState, DisabledReason, WebhookState
from domain.use_cases.keep_webhooks import parse_secret

SECRET_PATTERN: Final = r"^whsec_[0-9A-Za-z+/]{32,86}={0,2}$"  # noqa: S105 - how a secret is written
URL_LENGTH_MAX: Final = 2048
OVERLAP_HOURS_MAX: Final = 720
EventType = Annotated[str, Field(pattern=r"^(\*|[a-z_]{1,40}\.(\*|[a-z_]{1,60}))$", examples=["pledge.active"])]
"""A type, a family of types such as `pledge.*`, or `*` for all."""
EventTypes = Annotated[Items[EventType], Field(min_length=1, max_length=100)]
Url = Annotated[str, text_string(URL_LENGTH_MAX)]
Description = Annotated[str, text_string(200)]
Secret = Annotated[
    bytes,
    Spelled(
        parse_secret,
        {"pattern": SECRET_PATTERN, "description": "`whsec_` and base64 of 24 to 64 bytes.", "writeOnly": True},
        repr,
    ),
]
"""The shared secret that a client chooses; it is read and never printed."""


class WebhookRequest(WireModel):
    """An endpoint; the secret is drawn by us where none is given."""

    url: Url
    event_types: EventTypes
    description: Description | None = None
    secret: Secret | None = None


class WebhookChangeRequest(WireModel):
    """What is to be another; an endpoint that is enabled again goes on where it stopped."""

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Description | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            kind, message = "nothing_to_change", "name what is to be changed"
            raise PydanticCustomError(kind, message)
        return self


class SecretRotationRequest(WireModel):
    """A new pair of keys; the former one signs beside it for so many hours more."""

    secret: Secret | None = None
    overlap_hours: Annotated[int, Field(ge=OVERLAP_HOURS_MIN, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS_MIN


class WebhookKeyReply(ReplyModel):
    """A live pair of keys by its public part: the key with which `v1a` signatures are checked."""

    public_key: str
    created_at: InstantReply
    expires_at: InstantReply | None


class WebhookReply(ReplyModel):
    """An endpoint and its live keys, the newest first; no attempt is made before `paused_until`."""

    id: str
    url: str
    event_types: list[str]
    description: str | None
    status: Choice[WebhookState]
    disabled_reason: Choice[DisabledReason] | None
    failing_since: InstantReply | None
    paused_until: InstantReply | None
    keys: list[WebhookKeyReply]
    created_by: str
    created_at: InstantReply
    updated_at: InstantReply
    version: int


class WebhookWithSecretReply(WebhookReply):
    """An endpoint with its new shared secret, which is told this once."""

    secret: str


class WebhookPage(ReplyModel):
    """A page of endpoints, oldest first."""

    items: list[WebhookReply]
    next_cursor: str | None


class DeliveryEventReply(ReplyModel):
    """The event that a delivery is of; its id is the message's."""

    id: str
    type: str
    subject: str


class DeliveryReply(ReplyModel):
    """What became of one event for one endpoint."""

    id: str
    webhook_id: str
    event: DeliveryEventReply
    status: Choice[DeliveryState]
    attempts: int
    replays: int
    next_attempt_at: InstantReply | None
    last_attempt_at: InstantReply | None
    response_status: int | None
    error: str | None
    delivered_at: InstantReply | None
    created_at: InstantReply


class DeliveryPage(ReplyModel):
    """A page of deliveries, the newest event first."""

    items: list[DeliveryReply]
    next_cursor: str | None
