"""Routes of the human queue: what a registry leaves to people, worked by operations and by the pledge's bank."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.answers.exceptions import exception_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.schemas.exceptions import ExceptionPage, ExceptionReply, NoteRequest, OwnerRequest
from api.schemas.pledges import Empty
from api.schemas.queries import asked
from domain.pledges.alarms import Alarm, AlarmState
from domain.rights.authorizations import NotFound
from domain.use_cases.work_alarms import annotate_alarm, confirm_alarm, resolve_alarm, take_alarm

ONE: Final = "/v1/exceptions/{exception_id:str}"
DONE: dict[str, Any] = documented(ExceptionReply, 200, PROBLEMS)
StateText = Annotated[str | None, QueryParameter(name="state")]
"""The framework keeps the name `state` for its own."""


async def _run(request: EdgeRequest, act: Callable[[EdgeUnitOfWork], Awaitable[Alarm]]) -> Response[bytes]:
    async def answer(uow: EdgeUnitOfWork) -> Answer:
        alarm = await act(uow)
        return Answer(200, exception_answer(alarm), versioned(alarm.version))

    return await command(request, answer)


@get("/v1/exceptions", opt=needs("exception:read", body="none"), **documented(ExceptionPage, 200, PROBLEMS))
async def list_exceptions(
    request: EdgeRequest, standing: StateText = None, limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List the exceptions that concern the caller, the oldest first."""
    wanted = asked("state", standing, word_of(AlarmState))
    async with house_of(request).open(request.caller.actor) as uow:
        alarms = await uow.alarms.page(wanted, cursor_of(cursor), limit + 1)
    return replied(page_answer([exception_answer(alarm) for alarm in alarms], limit))


@get(ONE, opt=needs("exception:read", body="none"), **DONE)
async def get_exception(request: EdgeRequest, exception_id: FromPath[str]) -> Response[bytes]:
    """Read an exception."""
    async with house_of(request).open(request.caller.actor) as uow:
        alarm = await uow.alarms.find(known_id(exception_id, "exception"))
    if alarm is None:
        raise NotFound("exception")
    return replied(Answer(200, exception_answer(alarm), versioned(alarm.version)))


@post(ONE + "/acknowledge", opt=needs("exception:work"), **DONE)
async def acknowledge(
    request: EdgeRequest, exception_id: FromPath[str], data: JSONBody[OwnerRequest]
) -> Response[bytes]:
    """Give an exception to its owner."""
    house, seen, alarm = house_of(request), if_match(request), known_id(exception_id, "exception")
    return await _run(request, lambda uow: take_alarm(uow, request.caller.actor, alarm, data.owner, seen, house.now()))


@post(ONE + "/annotate", opt=needs("exception:work"), **DONE)
async def annotate(request: EdgeRequest, exception_id: FromPath[str], data: JSONBody[NoteRequest]) -> Response[bytes]:
    """Write what was found."""
    house, seen, alarm = house_of(request), if_match(request), known_id(exception_id, "exception")
    return await _run(
        request, lambda uow: annotate_alarm(uow, request.caller.actor, alarm, data.note, seen, house.now())
    )


@post(ONE + "/resolve", opt=needs("exception:work"), **DONE)
async def resolve(request: EdgeRequest, exception_id: FromPath[str], data: JSONBody[NoteRequest]) -> Response[bytes]:
    """Say how an exception ended; where `two_persons` says so, it waits for the second."""
    house, seen, alarm = house_of(request), if_match(request), known_id(exception_id, "exception")
    return await _run(
        request, lambda uow: resolve_alarm(uow, request.caller.actor, alarm, data.note, seen, house.now())
    )


@post(ONE + "/confirm", opt=needs("exception:work"), **DONE)
async def confirm(
    request: EdgeRequest,
    exception_id: FromPath[str],
    data: JSONBody[Empty],  # noqa: ARG001 - `{}` is demanded and checked, and then says nothing
) -> Response[bytes]:
    """The second person confirms how it ended."""
    house, seen, alarm = house_of(request), if_match(request), known_id(exception_id, "exception")
    return await _run(request, lambda uow: confirm_alarm(uow, request.caller.actor, alarm, seen, house.now()))
