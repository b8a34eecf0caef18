"""Every command of the product, with raw bytes and extreme values: a 4xx problem document, quickly, never a 5xx.

The bodies are valid ones, each with a place for an amount, a text and an identifier where the route has such; the raw
cases are those that the edge itself is tested with (`tests/raw_cases.py`). A route without a row here fails.
"""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from api.app import ROUTES
from tests.builders import HOLDER
from tests.database_session import Database
from tests.integration.business import (
    Business,
    open_for_business,
    quantity,
    yuan,
)
from tests.integration.raw_doors import (
    DOORS,
    EMPTY_BODY,
    ENTERPRISE,
    NOTHING_REQUIRED,
    OFFICER,
    a_policy,
    an_adoption,
    an_appraisal,
    an_event,
)
from tests.raw_cases import SECONDS_MAX, Steps, Target, cases, complaints, send
from tests.raw_uploads import UPLOADS

UNKNOWN: Final = "0" * 32
PLACE: Final = re.compile(r"\{(?!condition)[a-z]+\}")
"""Where an id stands in an address; a condition is named by its code."""
FOREIGN: Final = frozenset({"/v1/registries/{registry}/callbacks"})
"""In another's wire, without our conventions; raw bytes meet it in `test_registry_callbacks`."""
FAR: Final = ("0001-01-01", "9999-12-31")
HUGE, LEAST = "999999999999999999", "0.000001"


@dataclass(frozen=True)
class Scene:
    """The business with a right, a loan, a pledge and what the bank put forward to talk of."""

    business: Business
    right: str
    loan: str
    pledge: str
    appraisal: str
    adoption: str
    policy: str
    hold: str = f"hold_{UNKNOWN}"
    case: str = f"case_{UNKNOWN}"
    enforcement: str = f"enforcement_{UNKNOWN}"
    amendment: str = f"amendment_{UNKNOWN}"
    compensation: str = f"compensation_{UNKNOWN}"
    condition: str = "authority_consent"
    task: str = f"task_{UNKNOWN}"
    batch: str = f"pledgeimport_{UNKNOWN}"
    exception: str = f"alarm_{UNKNOWN}"
    webhook: str = f"whk_{UNKNOWN}"
    delivery: str = f"delivery_{UNKNOWN}"
    client: str = "nobody.at-all"
    thumbprint: str = "A" * 43

    def path(self, template: str) -> str:
        """Return the address of a route."""
        return template.format(
            right=self.right,
            loan=self.loan,
            pledge=self.pledge,
            appraisal=self.appraisal,
            adoption=self.adoption,
            policy=self.policy,
            hold=self.hold,
            case=self.case,
            enforcement=self.enforcement,
            amendment=self.amendment,
            compensation=self.compensation,
            condition=self.condition,
            task=self.task,
            batch=self.batch,
            exception=self.exception,
            webhook=self.webhook,
            delivery=self.delivery,
            client=self.client,
            thumbprint=self.thumbprint,
        )

    def valid(self, template: str) -> dict[str, Any]:
        """Return a body that a route understands."""
        return dict(DOORS[template].valid(self.right, self.loan, self.pledge))


@pytest.fixture(scope="module")
def scene(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Scene]:
    with new_database() as database, open_for_business(database) as business:
        right, loan = business.verified(), business.loan()
        business.consent(ENTERPRISE, HOLDER, "bank-a")
        put_forward = {
            path: str(business.post(OFFICER, path, body, 201)["id"])
            for path, body in (
                (f"/v1/rights/{right}/appraisals", an_appraisal()),
                (f"/v1/rights/{right}/adopted-values", an_adoption()),
                ("/v1/policies/valuation", a_policy()),
            )
        }
        yield Scene(business, right, loan, business.draft({right: "1"}, [loan]), *put_forward.values())


def test_every_command_of_the_product_is_here() -> None:
    posts = [route for route in ROUTES if "POST" in route.http_methods]
    taken = {path.replace("_id:str}", "}").replace(":str}", "}") for route in posts for path in route.paths}

    assert taken == DOORS.keys() | UPLOADS.keys() | FOREIGN


