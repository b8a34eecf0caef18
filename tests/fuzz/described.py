"""Schemathesis against the product: requests made from our own description, judged by all of its checks.

Each operation is asked as somebody who has its permission, half of the time about a thing that is there (schemathesis
alone would never guess an id). What it finds is gathered by operation and check, not raised at the first. Nothing goes
over a socket: whatever session schemathesis opens is led into the application in this process.
"""

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from requests.adapters import BaseAdapter
from schemathesis import Case, GenerationMode
from schemathesis import openapi as description
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.schemas import APIOperation, BaseSchema
from urllib3 import HTTPResponse

from api.permissions import scopes_of
from domain.values.actors import Role
from tests.authorisation.cells import ROUTES
from tests.authorisation.rows import ROWS
from tests.authorisation.world import OWNERS, World
from tests.fakes.inside import Inside

ORIGIN: Final = "http://inside"
SECONDS_MAX: Final = 1.0
STEPS: Final = 8
BUSINESS_ANSWERS: Final = ("409", "410", "412", "422", "503")
"""What a body that its schema allows may meet all the same: a schema knows no check digits, no relation between two
fields, no state and no version. Unreadable (400), 405 and 415 are never right for it."""
CONFIGURATION: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "base-url": ORIGIN,
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", *BUSINESS_ANSWERS]},
            "negative_data_rejection": {
                "expected-statuses": ["400", "401", "403", "404", "405", "415", *BUSINESS_ANSWERS]
            },
        },
        # a NUL is unreadable wherever it stands, and no pattern of JSON Schema says so readably
        "generation": {"allow-x00": False, "with-security-parameters": False},
    }
)
FALSE_ALARMS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("POST /oauth/token", "RejectedPositiveData"): "RFC 6749 section 5.2 answers 400 to whatever is wrong",
        ("POST /v1/pledges/{pledge_id}/documents", "RejectedPositiveData"): "a form whose part `file` is null is none",
    }
)
"""What schemathesis complains of and is right all the same, each with the reason; everything else counts."""
ANY: Final = settings(
    phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)

load_all_checks()
Operation = APIOperation[Any, Any, Any, Any]


@dataclass
class Found:
    """What was asked and answered, and what is wrong: by operation and check, the first example of each."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    complaints: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, label: str, kind: str, told: str) -> None:
        """Keep the first complaint of a kind."""
        if (label, kind) not in FALSE_ALARMS:
            self.complaints.setdefault((label, kind), f"{label}: {kind}: {told}")


class InsideAdapter(BaseAdapter):
    """Carries what requests sends to the application in this process."""

    def __init__(self, inside: Inside, found: Found) -> None:
        """Stand before an application."""
        super().__init__()
        self._inside = inside
        self._found = found

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401 - options of sockets
        """Send a request inside, and note status and time."""
        headers = {
            name: value if isinstance(value, str) else bytes(value).decode("latin-1")
            for name, value in request.headers.items()
        }
        sent: Any = request.body or b""
        body = sent.encode() if isinstance(sent, str) else bytes(sent)
        target = (request.url or "").removeprefix(ORIGIN)
        started = time.monotonic()
        told = self._inside.ask(request.method or "", target, headers, body)
        seconds = time.monotonic() - started
        self._found.asked += 1
        self._found.statuses[told.status] += 1
        if seconds > SECONDS_MAX:
            self._found.note(f"{request.method} {target[:200]}", "slow", f"{seconds:.2f} s")
        answer = requests.Response()
        answer.status_code = told.status
        answer.headers.update(dict(told.headers))
        answer.request, answer.url, answer.reason = request, request.url or "", ""
        answer.elapsed = timedelta(seconds=seconds)
        answer._content = told.body
        answer.raw = HTTPResponse(io.BytesIO(told.body), dict(told.headers), told.status, version_string="HTTP/1.1")
        return answer

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Described:
    """The product by its description, asked on behalf of whoever may."""

    world: World
    found: Found = field(default_factory=Found)

    def __post_init__(self) -> None:
        document = self.world.business.get("bank-a.officer", "/openapi.json")
        self.schema: BaseSchema = description.from_dict(
            document, config=SchemathesisConfig.from_dict(dict(CONFIGURATION))
        )
        self.adapter = InsideAdapter(self.world.inside, self.found)

    def operations(self) -> Iterator[Operation]:
        """Yield every operation of the description; one that schemathesis cannot read raises."""
        for each in self.schema.get_all_operations():
            assert isinstance(each, Ok), each
            yield each.ok()

    def headers(self, key: str) -> dict[str, str]:
        """Return the token of somebody who may, none for what is public."""
        row = ROWS[key]
        if ROUTES[key][0] is None:
            return {}
        role: Role = min(row.owners or row.roles or ())
        business = self.world.business
        issued = business.tokens.issue_access_token(OWNERS[role], scopes_of(role), business.clock())
        return {"Authorization": f"Bearer {issued.token}"}

    def fuzz(self, operation: Operation, examples: int) -> None:
        """Ask one operation with valid and with invalid requests, about real things and about guessed ones."""
        key = f"{operation.method.upper()} {operation.path}"
        real = self.world.things.get(ROWS[key].thing)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for places in (None, dict(real)) if real else (None,):
                strategy = operation.as_strategy(mode, path_parameters=places)
                asked = settings(ANY, max_examples=examples)(given(strategy)(self._asking(key)))
                with suppress(Unsatisfiable):  # what takes nothing can be sent nothing invalid
                    asked()

    def _asking(self, key: str) -> Callable[[Case[Any]], None]:
        return lambda case: self.ask(key, case)

    def ask(self, key: str, case: Case[Any]) -> None:
        """Ask once and keep every check's complaint."""
        told = f"{case.method} {case.formatted_path} {case.query} {str(case.body)[:300]}"
        try:
            case.call_and_validate(headers=self.headers(key))
        except FailureGroup as failures:
            for failure in failures.exceptions:
                self.found.note(key, type(failure).__name__, f"{str(failure)[:600]}\n    {told}")

    def walk(self, examples: int) -> None:
        """Follow what an answer names into further operations, as schemathesis links them."""
        described = self
        machine = self.schema.as_state_machine()

        class Walk(machine):  # type: ignore[valid-type, misc]  # made at run time by schemathesis
            def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
                return {"headers": described.headers(f"{case.method.upper()} {case.operation.path}")}

            def validate_response(self, response: Any, case: Case[Any], **_: Any) -> None:  # noqa: ANN401 - schemathesis's own
                try:
                    super().validate_response(response, case)
                except FailureGroup as failures:
                    for failure in failures.exceptions:
                        key = f"{case.method.upper()} {case.operation.path}"
                        described.found.note(key, type(failure).__name__, str(failure)[:600])

        run_state_machine_as_test(Walk, settings=settings(ANY, max_examples=examples, stateful_step_count=STEPS))
