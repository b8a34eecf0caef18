"""Certificates: what was registered, amended or released, said once, under a number, signed, and never changed.

What a certificate says is fixed in the transaction that makes it true; its signature and its sheet follow, because
neither may hold up the pledge. The subtle thing is the proof: the number is printed everywhere, so the public address
answers only to whoever also brings the beginning of the digest, which nobody has who was not given the certificate.
A certificate tells the moment at which it was issued, and nothing of what has happened since.

Source: 民法典 art. 402, 440-445 (what registration effects); contract section 5; RFC 7515 (the signature).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.pledges.pledges import Pledge, Registration, RegistrationStatus
from domain.pledges.syndicates import Member
from domain.rights.rights import Right
from domain.rights.searches import Encumbrance
from domain.values.canonical_json import digest_of
from domain.values.numbers import is_number, new_number
from domain.values.time import business_date, rfc3339

NUMBER_PREFIX: Final = "GLC"
PROOF_LENGTH: Final = 32
"""As much of the digest as is printed: 128 bits."""


class CertificateKind(StrEnum):
    """What is certified."""

    REGISTRATION = "registration"
    AMENDMENT = "amendment"
    RELEASE = "release"
    PUBLICITY = "publicity"
    DISPOSAL = "disposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party as it is named on a certificate; the name is none where we know only the code."""

    uscc: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What makes a certificate one: the signature, the sheet, and the sheet's digest."""

    jws: str
    sheet: bytes
    sheet_sha256: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate; `occasion` tells two of one kind apart, and it is not issued before it has its seal."""

    number: str
    kind: CertificateKind
    pledge_id: str
    occasion: str
    parties: tuple[str, ...]
    issued_at: datetime
    statement: Mapping[str, object]
    digest: str
    jws: str | None
    sheet_sha256: str | None

    @property
    def is_sealed(self) -> bool:
        """Tell whether it may be handed out."""
        return self.jws is not None

    @property
    def proof(self) -> str:
        """Return what is printed beside the number."""
        return self.digest[:PROOF_LENGTH]


def verify_url(issuer: str, number: str, digest: str) -> str:
    """Return the public address of a certificate, as its QR code has it."""
    return f"{issuer}/verify/{number}?d={digest[:PROOF_LENGTH]}"


def is_certificate_number(text: str) -> bool:
    """Tell whether a text may be the number of a certificate."""
    return is_number(NUMBER_PREFIX, text)


def certify(
    pledge: Pledge,
    rights: Mapping[str, Right],
    standing: Mapping[str, Sequence[Encumbrance]],
    pledgee: Party,
    pledgors: Sequence[Party],
    *,
    kind: CertificateKind,
    occasion: str,
    now: datetime,
) -> Certificate:
    """Return a certificate of the pledge as it stands now, under a fresh number.

    `standing` holds the encumbrances of each right, from which the rank is taken; a released item has none.
    """
    number = new_number(NUMBER_PREFIX, business_date(now))
    secured = pledge.secured
    statement: dict[str, object] = {
        "number": number,
        "kind": kind.value,
        "pledge_id": pledge.id,
        "issued_at": rfc3339(now),
        "pledgee": _party(pledgee),
        "pledgors": [_party(party) for party in pledgors],
        "security_type": pledge.security_type.value,
        "registrations": [_registration(entry) for entry in _in_order(pledge.registrations)],
        "items": [_item(rights[item.right_id], item.quantity.wire()) for item in pledge.items],
        "secured": {
            "amount": {"amount": secured.amount.wire(), "currency": "CNY"},
            "kind": secured.kind.value,
            "scope": list(secured.scope),
            "claims_from": None if secured.claims_from is None else secured.claims_from.isoformat(),
            "claims_to": None if secured.claims_to is None else secured.claims_to.isoformat(),
        },
        "ranks": _ranks(pledge, rights, standing),
        "release_reason": None if pledge.release is None else pledge.release.reason.value,
    }
    if pledge.syndicate:
        statement["syndicate"] = [_member(member, place) for place, member in enumerate(pledge.syndicate)]
    return Certificate(
        number=number,
        kind=kind,
        pledge_id=pledge.id,
        occasion=occasion,
        parties=pledge.parties,
        issued_at=now,
        statement=statement,
        digest=digest_of(statement),
        jws=None,
        sheet_sha256=None,
    )


def _in_order(entries: Sequence[Registration]) -> list[Registration]:
    """Return what was asked of a register, by register and place: in which order it was written says nothing."""
    asked = (entry for entry in entries if entry.status is not RegistrationStatus.NOT_REQUIRED)
    return sorted(asked, key=lambda entry: (entry.register, entry.position))


def _party(party: Party) -> dict[str, object]:
    return {"uscc": party.uscc, "name": party.name}


def _member(member: Member, place: int) -> dict[str, object]:
    role = "participant" if place else "agent"
    return {"role": role, "uscc": member.uscc, "name": member.name, "share": str(member.share)}


def _registration(entry: Registration) -> dict[str, object]:
    return {
        "register": entry.register.value,
        "position": entry.position,
        "status": entry.status.value,
        "reference": entry.reference,
        "registered_at": None if entry.registered_at is None else rfc3339(entry.registered_at),
    }


def _item(right: Right, quantity: str) -> dict[str, object]:
    return {
        "registry": right.registry,
        "registry_no": right.registry_no,
        "permit_no": right.permit_no,
        "holder": {"uscc": right.holder_uscc, "name": right.holder_name},
        "pollutant": right.pollutant.value,
        "quantity": {"amount": quantity, "unit": right.quantity.unit.value},
        "valid_to": None if right.valid_to is None else right.valid_to.isoformat(),
    }


def _ranks(
    pledge: Pledge, rights: Mapping[str, Right], standing: Mapping[str, Sequence[Encumbrance]]
) -> list[dict[str, object]]:
    """Return for each item what was registered on its right before it, by the register's time."""
    ranks: list[dict[str, object]] = []
    for position, item in enumerate(pledge.items):
        entry = next(
            (each for each in pledge.registrations if each.position == position and each.registered_at is not None),
            None,
        )
        here = [
            each
            for each in standing.get(item.right_id, ())
            if entry is not None and each.registered_at == entry.registered_at
        ]
        ranks.append(
            {
                "registry_no": rights[item.right_id].registry_no,
                "register": None if entry is None else entry.register.value,
                "rank": max(here[0].rank or 1, entry.rank or 1) if here and entry is not None else None,
            }
        )
    return ranks