@pytest.mark.parametrize("template", DOORS)
def test_raw_bytes_get_a_problem_document_from_every_route(template: str, scene: Scene) -> None:
    door = DOORS[template]
    headers = {
        "Authorization": scene.business.authorization(door.client),
        "Idempotency-Key": secrets.token_hex(16),
    }
    valid = scene.valid(template) or {"unknown": 1}
    target = Target(
        base_url=scene.business.base_url,
        path=scene.path(template),
        headers=headers,
        valid=valid,
        amount=door.amount,
        text=door.text,
        identifier=door.identifier,
        integer=door.integer,
    )

    found = [
        f"{case.name}: {complaint}"
        for case in cases(target)
        if case.name != EMPTY_BODY or template not in NOTHING_REQUIRED
        for complaint in complaints(case, send(target, case, "en"), "en")
    ]

    assert found == []


def _changed(body: Mapping[str, Any], steps: Steps, value: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(body))
    place: Any = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return document


def _extremes_of_a_bank() -> Iterator[tuple[str, Steps, object]]:
    """Yield the same of what a bank puts forward."""
    for day in FAR:
        yield "/v1/rights/{right}/appraisals", ("as_of",), day
        yield "/v1/rights/{right}/appraisals", ("valid_until",), day
    for months in (0, 13, -1, 2**53):
        yield "/v1/policies/valuation", ("revaluation_months",), months
        yield "/v1/policies/valuation", ("loan_end_margin_days",), months
    for amount in ("0", "-1", HUGE, "-" + HUGE):
        for path in ("/v1/rights/{right}/appraisals", "/v1/rights/{right}/adopted-values"):
            yield path, ("value",), yuan(amount)
            yield path, ("quantity",), quantity(amount)
            yield path, ("quantity",), quantity(LEAST, "kg/a")


def _extremes() -> Iterator[tuple[str, Steps, object]]:
    """Yield route, place and value: each well formed, and none what an honest client sends."""
    for day in FAR:
        yield "/v1/rights/{right}/holds", ("until",), f"{day}T00:00:00Z"
        yield "/v1/reconciliation/runs", ("on",), day
        yield "/v1/authorizations", ("from",), day
        yield "/v1/authorizations", ("to",), day
        yield "/v1/valuations", ("as_of",), day
        yield "/v1/valuations", ("subject", "valid_from"), day
        yield "/v1/valuations", ("subject", "valid_to"), day
        yield "/v1/valuations", ("repayment",), [{"on": day, "amount": yuan("1.00")}]
        yield "/v1/loans", ("start",), day
        yield "/v1/loans", ("end",), day
        yield "/v1/loans", ("repayment",), [{"on": day, "amount": yuan("40000.00")}]
        yield "/v1/loans/{loan}/events", ("on",), day
        yield "/v1/pledges", ("secured", "claims_from"), day
        yield "/v1/pledges", ("secured", "claims_to"), day
        yield "/v1/registry-tasks/{task}/answer", ("on",), day
    for amount in ("0", "-1", HUGE, "-" + HUGE):
        yield "/v1/rights/{right}/holds", ("quantity",), quantity(amount)
        yield "/v1/rights/{right}/holds", (), {**DOORS["/v1/rights/{right}/holds"].valid("", "", ""), "kind": "lease"}
        yield "/v1/valuations", ("subject", "quantity"), quantity(amount)
        yield "/v1/valuations", ("repayment",), [{"on": "2027-01-01", "amount": yuan(amount)}]
        yield "/v1/loans", ("principal",), yuan(amount)
        yield "/v1/loans", ("repayment",), [{"on": f"2027-0{month}-01", "amount": yuan(amount)} for month in (1, 2)]
        for part in ("principal", "interest", "penalty", "fee"):
            for kind in ("disbursed", "repaid", "reversed", "settled", "overdue"):
                yield "/v1/loans/{loan}/events", (), {**an_event(), "type": kind, part: yuan(amount)}
        yield "/v1/pledges", ("items", 0, "quantity"), quantity(amount)
        yield "/v1/pledges", ("secured", "amount"), yuan(amount)
        yield "/v1/pledges", ("other_security",), [{"kind": "x", "description": "x", "value": yuan(amount)}] * 20
        yield "/v1/pledges/{pledge}/approve-loan", ("amount",), yuan(amount)
        yield "/v1/pledges/{pledge}/approve-loan", ("rate",), amount
        yield "/v1/pledges/{pledge}/verify-quantities", ("items", 0, "quantity"), quantity(amount)
        yield "/v1/market/trades", ("trades", 0, "quantity"), quantity(amount)
        yield "/v1/market/trades", ("trades", 0, "price", "amount"), amount
        yield "/v1/market/trades", ("trades", 0, "amount"), yuan(amount)
        yield "/v1/market/trades", ("trades", 0, "term_years"), amount
    for unit in ("kg/a", "t/d", "m3/a", "tCO2e"):
        yield "/v1/pledges", ("items", 0, "quantity"), quantity(LEAST, unit)
        yield "/v1/pledges/{pledge}/verify-quantities", ("items", 0, "quantity"), quantity(LEAST, unit)
        yield "/v1/valuations", ("subject", "quantity"), quantity(LEAST, unit)
        yield "/v1/market/trades", ("trades", 0, "price", "per_unit"), unit
    yield "/v1/valuations", ("liquidation_days",), 365
    yield "/v1/loans", ("rate",), {"kind": "fixed", "value": "1"}
    yield "/v1/loans", ("rate",), {"kind": "lpr", "tenor": "1Y", "spread_bp": 3000}
    yield "/v1/pledges", ("loans",), [f"loan_{UNKNOWN}"] * 50
    yield "/v1/pledges", ("items",), [{"right_id": f"right_{UNKNOWN}", "quantity": quantity("1")}] * 50
    yield "/v1/pledges", ("pledgors",), [HOLDER] * 20
    yield "/v1/pledges", ("secured", "scope"), ["principal"] * 1000
    yield "/v1/pledges", ("pledgee",), "bank-nobody"
    yield "/v1/authorizations", ("scope",), ["rights:read"] * 1000
    yield "/v1/pledges/{pledge}/approve-loan", ("loans",), [f"loan_{UNKNOWN}"] * 50
    yield "/v1/market/trades", ("trades", 0), {"\U0001f600" * 100: [[[[{"a": 9007199254740991}]]]]}
    yield "/v1/market/trades", ("trades",), [{}] * 50


