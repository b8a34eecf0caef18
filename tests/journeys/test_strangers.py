"""Strangers: what is another's does not exist, who is nobody is nobody, and a role may do what its table says."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from api.commands.demonstration import CLIENTS
from api.commands.document import described_app
from api.permissions import PERMISSION, PERMISSIONS
from domain.values.actors import Role
from tests.journeys.company import Company, item, yuan

KINDS = ("pledge", "loan", "val", "authz", "right", "verification")
NOBODY = "0" * 32
Things = Mapping[str, str]


@pytest.fixture(scope="module")
def things(ensemble: Company) -> Things:
    """Make one of each thing between bank-a and the enterprise of Shaoxing, and return their ids by prefix."""
    right = ensemble.fresh_right("10")
    loan = ensemble.loan("bank-a", "enterprise.shaoxing")
    pledge = ensemble.draft(right, "1", loans=[loan["id"]])
    submitted = ensemble.command("enterprise.shaoxing", pledge, "submit").json()
    own = {"registry": right["registry"], "registry_no": right["registry_no"], "holder_uscc": right["holder"]["uscc"]}
    ensemble.control.arm("lookup", "slow", seconds=7)
    waiting = ensemble.ok("enterprise.shaoxing", "POST", "/v1/rights/verifications", own, 202)
    consent = {
        "enterprise_uscc": right["holder"]["uscc"],
        "grantee": "bank-a",
        "scope": ["rights:read"],
        "from": ensemble.today.isoformat(),
        "to": ensemble.today.isoformat(),
        "document": {"name": "授权书"},
    }
    granted = ensemble.ok("enterprise.shaoxing", "POST", "/v1/authorizations", consent, 201)
    return {
        "pledge": pledge["id"],
        "loan": loan["id"],
        "val": submitted["items"][0]["valuation_id"],
        "authz": granted["id"],
        "right": right["id"],
        "verification": waiting["id"],
    }


READS = {
    "pledge": (
        "/v1/pledges/{}",
        "/v1/pledges/{}/history",
        "/v1/pledges/{}/coverage",
        "/v1/pledges/{}/documents",
        "/v1/pledges/{}/document-demands",
        "/v1/pledges/{}/certificate",
        "/v1/pledges/{}/certificates",
    ),
    "loan": ("/v1/loans/{}",),
    "val": ("/v1/valuations/{}", "/v1/valuations/{}/evidence"),
    "authz": ("/v1/authorizations/{}",),
    "right": ("/v1/rights/{}", "/v1/rights/{}/holds"),
    "verification": ("/v1/rights/verifications/{}",),
}
STRANGERS = {
    "pledge": "bank-b.officer",
    "loan": "bank-b.officer",
    "val": "bank-b.officer",
    "authz": "bank-b.officer",
    "right": "enterprise.huangshi",
    "verification": "enterprise.huangshi",
}


def _but_for_its_id(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return an answer without what differs between any two: the request's id, the time, how many are left."""
    request_id = answer.headers["x-request-id"]
    own = {"date", "x-request-id", "ratelimit"}
    headers = [(name, value) for name, value in answer.headers.items() if name not in own]
    return answer.status_code, answer.content.replace(request_id.encode(), b""), sorted(headers)


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind in KINDS for path in READS[kind]])
def test_what_is_another_s_is_answered_byte_for_byte_as_what_is_not_there(
    ensemble: Company, things: Things, kind: str, path: str
) -> None:
    stranger = STRANGERS[kind]
    foreign = ensemble.call(stranger, "GET", path.format(things[kind]))
    absent = ensemble.call(stranger, "GET", path.format(f"{kind}_{NOBODY}"))
    impossible = ensemble.call(stranger, "GET", path.format("no-id-at-all"))

    assert _but_for_its_id(foreign) == _but_for_its_id(absent) == _but_for_its_id(impossible)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert things[kind] not in foreign.text


COMMANDS: list[tuple[str, str, str, Any]] = [
    ("bank-b.officer", "submit", "pledge", {}),
    ("bank-b.approver", "approve-loan", "pledge", {"amount": yuan("1.00"), "rate": "0.034500"}),
    ("enterprise.huangshi", "confirm", "pledge", {}),
    ("enterprise.huangshi", "submit", "pledge", {}),
    ("bank-b.officer", "request-correction", "pledge", {"reason": "?"}),
    ("bank-b.officer", "reject", "pledge", {"reason": "?"}),
    ("bank-b.officer", "withdraw", "pledge", {}),
    ("bank-b.officer", "release", "pledge", {"reason": "waived"}),
    ("bank-b.approver", "release/approve", "pledge", {}),
    (
        "bank-b.officer",
        "events",
        "loan",
        {"type": "repaid", "principal": yuan("1.00"), "on": "2026-01-05", "reference": "R"},
    ),
]


@pytest.mark.parametrize(("client", "verb", "kind", "body"), COMMANDS)
def test_a_command_on_what_is_another_s_is_answered_as_on_what_is_not_there(
    ensemble: Company, things: Things, client: str, verb: str, kind: str, body: object
) -> None:
    foreign = ensemble.call(client, "POST", f"/v1/{kind}s/{things[kind]}/{verb}", body)
    absent = ensemble.call(client, "POST", f"/v1/{kind}s/{kind}_{NOBODY}/{verb}", body)
    assert _but_for_its_id(foreign) == _but_for_its_id(absent)
    assert foreign.status_code == 404


