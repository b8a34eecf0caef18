"""Every upload of the product, with broken forms: a 4xx problem document, quickly, never a 5xx."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.database_session import Database
from tests.integration.business import Business, open_for_business
from tests.raw_cases import RawCase, Target, cases, complaints, send
from tests.raw_uploads import FORM, UPLOADS, form, part, upload_cases

EXCHANGE = "exchange.zhejiang"
NOT_ABOUT_THE_BODY = (
    "the path",
    "a wrong method",
    "an address",
    "headers of",
    "a strange host",
    "no token",
    "author",
    "limit",
)


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


@pytest.mark.parametrize("path", UPLOADS)
def test_broken_forms_get_a_problem_document(path: str, business: Business) -> None:
    headers = {"Authorization": business.authorization(EXCHANGE), "Idempotency-Key": secrets.token_hex(16)}
    target = Target(base_url=business.base_url, path=path, headers=headers, valid=UPLOADS[path], list_path=path)
    general = [case for case in cases(target) if case.name.startswith(NOT_ABOUT_THE_BODY)]

    found = [
        f"{case.name}: {complaint}"
        for case in [*general, *upload_cases(target)]
        for complaint in complaints(case, send(target, case, "zh-CN"), "zh-CN")
    ]

    assert found == []
    assert len(general) > 20
    assert business.sql("select count(*) from market_imports") == [(0,)]


@pytest.mark.parametrize("path", UPLOADS)
def test_the_form_that_the_broken_ones_are_made_of_is_taken(path: str, business: Business) -> None:
    headers = {"Authorization": business.authorization(EXCHANGE), "Idempotency-Key": secrets.token_hex(16)}
    target = Target(base_url=business.base_url, path=path, headers=headers, valid=UPLOADS[path])
    fields = [part(name, value.encode()) for name, value in UPLOADS[path].items()]
    good = RawCase("good", frozenset({202}), form(*fields, part("file", b"x", file_name="a")), content_type=FORM)

    assert send(target, good, "en").status == 202