def test_extreme_values_are_taken_or_refused_and_break_nothing(scene: Scene) -> None:
    wrong = []
    for template, steps, value in (*_extremes(), *_extremes_of_a_bank()):
        body = _changed(scene.valid(template), steps, value) if steps else value
        started = time.monotonic()
        status, answer = scene.business.call(DOORS[template].client, "POST", scene.path(template), body)
        seconds = time.monotonic() - started
        if status >= 500 or seconds > SECONDS_MAX or (status >= 400 and "request_id" not in answer):
            wrong.append((template, steps, str(value)[:80], status, f"{seconds:.2f} s"))

    assert wrong == []


def test_an_id_of_another_kind_or_of_nothing_is_not_there(scene: Scene) -> None:
    for template in DOORS:
        if "{" not in template:
            continue
        for thing in (f"pledge_{UNKNOWN}", f"loan_{UNKNOWN}", scene.right, "x", "%00", "%F0%9F%98%80", "a" * 4000):
            if thing == scene.right and template.count("{") == 1 and "{right}" in template:
                continue  # there it is
            path = thing.join(PLACE.split(template)).format(condition=scene.condition)
            status, answer = scene.business.call(DOORS[template].client, "POST", path, scene.valid(template))
            assert (status, answer["code"]) == (404, "not_found"), path


@pytest.mark.parametrize(
    "path",
    [
        "/v1/pledges?updated_after=0001-01-01T00:00:00%2B14:00",
        "/v1/pledges?updated_after=9999-12-31T23:59:59-14:00",
        "/v1/pledges?updated_after=x",
        "/v1/pledges?status=x",
        "/v1/pledges?pledgor_uscc=x",
        "/v1/pledges?cursor=x",
        "/v1/rights?division=x",
        "/v1/rights?pollutant=x",
        "/v1/rights?cursor=x",
        "/v1/market/trades?status=x",
        "/v1/market/trades?code=x",
        "/v1/market/trades?from=x",
        "/v1/market/trades?source=%00",
        "/v1/market/trades?division=x",
        "/v1/registry-tasks?status=x",
        "/v1/events?wait=21",
        "/v1/events?after=x",
        "/v1/jurisdictions/x/rules",
        "/v1/jurisdictions/330602/rules?on=x",
    ],
)
def test_a_parameter_that_says_nothing_is_refused(path: str, scene: Scene) -> None:
    status, answer = scene.business.call(ENTERPRISE, "GET", path)

    assert 400 <= status < 500, answer
    assert answer["status"] == status


@pytest.mark.parametrize("day", FAR)
def test_the_ends_of_the_calendar_may_be_asked_for(day: str, scene: Scene) -> None:
    assert scene.business.call(ENTERPRISE, "GET", f"/v1/jurisdictions/330602/rules?on={day}")[0] == 200
