"""Routes of the clerk's queue at a registry without an interface (contract section 5)."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody

from api.answers.registrations import task_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, house_of, known_id
from api.idempotency import Answer, command, if_match, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.schemas.pledges import Empty, ReasonRequest
from api.schemas.queries import asked
from api.schemas.registrations import RegistryTaskPage, RegistryTaskReply, TaskAnswerRequest
from domain.ports.registry_tasks import Receipt, RegistryTask, TaskState
from domain.rights.authorizations import NotFound
from domain.use_cases.work_registry_tasks import GivenAnswer, answer_task, confirm_task, return_task

TASK: dict[str, Any] = documented(RegistryTaskReply, 200, PROBLEMS)


async def _run(request: EdgeRequest, act: Callable[[EdgeUnitOfWork], Awaitable[RegistryTask]]) -> Response[bytes]:
    async def answer(uow: EdgeUnitOfWork) -> Answer:
        task = await act(uow)
        return Answer(200, task_answer(task), versioned(task.version))

    return await command(request, answer)


@get(
    "/v1/registry-tasks",
    opt=needs("registry_task:work", body="none"),
    **documented(RegistryTaskPage, 200, PROBLEMS),
)
async def list_tasks(
    request: EdgeRequest, status: Text = None, limit: Limit = LIMIT, cursor: Text = None
) -> Response[bytes]:
    """List the authority's tasks, the oldest first."""
    wanted = asked("status", status, word_of(TaskState))
    async with house_of(request).open(request.caller.actor) as uow:
        tasks = await uow.registry_tasks.page(wanted, cursor_of(cursor), limit + 1)
        return replied(page_answer([task_answer(task) for task in tasks], limit))


@get("/v1/registry-tasks/{task_id:str}", opt=needs("registry_task:work", body="none"), **TASK)
async def get_task(request: EdgeRequest, task_id: FromPath[str]) -> Response[bytes]:
    """Read a task."""
    async with house_of(request).open(request.caller.actor) as uow:
        task = await uow.registry_tasks.find(known_id(task_id, "registry task"))
    if task is None:
        raise NotFound("registry task")
    return replied(Answer(200, task_answer(task), versioned(task.version)))


@post("/v1/registry-tasks/{task_id:str}/answer", opt=needs("registry_task:work"), **TASK)
async def post_answer(
    request: EdgeRequest, task_id: FromPath[str], data: JSONBody[TaskAnswerRequest]
) -> Response[bytes]:
    """The clerk says what was done, with the receipt; it counts once a second person confirms."""
    house, seen, task = house_of(request), if_match(request), known_id(task_id, "registry task")
    given = GivenAnswer(
        outcome=data.outcome,
        reference=data.reference,
        on=data.on,
        receipt=Receipt(data.receipt.sha256, data.receipt.title),
        reason=data.reason,
    )
    return await _run(request, lambda uow: answer_task(uow, request.caller.actor, task, given, seen, house.now()))


@post("/v1/registry-tasks/{task_id:str}/confirm", opt=needs("registry_task:work"), **TASK)
async def post_confirmation(request: EdgeRequest, task_id: FromPath[str], data: JSONBody[Empty]) -> Response[bytes]:
    """The second person confirms, and the order takes the answer."""
    house, seen, task = house_of(request), if_match(request), known_id(task_id, "registry task")
    return await _run(request, lambda uow: confirm_task(uow, request.caller.actor, task, seen, house.now()))


@post("/v1/registry-tasks/{task_id:str}/return", opt=needs("registry_task:work"), **TASK)
async def post_return(request: EdgeRequest, task_id: FromPath[str], data: JSONBody[ReasonRequest]) -> Response[bytes]:
    """The second person does not confirm; the task waits for another answer."""
    house, seen, task = house_of(request), if_match(request), known_id(task_id, "registry task")
    return await _run(request, lambda uow: return_task(uow, request.caller.actor, task, data.reason, seen, house.now()))
