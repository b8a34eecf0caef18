"""Documents of a pledge: kept as sent, handed out as attachments, demanded before money leaves, seen by its parties."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.database_session import Database
from tests.integration.business import Business, open_for_business
from tests.integration.certificate_scene import a_pledged_right, ask, upload
from tests.raw_cases import Target, complaints, send
from tests.raw_uploads import upload_cases

OFFICER, HOLDER, AUTHORITY = "bank-a.officer", "enterprise.shaoxing", "authority.zhejiang"
STRANGERS = ("bank-b.officer", "enterprise.huangshi")
PDF = b"%PDF-1.7\n" + b"x" * 3_000_000
REFERENCE = {"kind": "pledge_contract", "title": "质押合同", "sha256": "ab" * 32, "seal": "电子签章 3307-1"}


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def pledge(business: Business) -> str:
    """Return a draft, which has parties and may have documents."""
    return business.draft({business.verified(): "1"})


def path_of(pledge: str) -> str:
    return f"/v1/pledges/{pledge}/documents"


def conditions(business: Business, pledge: str) -> dict[str, Any]:
    return {each["code"]: each for each in business.get(OFFICER, f"/v1/pledges/{pledge}")["conditions"]}


def test_a_file_of_several_parts_comes_back_byte_for_byte_as_an_attachment(business: Business, pledge: str) -> None:
    added = upload(business, HOLDER, pledge, PDF, name='借款 合同;"1".pdf')
    told = added.json()
    answer = ask(business, OFFICER, "GET", added.headers["location"])

    assert added.status_code == 201
    assert (told["media_type"], told["size_bytes"], told["stored"]) == ("application/pdf", len(PDF), True)
    assert told["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (told["added_by"], told["added_for"]) == (HOLDER, "enterprise.shaoxing")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%80%9F%E6%AC%BE%20")
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(PDF).digest()).decode()}:"


def test_a_page_with_a_script_goes_out_as_bytes_whatever_it_was_called(business: Business, pledge: str) -> None:
    added = upload(business, HOLDER, pledge, b"<html><script>alert(1)</script>", name="a.html", kind="other")
    answer = ask(business, OFFICER, "GET", added.headers["location"])

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_document_that_stays_elsewhere_is_named_by_its_digest(business: Business, pledge: str) -> None:
    told = business.post(OFFICER, path_of(pledge), REFERENCE, 201)

    assert (told["stored"], told["file_name"], told["media_type"], told["size_bytes"]) == (False, None, None, None)
    assert (told["sha256"], told["seal"]) == (REFERENCE["sha256"], REFERENCE["seal"])
    assert business.get(HOLDER, f"{path_of(pledge)}/{told['id']}") == told


def test_the_same_document_a_second_time_is_the_first_but_its_file_comes_beside_its_digest(business: Business) -> None:
    made = business.draft({business.verified(): "1"})
    content = b"%PDF-1.4 same"
    digest = hashlib.sha256(content).hexdigest()
    named = {"kind": "loan_contract", "title": "借款合同", "sha256": digest}

    references = [business.post(client, path_of(made), named, 201)["id"] for client in (HOLDER, OFFICER)]
    files = [upload(business, client, made, content, sha256=digest).json()["id"] for client in (HOLDER, OFFICER)]

    assert len(set(references)) == len(set(files)) == 1
    assert len(business.get(AUTHORITY, path_of(made))["items"]) == 2
    actions = [entry["action"] for entry in business.get(OFFICER, f"/v1/pledges/{made}/history")["items"]]
    assert actions.count("document.added") == 2


def test_documents_are_listed_oldest_first_page_by_page(business: Business) -> None:
    made = business.draft({business.verified(): "1"})
    written = [
        business.post(OFFICER, path_of(made), {**REFERENCE, "sha256": f"{number:064}"}, 201)["id"]
        for number in range(5)
    ]
    first = business.get(OFFICER, path_of(made) + "?limit=3")
    rest = business.get(OFFICER, f"{path_of(made)}?limit=3&cursor={first['next_cursor']}")

    assert sorted(each["id"] for each in first["items"] + rest["items"]) == sorted(written)
    assert (len(first["items"]), rest["next_cursor"]) == (3, None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sha256": None}, "invalid_payload"),
        ({"sha256": "AB" * 32}, "invalid_payload"),
        ({"sha256": "ab" * 31}, "invalid_payload"),
        ({"kind": "selfie"}, "invalid_payload"),
        ({"title": ""}, "invalid_payload"),
        ({"title": "a\u202eb"}, "invalid_payload"),
        ({"file": "a.pdf"}, "invalid_payload"),
        ({"size_bytes": 1}, "invalid_payload"),
    ],
)
def test_what_is_no_document_is_refused(business: Business, pledge: str, body: dict[str, Any], code: str) -> None:
    status, answer = business.call(OFFICER, "POST", path_of(pledge), {**REFERENCE, **body})

    assert status == 422
    assert code in {answer["code"], *(each["code"] for each in answer.get("errors", []))} | {"invalid_payload"}


def test_a_file_that_is_not_what_was_said_of_it_is_refused(business: Business, pledge: str) -> None:
    assert upload(business, HOLDER, pledge, b"", name="empty").json()["code"] == "invalid_document"
    wrong = upload(business, HOLDER, pledge, b"%PDF-", sha256="0" * 64)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "digest_mismatch")
    assert wrong.json()["actual"] == hashlib.sha256(b"%PDF-").hexdigest()


def test_broken_forms_get_a_problem_document(business: Business, pledge: str) -> None:
    headers = {"Authorization": business.authorization(HOLDER), "Idempotency-Key": "0" * 32}
    target = Target(
        base_url=business.base_url, path=path_of(pledge), headers=headers, valid={"kind": "other", "title": "x"}
    )
    found = [
        f"{case.name}: {complaint}"
        for case in upload_cases(target)
        if "application/json" not in case.name  # which this route takes as well, and then finds no JSON in the bytes
        for complaint in complaints(case, send(target, case, "zh-CN"), "zh-CN")
    ]

    assert found == []


def test_a_retry_of_an_upload_is_answered_as_the_first_was(business: Business, pledge: str) -> None:
    key = {"Idempotency-Key": "upload-once-and-for-all"}
    sent = {"data": {"kind": "other", "title": "x"}, "files": {"file": ("a", b"once")}, "headers": key}
    first, second = (ask(business, HOLDER, "POST", path_of(pledge), **dict(sent)) for _ in range(2))

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert second.headers["idempotency-replayed"] == "true"


def test_what_is_another_s_is_answered_as_what_is_not_there(business: Business, pledge: str) -> None:
    document = business.post(OFFICER, path_of(pledge), {**REFERENCE, "sha256": "cd" * 32}, 201)["id"]
    absent_pledge, absent = "pledge_" + "0" * 32, "document_" + "0" * 32
    for stranger in STRANGERS:
        for path in (path_of(pledge), f"{path_of(pledge)}/{document}", f"/v1/pledges/{pledge}/document-demands"):
            foreign = business.get(stranger, path, 404)
            nothing = business.get(stranger, path.replace(pledge, absent_pledge), 404)
            assert {**foreign, "request_id": ""} == {**nothing, "request_id": ""}
        assert business.call(stranger, "POST", path_of(pledge), REFERENCE)[0] == 404
    other = business.draft({business.verified(): "1"})
    assert business.get(OFFICER, f"{path_of(other)}/{document}", 404) is not None
    assert business.get(OFFICER, f"{path_of(pledge)}/{absent}", 404)["code"] == "not_found"


def test_a_demanded_document_is_a_condition_that_is_met_when_it_comes(business: Business) -> None:
    loan = business.loan()
    made = business.active({business.verified(): "10"}, [loan])
    demands = f"/v1/pledges/{made}/document-demands"
    wanted = {"kinds": ["insurance_policy", "loan_contract", "insurance_policy"]}
    assert conditions(business, made).keys() & {"document_insurance_policy", "document_loan_contract"} == set()

    told = business.post(OFFICER, demands, wanted, 201)["items"]

    assert [(each["kind"], each["met_at"]) for each in told] == [("insurance_policy", None), ("loan_contract", None)]
    assert conditions(business, made)["document_loan_contract"] == {
        "code": "document_loan_contract", "met": False, "at": None,
    }  # fmt: skip
    status, refused = business.event(loan, "disbursed", "1.00")
    assert (status, refused["code"]) == (409, "not_active")
    assert {"document_insurance_policy", "document_loan_contract"} <= set(refused["unmet"])

    upload(business, HOLDER, made, b"%PDF-1 contract")
    business.post(OFFICER, path_of(made), {**REFERENCE, "kind": "insurance_policy"}, 201)

    met = conditions(business, made)
    assert met["document_loan_contract"]["met"]
    assert met["document_loan_contract"]["at"] == business.get(HOLDER, demands)["items"][1]["met_at"]
    assert business.event(loan, "disbursed", "1.00")[0] == 201


def test_a_demand_stays_and_is_the_pledgee_s_alone(business: Business) -> None:
    _, made = a_pledged_right(business)
    demands = f"/v1/pledges/{made}/document-demands"

    for _ in range(2):
        told = business.post(OFFICER, demands, {"kinds": ["resolution"]}, 201)["items"]
        assert [each["kind"] for each in told] == ["resolution"]
    assert business.call(HOLDER, "POST", demands, {"kinds": ["resolution"]})[0] == 403
    assert business.call("bank-b.officer", "POST", demands, {"kinds": ["resolution"]})[0] == 404
    assert business.call(OFFICER, "POST", demands, {"kinds": []})[0] == 422


def test_whoever_saw_another_version_of_the_pledge_is_told_so(business: Business) -> None:
    made = business.draft({business.verified(): "1"})
    sent: list[tuple[str, object]] = [("documents", REFERENCE), ("document-demands", {"kinds": ["other"]})]
    for route, body in sent:
        answers = [
            ask(business, OFFICER, "POST", f"/v1/pledges/{made}/{route}", json=body, headers={"If-Match": seen})
            for seen in ('"99"', '"1"')
        ]
        assert [answer.status_code for answer in answers] == [412, 201]
