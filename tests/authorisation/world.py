"""One of every thing that an address can name, made by its parties through the doors.

Everything here belongs to the first bank, the enterprise of Shaoxing, the authority and exchange of Zhejiang, and the
portal of Zhejiang (with the enterprise's consent). Whoever else has the same roles is a stranger to all of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from domain.ports.tenants import Tenant
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, RegistryNo, Uscc
from tests.authorisation.later_things import (
    THIRD_USCC,
    administered,
    called,
    imported_and_compensated,
    ordered,
    told_by_webhook,
    with_a_third_bank,
)
from tests.builders import BANK_USCC, HOLDER
from tests.fakes.inside import Inside, Told
from tests.integration.amendment_scene import a_lent_pledge
from tests.integration.business import HUANGSHI, OTHER_BANK_USCC, Business, quantity
from tests.integration.certificate_scene import sealed
from tests.integration.enforcing import a_default, proposed
from tests.integration.raw_doors import (
    AUTHORITY,
    ENTERPRISE,
    EXCHANGE,
    OFFICER,
    a_policy,
    an_adoption,
    an_appraisal,
)
from tests.integration.test_registry_tasks import freezing
from tests.integration.vigil import forget_freezes, watch
from tests.raw_uploads import FORM, form, part

ABSENT: Final = "0" * 32
OTHERS: Final = (
    Tenant(id="portal.zhejiang", kind="portal", name="门户", uscc=None, division=None),
    Tenant(id="portal.hubei", kind="portal", name="另一门户", uscc=None, division=None),
    Tenant(id="fund.ningxia", kind="fund", name="基金", uscc=None, division=None),
    Tenant(id="fund.hubei", kind="fund", name="另一基金", uscc=None, division=None),
    Tenant(id="authority.hubei", kind="authority", name="另一主管部门", uscc=None, division=Division("42")),
    Tenant(id="bank-c", kind="bank", name="丙银行", uscc=THIRD_USCC, division=None),
    Tenant(id="exchange.hubei", kind="exchange", name="另一交易所", uscc=None, division=None),
)

Things = Mapping[str, Mapping[str, str]]
"""By the thing's name: what an address's places are filled with."""


def _actor(client: str, tenant: str, role: Role, uscc: Uscc | None = None, division: str | None = None) -> Actor:
    place = None if division is None else Division(division)
    return Actor(client_id=client, tenant=tenant, role=role, uscc=uscc, division=place)


OWNERS: Final[Mapping[Role, Actor]] = MappingProxyType(
    {
        Role.BANK_OFFICER: _actor(OFFICER, "bank-a", Role.BANK_OFFICER, BANK_USCC),
        Role.BANK_APPROVER: _actor("bank-a.approver", "bank-a", Role.BANK_APPROVER, BANK_USCC),
        Role.ENTERPRISE: _actor(ENTERPRISE, ENTERPRISE, Role.ENTERPRISE, HOLDER),
        Role.AUTHORITY: _actor(AUTHORITY, AUTHORITY, Role.AUTHORITY, None, "33"),
        Role.EXCHANGE: _actor(EXCHANGE, EXCHANGE, Role.EXCHANGE),
        Role.PORTAL: _actor("portal.zhejiang", "portal.zhejiang", Role.PORTAL),
        Role.FUND: _actor("fund.ningxia", "fund.ningxia", Role.FUND),
        Role.AUDITOR: _actor("auditor.bank-a", "bank-a", Role.AUDITOR, BANK_USCC),
        Role.PLATFORM_OPS: _actor("platform.ops", "greenlien", Role.PLATFORM_OPS),
        Role.PLATFORM_SECURITY: _actor("platform.security", "greenlien", Role.PLATFORM_SECURITY),
        Role.PLATFORM_AUDIT: _actor("platform.audit", "greenlien", Role.PLATFORM_AUDIT),
    }
)
STRANGERS: Final[Mapping[Role, Actor]] = MappingProxyType(
    {
        Role.BANK_OFFICER: _actor("bank-b.officer", "bank-b", Role.BANK_OFFICER, OTHER_BANK_USCC),
        Role.BANK_APPROVER: _actor("bank-b.approver", "bank-b", Role.BANK_APPROVER, OTHER_BANK_USCC),
        Role.ENTERPRISE: _actor("enterprise.huangshi", "enterprise.huangshi", Role.ENTERPRISE, HUANGSHI),
        Role.AUTHORITY: _actor("authority.hubei", "authority.hubei", Role.AUTHORITY, None, "42"),
        Role.EXCHANGE: _actor("exchange.hubei", "exchange.hubei", Role.EXCHANGE),
        Role.PORTAL: _actor("portal.hubei", "portal.hubei", Role.PORTAL),
        Role.FUND: _actor("fund.hubei", "fund.hubei", Role.FUND),
        Role.AUDITOR: _actor("auditor.bank-b", "bank-b", Role.AUDITOR, OTHER_BANK_USCC),
    }
)
"""The platform is one; its roles have no strangers."""


@dataclass(frozen=True)
class World:
    """The product with one of everything in it."""

    business: Business
    inside: Inside
    things: Things

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Told:
        """Send one request."""
        return self.inside.ask(method, path, headers, body)


def furnished(
    business: Business, inside: Inside, makers: Sequence[Callable[[Business], Things]] | None = None
) -> World:
    """Return the world with one of everything, or of what some makers make."""
    for grantee in ("bank-a", "portal.zhejiang"):
        business.consent(ENTERPRISE, HOLDER, grantee)
    things: dict[str, Mapping[str, str]] = {}
    for make in MAKERS if makers is None else makers:
        things |= make(business)
    return World(business, inside, MappingProxyType(things))


def _rights(business: Business) -> Things:
    right, loan = business.verified(), business.loan()
    pledge = business.draft({right: "1"}, [loan])
    business.act(ENTERPRISE, pledge, "submit")
    valuation = business.get(OFFICER, f"/v1/pledges/{pledge}")["items"][0]["valuation_id"]
    put = {
        kind: str(business.post(OFFICER, path, body, 201)["id"])
        for kind, path, body in (
            ("appraisal", f"/v1/rights/{right}/appraisals", an_appraisal()),
            ("adoption", f"/v1/rights/{right}/adopted-values", an_adoption()),
            ("policy", "/v1/policies/valuation", a_policy()),
        )
    }
    hold = business.post(
        AUTHORITY,
        f"/v1/rights/{right}/holds",
        {"kind": "judicial", "quantity": quantity("1"), "reference": "R", "reason": "x"},
        201,
    )
    consent = {"enterprise_uscc": HOLDER, "grantee": "bank-a", "scope": ["rights:read"], "document": {"name": "授权书"}}
    granted = business.post(
        ENTERPRISE, "/v1/authorizations", {**consent, "from": "2026-01-01", "to": "2027-01-01"}, 201
    )
    search = business.post(OFFICER, "/v1/searches", {"by": "uscc", "value": HOLDER}, 201)
    document = {"kind": "other", "title": "x", "sha256": "0" * 64}
    added = business.post(OFFICER, f"/v1/pledges/{pledge}/documents", document, 201)
    return {
        "right": {"right_id": right},
        "loan": {"loan_id": loan},
        "pledge": {"pledge_id": pledge},
        "valuation": {"valuation_id": str(valuation)},
        "appraisal": {"right_id": right, "appraisal_id": put["appraisal"]},
        "adoption": {"right_id": right, "adoption_id": put["adoption"]},
        "policy": {"policy_id": put["policy"]},
        "hold": {"right_id": right, "hold_id": str(hold["id"])},
        "authorization": {"authorization_id": str(granted["id"])},
        "search": {"search_id": str(search["id"])},
        "document": {"pledge_id": pledge, "document_id": str(added["id"])},
    }


def _pledges(business: Business) -> Things:
    defaulted, _, _ = a_default(business)
    enforcement = proposed(business, defaulted)
    lent, _, _ = a_lent_pledge(business)
    more = {"kind": "top_up", "items": [{"right_id": business.verified(), "quantity": quantity("1")}]}
    amendment = business.post(OFFICER, f"/v1/pledges/{lent}/amendments", more, 201)
    sealed(business)
    number = business.get(OFFICER, f"/v1/pledges/{lent}/certificate")["number"]
    return {
        "active": {"pledge_id": lent},
        "enforcement": {"pledge_id": defaulted, "enforcement_id": enforcement, "condition_id": "authority_consent"},
        "amendment": {"pledge_id": lent, "amendment_id": str(amendment["id"])},
        "certificate": {"number": str(number)},
    }


def _registry(business: Business) -> Things:
    right = business.verified()
    business.active({right: "10"}, [business.loan()])
    ((number,),) = business.sql("select registry_no from rights where id = %s", right)
    forget_freezes(business, RegistryNo(number))
    run = business.post(AUTHORITY, "/v1/reconciliation/runs", {"registry": "zhejiang"}, 202)
    watch(business)
    (case,) = [
        each for each in business.get(AUTHORITY, "/v1/reconciliation/cases")["items"] if each["right_id"] == right
    ]
    _, task = freezing(business)
    return {
        "task": {"task_id": str(task["id"])},
        "run": {"run_id": str(run["id"])},
        "case": {"case_id": str(case["id"])},
    }


def _imports(business: Business) -> Things:
    headers = {
        "Authorization": business.authorization(EXCHANGE),
        "Idempotency-Key": "k" * 16,
        "Content-Type": FORM,
    }
    answer = business._http.post(f"{business.base_url}/v1/market/imports", content=an_upload(), headers=headers)
    assert answer.status_code == 202, answer.text
    return {"import": {"import_id": str(answer.json()["id"])}}


def an_upload(fields: Mapping[str, str] = MappingProxyType({"format": "csv", "source": "own"})) -> bytes:
    """Return a form with a file that a reader could read."""
    parts = [part(name, value.encode()) for name, value in {**fields, "kind": "listed"}.items()]
    return form(*parts, part("file", b"a,b\r\n1,2\r\n", file_name="a.csv"))


def _verification(business: Business) -> Things:
    body = {"registry": "zhejiang", "registry_no": "PWQ-ZJ-1", "holder_uscc": HOLDER}
    business.post(ENTERPRISE, "/v1/rights/verifications", body, 200)
    ((verification,),) = business.sql("select id from verifications order by created_at desc, id limit 1")
    return {"verification": {"verification_id": verification}}


MAKERS: list[Callable[[Business], Things]] = [
    _rights,
    _pledges,
    administered,
    imported_and_compensated,
    called,
    with_a_third_bank,
    _registry,
    _imports,
    _verification,
    told_by_webhook,
    ordered,
]
"""Who makes what; a part of the product that brings a new kind of thing adds a function here."""
PLAIN: Final = (_rights, imported_and_compensated, called, told_by_webhook, ordered)
"""Who makes a few things quickly."""


def absent(thing: Mapping[str, str], named: Any = None) -> dict[str, str]:  # noqa: ANN401 - a place's name, or none
    """Return the places of a thing that is not there: the last one, which names it, leads nowhere."""
    places = dict(thing)
    last = named or [place for place in places if place != "condition_id"][-1]
    prefix, mark, _ = places[last].partition("_")
    places[last] = f"{prefix}_{ABSENT}" if mark else ABSENT
    return places
