"""Files of trades through the real doors: kept, read in the background, and every row accounted for."""

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.request import Request, urlopen

import httpx
import pytest

from api.jobs import market_imports
from domain.market.imports import RowRead, RowRefused
from integrations.database.engine import make_engine
from tests.builders import NOW
from tests.database_session import Database
from tests.integration.business import Business, _house, open_for_business
from tests.unit.exchange.samples import a_bulletin, csv_of, workbook_of

EXCHANGE, OFFICER, OTHER_OFFICER, AUTHORITY = (
    "exchange.zhejiang",
    "bank-a.officer",
    "bank-b.officer",
    "authority.zhejiang",
)
PATH: Final = "/v1/market/imports"
HEADER: Final = ("编号", "日期", "地点", "品种", "成交价(元/吨)", "成交量(吨)", "成交额(元)")


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    with new_database() as database, open_for_business(database) as opened:
        yield opened


def deals(count: int, number: str) -> list[tuple[str, ...]]:
    """Return deals of quantities that no other test's deals have: the same deal told twice would be a duplicate."""
    first = zlib.crc32(number.encode()) % 900_000 + 1
    return [
        (
            f"{number}-{more}",
            f"2026-10-{more % 28 + 1:02d}",
            "湖北",
            "HBEA",
            "40.00",
            f"{first + more}",
            f"{40 * (first + more)}",
        )
        for more in range(count)
    ]


def upload(
    business: Business,
    content: bytes,
    client: str = EXCHANGE,
    key: str | None = None,
    file_name: str = "trades.csv",
    **fields: str,
) -> httpx.Response:
    """Send a file as a form."""
    form = {"format": "csv", "source": "src-" + secrets.token_hex(4), "kind": "listed", **fields}
    headers = {"Authorization": business.authorization(client), "Idempotency-Key": key or secrets.token_hex(16)}
    files = {"file": (file_name, content, "application/octet-stream")}
    return httpx.post(business.base_url + PATH, data=form, files=files, headers=headers, trust_env=False, timeout=30)


def sent(business: Business, content: bytes, client: str = EXCHANGE, **fields: Any) -> str:  # noqa: ANN401 - form fields
    """Send a file that is taken and return the import's id."""
    answer = upload(business, content, client, **fields)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{PATH}/{answer.json()['id']}"
    return str(answer.json()["id"])


def work(business: Business, import_id: str) -> None:
    """Do the worker's step for one import, as the worker's own role."""

    async def step() -> None:
        engine = make_engine(business.database.worker_url, pool_size=2)
        try:
            await market_imports.import_trades(_house(engine, business.registry, lambda: NOW), import_id)
        finally:
            await engine.dispose()

    asyncio.run(step())


def imported(business: Business, content: bytes, client: str = EXCHANGE, **fields: Any) -> Any:  # noqa: ANN401 - any JSON answer
    """Send a file, let the worker read it, and return the import."""
    import_id = sent(business, content, client, **fields)
    work(business, import_id)
    return business.get(client, f"{PATH}/{import_id}?limit=200")


def counts(answer: dict[str, Any]) -> tuple[int, int, int, int, int]:
    totals = answer["totals"]
    names = ("rows_read", "rows_accepted", "rows_duplicate", "rows_quarantined", "rows_refused")
    return tuple(totals[name] for name in names)


def test_a_file_is_taken_in_and_accounts_for_every_row(business: Business) -> None:
    rows = deals(5, "ALL")
    rows.append(("ALL-5", "2026-10-01", "湖北", "HBEA", "40.00", "zehn", ""))
    rows.append(("ALL-6", "2026-10-01", "湖北", "HBEA", "40.00", "10", "999.00"))
    rows.append(rows[0])

    answer = imported(business, csv_of(HEADER, rows))

    assert (answer["status"], answer["failure"]) == ("done", None)
    assert counts(answer) == (8, 5, 1, 1, 1)
    assert [(row["row"], row["stage"], row["code"]) for row in answer["rows_refused"]["items"]] == [
        (7, "reading", "cell_unreadable"),
        (8, "screening", "amount_mismatch"),
    ]
    assert "zehn" in answer["rows_refused"]["items"][0]["raw"]