def test_naming_another_s_things_in_a_payload_is_answered_as_naming_what_is_not_there(
    ensemble: Company, things: Things
) -> None:
    own = ensemble.fresh_right("1", "enterprise.huangshi")
    bodies: dict[str, Callable[[str], object]] = {
        "loan": lambda loan: ensemble.application(own, "1", workflow="hubei", pledgee="bank-b", loans=[loan]),
        "right": lambda right: ensemble.application(own, "1", workflow="hubei", items=[item({"id": right}, "1")]),
    }
    for kind, body in bodies.items():
        foreign = ensemble.call("enterprise.huangshi", "POST", "/v1/pledges", body(things[kind]))
        absent = ensemble.call("enterprise.huangshi", "POST", "/v1/pledges", body(f"{kind}_{NOBODY}"))
        assert _but_for_its_id(foreign) == _but_for_its_id(absent)
        assert foreign.status_code == 404


def test_a_bank_sees_no_right_of_an_enterprise_that_has_not_consented(ensemble: Company) -> None:
    other = next(each for each in ensemble.facts["rights"] if each["registry"] == "hebei")
    asked = {name: other[name] for name in ("registry", "registry_no", "holder_uscc")}
    answer = ensemble.call("bank-a.officer", "POST", "/v1/rights/verifications", asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "authorization_required")


OPERATIONS = sorted(
    (route.path, method, str(handler.opt[PERMISSION]))
    for route in described_app().routes
    for handler in getattr(route, "route_handlers", ())
    for method in handler.http_methods - {"OPTIONS", "HEAD"}
    if handler.opt.get(PERMISSION) is not None
)
"""Every route that asks for a permission, with the permission that it asks for."""


UPLOADS = {"/v1/market/imports"}
"""Routes that take a form with a file and no JSON."""


def _address(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "330600" if "{division" in path else "anything", path)


def test_there_are_routes_to_ask() -> None:
    assert len(OPERATIONS) > 30
    assert {method for _, method, _ in OPERATIONS} == {"GET", "POST", "PATCH", "DELETE"}


@pytest.mark.parametrize(
    ("sent", "challenge"),
    [
        ({}, "Bearer"),
        ({"Authorization": "Bearer not-a-token"}, "invalid_token"),
        ({"Authorization": "Basic YWxhZGRpbjpvcGVuc2VzYW1l"}, "Bearer"),
    ],
)
def test_nobody_gets_past_the_door_and_nothing_else_is_said_to_nobody(
    plain: httpx.Client, sent: Mapping[str, str], challenge: str
) -> None:
    for path, method, _ in OPERATIONS:
        answer = plain.request(method, _address(path), content=b"{not json", headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
        assert challenge in answer.headers["www-authenticate"]


def _clients_without(permission: str) -> Iterator[str]:
    for client in CLIENTS:
        if Role(client.role) not in PERMISSIONS[permission]:
            yield client.id


def _sent_nonsense(ensemble: Company, client: str, method: str, path: str) -> httpx.Response:
    """Send a route what it can read and not take: JSON, or a form where it takes uploads alone."""
    if method in {"GET", "DELETE"}:
        return ensemble.call(client, method, _address(path))
    if path not in UPLOADS:
        return ensemble.call(client, method, _address(path), {"surely": "no payload"})
    headers = {"Authorization": f"Bearer {ensemble.token(client)}", "Idempotency-Key": secrets.token_hex(16)}
    form, files = {"format": "no format", "source": "nobody"}, {"file": ("deals.csv", b"surely,no\npayload,here\n")}
    return ensemble.http.post(_address(path), data=form, files=files, headers=headers)


@pytest.mark.parametrize(("path", "method", "permission"), OPERATIONS)
def test_a_route_is_closed_to_every_role_without_its_permission_whatever_it_sends(
    ensemble: Company, path: str, method: str, permission: str
) -> None:
    for client in _clients_without(permission):
        answer = _sent_nonsense(ensemble, client, method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), client


@pytest.mark.parametrize(("path", "method", "permission"), OPERATIONS)
def test_a_route_is_open_to_every_role_with_its_permission(
    ensemble: Company, path: str, method: str, permission: str
) -> None:
    for client in CLIENTS:
        if Role(client.role) in PERMISSIONS[permission]:
            answer = _sent_nonsense(ensemble, client.id, method, path)
            assert answer.status_code in ({200, 404} if method == "GET" else {404, 422}), (client.id, answer.text)


def test_the_platform_s_roles_read_no_business_data(ensemble: Company, things: Things) -> None:
    for client in ("platform.ops", "platform.security"):
        for kind in KINDS:
            for path in READS[kind]:
                assert ensemble.call(client, "GET", path.format(things[kind])).status_code == 403


def test_whoever_may_not_see_the_debt_is_told_no_coverage_rather_than_a_debt_of_zero(
    ensemble: Company, things: Things
) -> None:
    address = f"/v1/pledges/{things['pledge']}"

    assert ensemble.ok("authority.zhejiang", "GET", address)["coverage"] is None
    assert ensemble.call("authority.zhejiang", "GET", f"{address}/coverage").status_code == 404
    assert ensemble.ok("bank-a.officer", "GET", address)["coverage"]["level"] == "ok"
