"""Clients and keys: two administrators register and rotate, one takes away, and nobody serves two masters."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from domain.values.thumbprints import thumbprint_of
from integrations.database import bootstrap
from integrations.identity.keys import SigningKey, generate_key
from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import Business, at_once, open_for_business

FIRST, SECOND = "platform.security", "platform.security.second"
OVERLAP: Final = 3600


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def an_id() -> str:
    return "bank-a." + secrets.token_hex(6)


def public(key: SigningKey) -> dict[str, object]:
    return {name: key.public_jwk[name] for name in ("kty", "crv", "x", "y")}


def a_key(key: SigningKey | None = None, purpose: str = "token", **different: object) -> dict[str, object]:
    return {"purpose": purpose, "public_key": public(key or generate_key()), **different}


def a_client(client_id: str, *keys: dict[str, object], **different: object) -> dict[str, object]:
    body = {"id": client_id, "tenant": "bank-a", "role": "bank_officer", "keys": list(keys) or [a_key()]}
    return {**body, **different}


def registered(business: Business, *keys: dict[str, object], **different: object) -> str:
    client = an_id()
    business.post(FIRST, "/v1/clients", a_client(client, *keys, **different), 201)
    business.post(SECOND, f"/v1/clients/{client}/approve", {}, 200)
    return client


def refused(business: Business, client: str, path: str, body: object, status: int, code: str) -> Any:  # noqa: ANN401 - any JSON answer
    answer = business.post(client, path, body, status)
    assert answer["code"] == code
    return answer


def events_of(business: Business, client: str, reader: str = "bank-a.officer") -> list[str]:
    found, cursor = [], ""
    while True:
        page = business.get(reader, f"/v1/events?limit=200{cursor}")
        found += [event["type"] for event in page["items"] if event["subject"] == client]
        if not page["items"]:
            return found
        cursor = f"&after={page['next_cursor']}"


def test_a_client_obtains_nothing_until_a_second_administrator_approves(business: Business) -> None:
    client, key = an_id(), generate_key()

    proposed = business.post(FIRST, "/v1/clients", a_client(client, a_key(key), a_key(purpose="order")), 201)
    assert (proposed["status"], {each["state"] for each in proposed["keys"]}) == ("proposed", {"proposed"})
    assert business.sql("select find_client(%s)", client) == [(None,)]
    refused(business, FIRST, f"/v1/clients/{client}/approve", {}, 403, "same_person")

    approved = business.post(SECOND, f"/v1/clients/{client}/approve", {}, 200)
    assert (approved["status"], {each["state"] for each in approved["keys"]}) == ("active", {"active"})
    [(found,)] = business.sql("select find_client(%s)", client)
    assert [each["kid"] for each in found["public_keys"]] == [thumbprint_of(key.public_jwk)]
    assert approved["decision"]["proposed_by"] == FIRST
    assert approved["decision"]["decided_by"] == SECOND
    refused(business, SECOND, f"/v1/clients/{client}/approve", {}, 409, "client_cannot_move")


def test_each_change_is_in_the_trail_and_in_the_tenants_feed_and_in_no_other_tenants(business: Business) -> None:
    client, new = registered(business), generate_key()
    key = business.post(FIRST, f"/v1/clients/{client}/keys", a_key(new), 201)["thumbprint"]
    business.post(SECOND, f"/v1/clients/{client}/keys/{key}/approve", {}, 200)
    business.post(FIRST, f"/v1/clients/{client}/keys/{key}/revoke", {"reason": "遗失"}, 200)
    business.post(FIRST, f"/v1/clients/{client}/suspend", {"reason": "离职"}, 200)
    business.post(FIRST, f"/v1/clients/{client}/reinstate", {}, 200)
    business.post(SECOND, f"/v1/clients/{client}/reinstate", {}, 200)

    verbs = ["proposed", "registered", "key_proposed", "key_added", "key_revoked", "suspended"]
    expected = [f"client.{verb}" for verb in [*verbs, "reinstatement_proposed", "reinstated"]]
    assert events_of(business, client) == expected
    written = "select action from audit_entries where subject = %s and 'bank-a' = any(parties) order by sequence"
    assert [action for (action,) in business.sql(written, client)] == expected
    assert events_of(business, client, "bank-b.officer") == []


def test_a_rejected_client_never_was_one(business: Business) -> None:
    client = an_id()
    business.post(FIRST, "/v1/clients", a_client(client), 201)

    rejected = business.post(SECOND, f"/v1/clients/{client}/reject", {"reason": "不实"}, 200)

    assert (rejected["status"], rejected["keys"][0]["state"]) == ("rejected", "rejected")
    assert business.sql("select find_client(%s)", client) == [(None,)]
    refused(business, FIRST, f"/v1/clients/{client}/keys", a_key(), 409, "client_cannot_move")


def test_one_key_serves_one_client_and_one_purpose_for_ever(business: Business) -> None:
    key, other = generate_key(), generate_key()
    client = registered(business, a_key(key))

    refused(business, FIRST, "/v1/clients", a_client(an_id(), a_key(key)), 409, "key_taken")
    refused(business, FIRST, f"/v1/clients/{client}/keys", a_key(key, "order"), 409, "key_taken")
    twice = a_client(an_id(), a_key(other), a_key(other, "order"))
    refused(business, FIRST, "/v1/clients", twice, 409, "key_taken")
    business.post(FIRST, f"/v1/clients/{client}/keys/{thumbprint_of(key.public_jwk)}/revoke", {"reason": "x"}, 200)
    refused(business, FIRST, f"/v1/clients/{client}/keys", a_key(key), 409, "key_taken")


def test_two_at_once_register_one_key_only_once(business: Business) -> None:
    body = a_key(generate_key())

    answers = at_once(*(lambda: business.call(FIRST, "POST", "/v1/clients", a_client(an_id(), body)) for _ in range(4)))

    assert sorted(status for status, _ in answers) == [201, 409, 409, 409]
    assert {answer["code"] for status, answer in answers if status == 409} == {"key_taken"}


def test_a_key_of_one_id_with_another_of_the_same_client_is_refused(business: Business) -> None:
    client = registered(business, {"purpose": "token", "public_key": {**public(generate_key()), "kid": "2026"}})

    body = {"purpose": "token", "public_key": {**public(generate_key()), "kid": "2026"}}

    refused(business, FIRST, f"/v1/clients/{client}/keys", body, 409, "key_taken")


def test_an_administrator_is_a_named_person_who_holds_one_of_the_three_roles(business: Business) -> None:
    def administrator(role: str, person: str | None) -> dict[str, object]:
        named = {} if person is None else {"person": person}
        return {**a_client("platform." + secrets.token_hex(6)), "tenant": "greenlien", "role": role, **named}

    person = "张三 " + secrets.token_hex(4)
    first = administrator("platform_ops", person)
    business.post(FIRST, "/v1/clients", first, 201)
    for role in ("platform_security", "platform_audit", "platform_ops"):
        refused(business, FIRST, "/v1/clients", administrator(role, person), 409, "roles_exclude_each_other")
    refused(business, FIRST, "/v1/clients", administrator("platform_audit", None), 422, "invalid_client")
    refused(business, FIRST, "/v1/clients", {**a_client(an_id()), "person": "李四"}, 422, "invalid_client")

    business.post(SECOND, f"/v1/clients/{first['id']}/reject", {"reason": "x"}, 200)
    business.post(FIRST, "/v1/clients", administrator("platform_audit", person), 201)


@pytest.mark.parametrize(
    ("tenant", "role"),
    [
        ("bank-a", "enterprise"),
        ("bank-a", "platform_security"),
        ("greenlien", "auditor"),
        ("enterprise.shaoxing", "bank_approver"),
        ("exchange.zhejiang", "authority"),
        ("nobody", "bank_officer"),
    ],
)
def test_a_role_belongs_to_tenants_of_its_kind(business: Business, tenant: str, role: str) -> None:
    refused(business, FIRST, "/v1/clients", a_client(an_id(), tenant=tenant, role=role), 422, "invalid_client")


def test_a_client_needs_a_key_for_tokens(business: Business) -> None:
    refused(business, FIRST, "/v1/clients", a_client(an_id(), a_key(purpose="order")), 422, "invalid_client")


@pytest.mark.parametrize(
    "change",
    [
        {"d": "A" * 43},
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"x": "A" * 42},
        {"x": "A" * 43},
        {"use": "enc"},
        {"alg": "HS256"},
        {"x5u": "https://evil.example"},
        {"jku": "https://evil.example"},
        {"kid": "../../x"},
        {"kid": "a b"},
    ],
)
def test_a_key_that_is_no_public_key_by_value_is_refused(business: Business, change: dict[str, str]) -> None:
    body = a_client(an_id(), {"purpose": "token", "public_key": {**public(generate_key()), **change}})

    assert business.call(FIRST, "POST", "/v1/clients", body)[0] == 422


def test_a_new_key_replaces_an_old_one_after_an_overlap(business: Business) -> None:
    old, new = generate_key(), generate_key()
    client = registered(business, a_key(old))
    replaces = thumbprint_of(old.public_jwk)
    body = a_key(new, replaces=replaces, overlap_seconds=OVERLAP)
    key = business.post(FIRST, f"/v1/clients/{client}/keys", body, 201)["thumbprint"]
    refused(business, FIRST, f"/v1/clients/{client}/keys/{key}/approve", {}, 403, "same_person")

    business.post(SECOND, f"/v1/clients/{client}/keys/{key}/approve", {}, 200)

    keys = {each["thumbprint"]: each for each in business.get(FIRST, f"/v1/clients/{client}")["keys"]}
    assert keys[key]["valid_until"] is None
    assert datetime.fromisoformat(keys[replaces]["valid_until"]) == NOW + timedelta(seconds=OVERLAP)
    refused(business, SECOND, f"/v1/clients/{client}/keys/{key}/approve", {}, 409, "key_cannot_move")


def test_a_key_replaces_only_an_active_one_of_the_same_purpose(business: Business) -> None:
    old = generate_key()
    client = registered(business, a_key(old))
    replaces = thumbprint_of(old.public_jwk)
    path = f"/v1/clients/{client}/keys"

    refused(business, FIRST, path, a_key(purpose="order", replaces=replaces), 422, "invalid_key")
    refused(business, FIRST, path, a_key(replaces="A" * 43), 422, "invalid_key")
    business.post(FIRST, f"{path}/{replaces}/revoke", {"reason": "x"}, 200)
    refused(business, FIRST, path, a_key(replaces=replaces), 422, "invalid_key")


def test_an_interval_that_ends_before_it_begins_is_refused(business: Business) -> None:
    late, early = "2027-01-01T00:00:00+08:00", "2026-12-01T00:00:00+08:00"
    body = a_client(an_id(), a_key(valid_from=late, valid_until=early))

    refused(business, FIRST, "/v1/clients", body, 422, "invalid_key")


def test_lifting_a_suspension_takes_two_and_suspending_one(business: Business) -> None:
    client = registered(business)
    business.post(FIRST, f"/v1/clients/{client}/suspend", {"reason": "离职"}, 200)
    refused(business, FIRST, f"/v1/clients/{client}/suspend", {"reason": "离职"}, 409, "client_cannot_move")

    asked = business.post(FIRST, f"/v1/clients/{client}/reinstate", {}, 200)
    assert (asked["status"], asked["reinstatement_by"]) == ("suspended", FIRST)
    refused(business, FIRST, f"/v1/clients/{client}/reinstate", {}, 403, "same_person")
    lifted = business.post(SECOND, f"/v1/clients/{client}/reinstate", {}, 200)

    assert (lifted["status"], lifted["reinstatement_by"]) == ("active", None)


def test_a_version_that_has_passed_is_not_acted_on(business: Business) -> None:
    client = registered(business)
    path = f"{business.base_url}/v1/clients/{client}/suspend"
    headers = {"Authorization": business.authorization(FIRST), "Idempotency-Key": secrets.token_hex(16)}

    answer = business._http.post(path, json={"reason": "x"}, headers={**headers, "If-Match": '"1"'})

    assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")


def test_an_auditor_sees_its_tenants_clients_and_no_other_tenants(business: Business) -> None:
    own = registered(business)
    foreign = registered(business, tenant="bank-b")

    assert business.get("auditor", f"/v1/clients/{own}")["id"] == own
    assert business.get("auditor", f"/v1/clients/{foreign}", 404)["code"] == "not_found"
    assert business.get("auditor", "/v1/clients/nobody.at-all", 404)["code"] == "not_found"
    seen = business.get("auditor", "/v1/clients?limit=200")["items"]
    assert {each["tenant"] for each in seen} == {"bank-a"}
    everybody = business.get(FIRST, "/v1/clients?limit=200")["items"]
    assert {"bank-a", "bank-b"} <= {each["tenant"] for each in everybody}
    page = business.get(FIRST, "/v1/clients?limit=1&tenant=bank-a")
    following = business.get(FIRST, f"/v1/clients?limit=1&tenant=bank-a&cursor={page['next_cursor']}")
    assert following["items"][0]["id"] > page["items"][0]["id"]


@pytest.mark.parametrize("reader", ["bank-a.officer", "enterprise.shaoxing", "platform.ops"])
def test_nobody_else_registers_or_reads_clients(business: Business, reader: str) -> None:
    for method, path, body in [
        ("GET", "/v1/clients", None),
        ("POST", "/v1/clients", a_client(an_id())),
        ("POST", "/v1/clients/bank-a.officer/approve", {}),
        ("POST", "/v1/clients/bank-a.officer/suspend", {"reason": "x"}),
    ]:
        assert business.call(reader, method, path, body)[0] == 403


def test_the_application_writes_clients_only_as_the_security_administrator(business: Business) -> None:
    client = registered(business)
    with psycopg.connect(business.database.libpq(bootstrap.APP)) as connection:
        for tenant, role in [("bank-a", ""), ("bank-a", "platform_security"), ("greenlien", "platform_ops"), ("", "")]:
            connection.execute("select set_config('greenlien.tenant', %s, true)", [tenant])
            connection.execute("select set_config('greenlien.role', %s, true)", [role])
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute("insert into clients (id, tenant, role) values ('x.y', 'bank-a', 'bank_officer')")
            with connection.transaction(force_rollback=True):
                try:
                    touched = connection.execute(
                        "update clients set status = 'active' where id = %s", [client]
                    ).rowcount
                except psycopg.errors.InsufficientPrivilege:
                    touched = 0
                assert touched == 0
        for statement in (
            "update clients set role = 'bank_approver'",
            "update client_keys set public_jwk = '{}'",
            "delete from clients",
            "delete from client_keys",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
