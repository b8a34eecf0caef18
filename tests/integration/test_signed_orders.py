"""Signed orders: none without its client's signature, none twice, each kept for ever with the receipt that we gave."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from api.__main__ import main
from api.orders import RECEIPT_HEADER
from integrations import system_clock
from integrations.database.bootstrap import APP, OWNER, WORKER
from integrations.identity.keys import SigningKey, generate_key, save_key
from integrations.identity.order_signatures import new_order_id
from tests.builders import HOLDER, NOW, TODAY
from tests.database_session import Database
from tests.fakes.edge_app import ISSUER
from tests.integration.amendment_scene import parts
from tests.integration.audit_scene import checkpoint
from tests.integration.business import SIGNING_KEY, a_pledge_body, at_once, yuan
from tests.integration.importing import a_row, an_old_freeze, an_old_right
from tests.integration.order_scene import (
    FIRM,
    PLEDGES,
    TARGET,
    bear,
    bearing,
    code,
    drafts,
    kept,
    receipt_of,
    send,
    signed,
)
from tests.integration.proving import ProvingBusiness, fresh_key, open_with_proofs

OFFICER, APPROVER = "bank-a.officer", "bank-a.approver"


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[ProvingBusiness]:
    with new_database() as database, open_with_proofs(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def right(business: ProvingBusiness) -> str:
    right = business.verified()
    business.consent(FIRM, HOLDER, "bank-a")
    return right


@pytest.fixture(scope="module")
def draft(right: str) -> bytes:
    return json.dumps(a_pledge_body({right: "1.000000"}), ensure_ascii=False, indent=1).encode()


def test_an_order_without_a_signature_is_refused_before_its_payload_is_judged(
    business: ProvingBusiness, draft: bytes
) -> None:
    before = drafts(business)

    assert code(send(business, PLEDGES, draft)) == (403, "order_signature_required")
    assert code(send(business, PLEDGES, b"{}")) == (403, "order_signature_required")
    assert drafts(business) == before


def test_a_signature_of_anything_else_is_none(business: ProvingBusiness, draft: bytes) -> None:
    before, now = drafts(business), system_clock.now()
    good = signed(business, draft)
    bad = {
        "another body": [signed(business, draft + b" ")],
        "another method": [signed(business, draft, method="PUT")],
        "another path": [signed(business, draft, target=TARGET + "/imports")],
        "a query": [signed(business, draft, target=TARGET + "?x=1")],
        "the address that was called": [signed(business, draft, target=business.base_url + PLEDGES)],
        "too old": [signed(business, draft, now=now - timedelta(seconds=70))],
        "too new": [signed(business, draft, now=now + timedelta(seconds=30))],
        "the key for tokens": [signed(business, draft, key=business.keys[FIRM])],
        "another client's key": [signed(business, draft, client=OFFICER)],
        "nobody's key": [signed(business, draft, key=generate_key())],
        "two": [good, good],
        "no signature": ["x"],
        "empty": [""],
    }

    for name, signatures in bad.items():
        assert code(send(business, PLEDGES, draft, *signatures)) == (403, "order_signature_invalid"), name
    assert drafts(business) == before
    assert send(business, PLEDGES, draft, good).status_code == 201
    asked = signed(business, draft, target=TARGET + "?x=1")
    assert send(business, PLEDGES + "?x=1", draft, asked).status_code == 201


def test_a_revoked_order_key_signs_nothing(business: ProvingBusiness, draft: bytes) -> None:
    client = "enterprise.huangshi"
    thumbprint = business.order_keys[client].key_id
    path = f"/v1/clients/{client}/keys/{thumbprint}/revoke"
    business.post("platform.security", path, {"reason": "lost"}, 200)

    assert code(send(business, PLEDGES, draft, signed(business, draft, client), client=client)) == (
        403,
        "order_signature_invalid",
    )


def test_a_repeated_order_gets_its_kept_answer_and_the_same_receipt(business: ProvingBusiness, draft: bytes) -> None:
    order_id, key = new_order_id(), fresh_key()
    first = send(business, PLEDGES, draft, signed(business, draft, order_id=order_id), key=key)
    after = drafts(business)

    again = send(business, PLEDGES, draft, signed(business, draft, order_id=order_id), key=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.content, again.headers[RECEIPT_HEADER]) == (first.content, first.headers[RECEIPT_HEADER])
    assert drafts(business) == after


def test_an_order_id_is_used_once_whatever_else_differs(business: ProvingBusiness, draft: bytes) -> None:
    order_id, key = new_order_id(), fresh_key()
    assert send(business, PLEDGES, draft, signed(business, draft, order_id=order_id), key=key).status_code == 201
    after, other = drafts(business), draft + b"\n"

    replayed = send(business, PLEDGES, draft, signed(business, draft, order_id=order_id))
    assert (*code(replayed), replayed.json()["order_id"]) == (409, "order_replayed", order_id)
    assert code(send(business, PLEDGES, other, signed(business, other, order_id=order_id)))[1] == "order_replayed"
    assert code(send(business, PLEDGES, draft, signed(business, draft), key=key)) == (422, "idempotency_key_reused")
    assert drafts(business) == after


def test_of_two_at_once_with_one_order_id_one_is_carried_out(business: ProvingBusiness, draft: bytes) -> None:
    business.client(FIRM).token()
    before, signature = drafts(business), signed(business, draft)

    answers = at_once(*[lambda: send(business, PLEDGES, draft, signature)] * 6)

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert drafts(business) == before + 1


def test_a_business_refusal_is_kept_with_a_receipt_and_what_was_no_order_leaves_its_id_free(
    business: ProvingBusiness, draft: bytes
) -> None:
    made = send(business, PLEDGES, draft, signed(business, draft)).json()["id"]
    path, order_id = f"/v1/pledges/{made}/confirm", new_order_id()

    def confirm(body: bytes) -> httpx.Response:
        return send(business, path, body, signed(business, body, target=ISSUER + path, order_id=order_id))

    assert confirm(b'{"x":1}').status_code == 422
    refused = confirm(b"{}")
    assert code(refused) == (409, "pledge_cannot_move")
    assert receipt_of(refused)["answer"]["status"] == 409
    assert code(confirm(b"{}")) == (409, "order_replayed")
    assert kept(business, order_id).json()["status"] == 409


def test_what_is_kept_is_every_byte_that_came_and_a_receipt_that_names_its_place_in_the_trail(
    business: ProvingBusiness, draft: bytes
) -> None:
    send(business, PLEDGES, draft, signed(business, draft))
    checkpoint(business)
    order_id = new_order_id()
    signature = signed(business, draft, order_id=order_id)
    answer = send(business, PLEDGES, draft, signature)

    told, receipt = kept(business, order_id).json(), receipt_of(answer)

    assert (base64.b64decode(told["body"]), told["signature"]) == (draft, signature)
    assert (told["client"], told["tenant"], told["target"]) == (FIRM, FIRM, TARGET)
    assert told["key_thumbprint"] == business.order_keys[FIRM].key_id
    assert told["receipt"] == answer.headers[RECEIPT_HEADER]
    assert kept(business, order_id + "/receipt").json() == {"order_id": order_id, "receipt": told["receipt"]}
    audit = receipt["audit"]
    [(leaf, body)] = business.sql(
        "select hash, leaf from audit_leaves where chain = %s and sequence = %s", FIRM, audit["sequence"]
    )
    entry = json.loads(bytes(body))["entry"]
    assert (bytes(leaf).hex(), entry["id"], entry["subject"]) == (audit["leaf"], audit["entry"], order_id)
    assert entry["details"]["body_sha256"] == receipt["body_sha256"]
    [(head,)] = business.sql(
        "select hash from audit_leaves where chain = %s and sequence = %s", FIRM, receipt["checkpoint"]["sequence"]
    )
    assert bytes(head).hex() == receipt["checkpoint"]["head"]


def test_an_order_is_its_tenants_alone_and_its_id_is_free_to_others(business: ProvingBusiness, draft: bytes) -> None:
    order_id = new_order_id()
    assert send(business, PLEDGES, draft, signed(business, draft, order_id=order_id)).status_code == 201

    foreign, absent = kept(business, order_id, OFFICER), kept(business, new_order_id(), OFFICER)
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert {**foreign.json(), "request_id": ""} == {**absent.json(), "request_id": ""}
    assert order_id not in {each["id"] for each in business.get(OFFICER, "/v1/orders")["items"]}
    theirs = signed(business, draft, OFFICER, order_id=order_id)
    assert send(business, PLEDGES, draft, theirs, client=OFFICER).status_code == 201
    assert kept(business, order_id, "bank-a.auditor").json()["client"] == OFFICER
    assert kept(business, order_id).json()["client"] == FIRM


def test_the_list_shows_each_order_once_in_order(business: ProvingBusiness, draft: bytes) -> None:
    ids = [new_order_id() for _ in range(3)]
    for order_id in ids:
        send(business, PLEDGES, draft, signed(business, draft, order_id=order_id))

    found, cursor = [], ""
    while True:
        page = business.get(FIRM, f"/v1/orders?limit=2{cursor}")
        found += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert set(ids) <= set(found)
    assert len(found) == len(set(found))


def secured(business: ProvingBusiness) -> tuple[str, str]:
    """Return an active pledge over a right of its own, and its loan."""
    loan = business.loan()
    return business.active({business.verified(): "10.000000"}, [loan]), loan


def test_a_release_ordered_without_a_signature_cannot_be_approved_where_signatures_are_required(
    business: ProvingBusiness, right: str
) -> None:
    pledge, _ = secured(business)
    with bearing(business) as bearer:
        bearer.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)

    status, refusal = business.call(APPROVER, "POST", f"/v1/pledges/{pledge}/release/approve", {})
    assert (status, refusal["code"]) == (409, "order_unsigned")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"

    business.act(OFFICER, pledge, "release/cancel")
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    business.act(APPROVER, pledge, "release/approve", expected=202)


def test_one_key_cannot_order_and_approve_even_where_it_serves_two_clients(
    business: ProvingBusiness, right: str
) -> None:
    """The register refuses such a key (`test_clients`); here its guard is taken away, and the second one holds."""
    pledge, _ = secured(business)
    business.act(OFFICER, pledge, "release", {"reason": "waived"}, 202)
    path, key = f"/v1/pledges/{pledge}/release/approve", business.order_keys[OFFICER]
    with pytest.raises(psycopg.errors.UniqueViolation):
        _give_key(business, key)
    business.sql("drop index client_keys_thumbprint")
    _give_key(business, key)

    stolen = signed(business, b"{}", target=ISSUER + path, key=key)
    assert code(send(business, path, b"{}", stolen, client=APPROVER)) == (403, "same_key")
    assert business.get(OFFICER, f"/v1/pledges/{pledge}")["status"] == "active"
    business.act(APPROVER, pledge, "release/approve", expected=202)


def _give_key(business: ProvingBusiness, key: SigningKey) -> None:
    business.sql(
        "insert into client_keys (client_id, kid, public_jwk, purpose) values (%s, %s, %s, 'order')",
        APPROVER,
        key.key_id,
        json.dumps(key.public_jwk),
    )


def test_an_enforcement_takes_the_keys_of_two_persons(business: ProvingBusiness, right: str) -> None:
    pledge, loan = secured(business)
    business.event(loan, "disbursed", "40000.00")
    status, _ = business.event(loan, "accelerated", None)
    assert status == 201
    made = business.act(OFFICER, pledge, "enforcements", {"route": "auction", "reserve_price": yuan("1.00")}, 201)
    path = f"/v1/pledges/{pledge}/enforcements/{made['id']}/approve"

    assert code(send(business, path, b"{}", client=APPROVER)) == (403, "order_signature_required")
    business.post(APPROVER, path, {}, 200)


def test_every_other_second_person_is_held_against_the_first_ones_order(business: ProvingBusiness) -> None:
    """An amendment, money that came in, a batch of old pledges: first without a signature, then with one."""
    loan, right = business.loan(), business.verified()
    pledge = business.active({right: "10.000000"}, [loan])
    assert business.event(loan, "disbursed", "40000.00")[0] == 201
    money = {"kind": "buy_back", "amount": yuan("100.00"), "received_on": TODAY.isoformat(), "reference": "R"}
    old = an_old_right(business)
    row = a_row(old, an_old_freeze(business, old, "1"), "1")
    for path, body in (
        (f"/v1/pledges/{pledge}/compensations", {**money, "apply": "prepay"}),
        (f"/v1/pledges/{pledge}/amendments", {"kind": "top_up", "items": parts(**{right: "1"})}),
        ("/v1/pledges/imports", {"rows": [row]}),
    ):
        with bearing(business) as bearer:
            unsigned = bearer.post(OFFICER, path, body, 201)["id"]
        _consent(business, path, unsigned)
        status, refusal = business.call(APPROVER, "POST", f"{path}/{unsigned}/approve", {})
        assert (status, refusal["code"]) == (409, "order_unsigned"), path
        business.post(APPROVER, f"{path}/{unsigned}/reject", {"reason": "x"}, 200)

        again = {**body, "reference": "R2"} if "reference" in body else body
        made = business.post(OFFICER, path, again, 201)["id"]
        _consent(business, path, made)
        status, told = business.call(APPROVER, "POST", f"{path}/{made}/approve", {})
        assert status in {200, 202}, told


def _consent(business: ProvingBusiness, path: str, made: str) -> None:
    if path.endswith("amendments"):
        business.post(FIRM, f"{path}/{made}/consent", {}, 200)


@pytest.mark.parametrize("table", ["signed_orders", "order_receipts"])
def test_no_role_changes_or_deletes_what_is_kept(business: ProvingBusiness, draft: bytes, table: str) -> None:
    send(business, PLEDGES, draft, signed(business, draft))

    for role in (APP, WORKER, OWNER):
        with psycopg.connect(business.database.libpq(role), autocommit=True) as connection:
            connection.execute("select set_config('greenlien.tenant', %s, false)", [FIRM])
            for statement in (
                f"update {table} set order_id = order_id || 'x'",
                f"delete from {table}",
                f"truncate {table} cascade",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_the_command_line_orders_repeats_and_verifies_offline(
    business: ProvingBusiness, draft: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / name for name in ("key", "order-key", "body", "jwks", "receipt", "answer", "order")}
    save_key(business.keys[FIRM], files["key"])
    save_key(business.order_keys[FIRM], files["order-key"])
    files["body"].write_bytes(draft)
    files["jwks"].write_text(json.dumps({"keys": [SIGNING_KEY.public_jwk]}))
    order_id = new_order_id()
    keys = ["--key", str(files["key"]), "--order-key", str(files["order-key"]), "--base-url", business.base_url]
    ordering = ["call", FIRM, "POST", PLEDGES, "--json", str(files["body"]), "--order", "--order-id", order_id, *keys]

    assert main([*ordering, "--idempotency-key", "k" * 16, "--receipt", str(files["receipt"])]) == 0
    files["answer"].write_text(capsys.readouterr().out, encoding="utf-8")
    assert main([*ordering, "--idempotency-key", "k" * 16]) == 0
    assert capsys.readouterr().out == files["answer"].read_text(encoding="utf-8")
    assert main(["call", FIRM, "GET", f"/v1/orders/{order_id}", *keys]) == 0
    files["order"].write_text(capsys.readouterr().out, encoding="utf-8")

    verifying = ["verify-order", str(files["order"]), "--jwks", str(files["jwks"])]
    assert main([*verifying, "--receipt", str(files["receipt"]), "--answer", str(files["answer"])]) == 0
    said = capsys.readouterr().out
    assert "签署指令" in said
    assert f"{FIRM} of {FIRM} signed the order {order_id}" in said
    assert "answered 201" in said
    assert main(verifying[:2]) == 0
    assert "the file's own word" in capsys.readouterr().out
    files["order"].write_text(files["order"].read_text(encoding="utf-8").replace('"status":201', '"status":200'))
    assert main(verifying) == 1
    assert "status is not what the receipt says" in capsys.readouterr().err


def test_where_bearer_tokens_are_taken_a_signature_may_be_left_out_but_not_be_wrong(
    business: ProvingBusiness, right: str, draft: bytes
) -> None:
    with bearing(business) as bearer:
        assert bearer.draft({right: "1.000000"}).startswith("pledge_")
        forged, good = (
            signed(business, draft, now=NOW, key=key) for key in (generate_key(), business.order_keys[FIRM])
        )

        assert code(bear(bearer, draft, forged)) == (403, "order_signature_invalid")
        assert RECEIPT_HEADER in bear(bearer, draft, good).headers