def test_a_file_waits_until_the_worker_comes(business: Business) -> None:
    import_id = sent(business, csv_of(HEADER, deals(1, "WAIT")))

    waiting = business.get(EXCHANGE, f"{PATH}/{import_id}")
    jobs = business.sql("select lock from procrastinate_jobs where args->>'import_id' = %s", import_id)

    assert (waiting["status"], waiting["rows_done"], waiting["finished_at"]) == ("queued", 0, None)
    assert jobs == [("imports:exchange.zhejiang",)]


def test_the_same_file_again_doubles_nothing(business: Business) -> None:
    content = csv_of(HEADER, deals(3, "AGAIN"))
    first = imported(business, content, source="again")

    second = imported(business, content, source="again")

    assert counts(first) == (3, 3, 0, 0, 0)
    assert counts(second) == (3, 0, 3, 0, 0)
    assert business.sql("select count(*) from trades where source = 'again'") == [(3,)]


def test_a_worker_that_died_between_two_transactions_is_followed_by_one_that_goes_on(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = sent(business, csv_of(HEADER, deals(10, "CRASH")), source="crash")
    taken = market_imports._take_in
    batches: list[int] = []

    async def taken_twice_then_dead(house: Any, known: Any, batch: Sequence[RowRead | RowRefused], reading: Any) -> Any:  # noqa: ANN401 - as it is called
        if len(batches) == 2:
            raise RuntimeError("the power fails")
        batches.append(len(batch))
        return await taken(house, known, batch, reading)

    with monkeypatch.context() as patched:
        patched.setattr(market_imports, "ROWS_A_TRANSACTION", 3)
        patched.setattr(market_imports, "_take_in", taken_twice_then_dead)
        with pytest.raises(RuntimeError):
            work(business, import_id)
    halfway = business.get(EXCHANGE, f"{PATH}/{import_id}")
    work(business, import_id)
    finished = business.get(EXCHANGE, f"{PATH}/{import_id}")

    assert (halfway["status"], halfway["rows_done"]) == ("running", 6)
    assert counts(finished) == (10, 10, 0, 0, 0)
    assert business.sql("select count(*) from trades where source = 'crash'") == [(10,)]


def test_two_workers_at_the_same_import_take_each_row_in_once(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = sent(business, csv_of(HEADER, deals(12, "TWO")), source="two")
    monkeypatch.setattr(market_imports, "ROWS_A_TRANSACTION", 2)

    async def both() -> None:
        engine = make_engine(business.database.worker_url, pool_size=4)
        house = _house(engine, business.registry, lambda: NOW)
        try:
            await asyncio.gather(*(market_imports.import_trades(house, import_id) for _ in range(2)))
        finally:
            await engine.dispose()

    asyncio.run(both())

    answer = business.get(EXCHANGE, f"{PATH}/{import_id}")
    assert (answer["status"], counts(answer)) == ("done", (12, 12, 0, 0, 0))


def test_a_finished_import_is_left_alone(business: Business) -> None:
    import_id = sent(business, csv_of(HEADER, deals(2, "DONE")), source="done")
    work(business, import_id)

    work(business, import_id)

    assert business.sql("select count(*) from audit_entries where subject = %s", import_id) == [(2,)]


def test_a_file_that_cannot_be_read_fails_with_its_reason_and_keeps_what_was_read(business: Business) -> None:
    answer = imported(business, b"\x1f\x8b\x08\x00rest", source="gzip")

    assert (answer["status"], answer["failure"]["code"]) == ("failed", "not_a_text_file")
    assert counts(answer) == (0, 0, 0, 0, 0)


def test_what_is_tried_in_vain_for_long_is_given_up_and_says_so(business: Business) -> None:
    import_id = sent(business, csv_of(HEADER, deals(1, "VAIN")))

    async def give_up() -> None:
        engine = make_engine(business.database.worker_url, pool_size=2)
        try:
            await market_imports.give_up(_house(engine, business.registry, lambda: NOW), import_id)
        finally:
            await engine.dispose()

    asyncio.run(give_up())

    answer = business.get(EXCHANGE, f"{PATH}/{import_id}")
    assert (answer["status"], answer["failure"]["code"]) == ("failed", "internal_error")


def test_rows_of_a_restricted_or_private_file_are_nobody_elses(business: Business) -> None:
    for licence in ("restricted", "private"):
        answer = imported(business, csv_of(HEADER, deals(2, licence)), source=licence, licence=licence)
        assert (answer["shared"], answer["totals"]["rows_accepted"]) == (False, 2)

    shared = business.sql("select distinct shared from trades where source in ('restricted', 'private')")

    assert shared == [(False,)]


def test_rows_of_an_exchanges_open_file_are_everybodys_and_those_of_a_banks_are_its_own(business: Business) -> None:
    exchange = imported(business, csv_of(HEADER, deals(1, "OPEN")), source="open-x")
    bank = imported(business, csv_of(HEADER, deals(1, "BANK")), client=OFFICER, source="open-b")

    assert (exchange["shared"], bank["shared"]) == (True, False)
    assert business.sql("select shared from trades where source = 'open-x'") == [(True,)]
    assert business.sql("select shared from trades where source = 'open-b'") == [(False,)]


def test_a_bulletin_that_forbids_publication_is_restricted_whatever_its_sender_says(business: Business) -> None:
    content = (a_bulletin() + "未经本所书面同意,任何机构和个人不得发布全国碳市场交易行情。").encode()

    answer = imported(
        business, content, format="cea_bulletin", licence="open", source="cea", file_name="公告20261020.txt"
    )

    assert (answer["licence"], answer["shared"]) == ("restricted", False)
    assert counts(answer) == (2, 2, 0, 0, 0)
    assert "licence_notice" in {remark["code"] for remark in answer["remarks"]}


def test_a_notice_inside_a_file_keeps_its_rows_from_being_shared_at_all(business: Business) -> None:
    notice = "未经许可，任何单位不得转载或发布本数据\n".encode()

    answer = imported(business, notice + csv_of(HEADER, deals(2, "INSIDE")), source="inside", licence="open")

    assert (answer["licence"], answer["totals"]["rows_accepted"]) == ("restricted", 2)
    assert business.sql("select distinct shared from trades where source = 'inside'") == [(False,)]


def test_a_feed_says_what_its_files_do_not_and_its_licence_cannot_be_loosened(business: Business) -> None:
    rows = [("2026-10-08", "30.50", "100", "3050.00")]
    content = csv_of(("日期", "成交价", "成交量", "成交额"), rows)

    answer = imported(business, content, feed="pilot_hubei", source="feed", licence="open")

    assert (answer["licence"], answer["totals"]["rows_accepted"]) == ("restricted", 1)
    assert answer["defaults"]["division"] == "420000"
    assert answer["totals"]["quantities"] == [{"amount": "100.000000", "unit": "tCO2e"}]


def test_a_workbook_and_a_notice_come_through_the_same_door(business: Business) -> None:
    book = workbook_of([HEADER, *deals(3, "BOOK")])
    notice = "某县排污权竞价出让公告\n编号:A1\n氨氮4.4吨/年,起始价4000元/吨·年".encode("gb18030")

    rows = imported(business, book, format="xlsx", file_name="book.xlsx")
    lots = imported(business, notice, format="auction_notice", file_name="notice.txt")

    assert counts(rows) == (3, 3, 0, 0, 0)
    assert (lots["status"], counts(lots)) == ("done", (0, 0, 0, 0, 0))
    assert lots["notices"][0]["lots"][0]["start_price"]["per_period"] == "year"


def test_nobody_else_sees_an_import(business: Business) -> None:
    import_id = sent(business, csv_of(HEADER, deals(1, "MINE")), client=OFFICER)

    status, answer = business.call(OTHER_OFFICER, "GET", f"{PATH}/{import_id}")
    listed = business.get(OTHER_OFFICER, PATH)

    assert (status, answer["code"]) == (404, "not_found")
    assert listed == {"items": [], "next_cursor": None}
    assert import_id in {item["id"] for item in business.get(OFFICER, PATH)["items"]}


def test_lists_are_paged_by_what_stands_in_them(business: Business) -> None:
    rows = [(f"P-{place}", "2026-10-01", "湖北", "HBEA", "x", "1", "1") for place in range(5)]
    import_id = str(imported(business, csv_of(HEADER, rows))["id"])
    seen: list[int] = []
    cursor = ""
    while True:
        page = business.get(EXCHANGE, f"{PATH}/{import_id}?limit=2{cursor}")["rows_refused"]
        seen += [row["row"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    whole = [item["id"] for item in business.get(EXCHANGE, f"{PATH}?limit=200")["items"]]
    first = business.get(EXCHANGE, f"{PATH}?limit=1")
    rest = business.get(EXCHANGE, f"{PATH}?limit=200&cursor={first['next_cursor']}")

    assert seen == [2, 3, 4, 5, 6]
    assert import_id in whole
    assert [item["id"] for item in (*first["items"], *rest["items"])] == whole


def test_a_retry_under_the_same_key_is_the_same_import_however_it_is_wrapped(business: Business) -> None:
    key = secrets.token_hex(16)
    content = csv_of(HEADER, deals(1, "KEY"))
    first = upload(business, content, key=key, source="key")

    again = upload(business, content, key=key, source="key")
    other = upload(business, content + b"\n", key=key, source="key")

    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"format": "pdf"}, "#/format"),
        ({"licence": "free"}, "#/licence"),
        ({"feed": "nowhere"}, "#/feed"),
        ({"feed": "cea_daily"}, "#/format"),
        ({"division": "33"}, "#/division"),
        ({"instrument": "gold"}, "#/instrument"),
        ({"zzz": "1"}, "#/zzz"),
        ({"source": ""}, "#/source"),
        ({"file_name": "a\u202eb.csv"}, "#/file"),
    ],
)
def test_a_form_that_says_something_else_is_refused_with_its_place(
    business: Business, fields: dict[str, str], pointer: str
) -> None:
    answer = upload(business, b"x", **fields)

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_form_without_file_or_source_is_refused(business: Business) -> None:
    headers = {"Authorization": business.authorization(EXCHANGE), "Idempotency-Key": secrets.token_hex(16)}
    fields = {"format": (None, "csv"), "source": (None, "x")}
    nameless = {"format": (None, "csv"), "file": ("a.csv", b"x")}
    for form, places in ((fields, ["#/file"]), (nameless, ["#"])):
        answer = httpx.post(business.base_url + PATH, files=form, headers=headers, trust_env=False)  # type: ignore[arg-type]  # httpx takes either
        assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, places)


def test_who_may_not_report_trades_may_not_send_a_file(business: Business) -> None:
    answer = upload(business, b"x", client="enterprise.shaoxing")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_file_above_twenty_mebibytes_is_refused(business: Business) -> None:
    request = Request(  # noqa: S310 - our own server
        business.base_url + PATH,
        data=b"",
        headers={
            "Authorization": business.authorization(EXCHANGE),
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str((20 << 20) + 1),
        },
    )
    with pytest.raises(OSError) as refused:  # noqa: PT011 - urllib's HTTPError is one
        urlopen(request, timeout=5)  # noqa: S310 - our own server

    assert json.loads(refused.value.read())["code"] == "body_too_large"  # type: ignore[attr-defined]  # HTTPError reads
