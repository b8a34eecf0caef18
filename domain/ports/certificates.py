"""Certificates: where they are kept, who signs them, and who sets the sheet.

The signer and the sheet maker know nothing of pledges: the one signs bytes, the other sets what a statement says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.errors import DomainError
from domain.pledges.certificates import Certificate, CertificateKind, Seal
from domain.ports.tokens import PublicKey


@dataclass(eq=False)
class SealBroken(DomainError):
    """Refuse a signed statement that is not what one of the given keys signed; `reason` says why to a person."""

    code = "seal_broken"

    reason: str


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """What the public address tells."""

    statement: Mapping[str, object]
    digest: str
    jws: str


class Certificates(Protocol):
    """Keep certificates; what they say is never changed, and their seal is set once."""

    async def add(self, certificate: Certificate) -> bool:
        """Write one; false where its number is taken, or the pledge has one of this kind and occasion."""
        ...

    async def of_occasion(self, pledge_id: str, kind: CertificateKind, occasion: str) -> Certificate | None:
        """Return the one that was issued on an occasion, none when there was none."""
        ...

    async def find(self, number: str) -> Certificate | None:
        """Return a certificate that the caller may see, none otherwise."""
        ...

    async def of_pledge(self, pledge_id: str) -> Sequence[Certificate]:
        """Return a pledge's certificates, oldest first."""
        ...

    async def sheet(self, number: str) -> bytes:
        """Return the sheet of a sealed certificate."""
        ...

    async def seal(self, number: str, seal: Seal) -> bool:
        """Set the seal; false where there is one."""
        ...

    async def shown(self, number: str, proof: str) -> ShownCertificate | None:
        """Return what anybody may know who brings the beginning of the digest; none otherwise."""
        ...


class CertificateSigner(Protocol):
    """Signs statements with the house's key."""

    def sign(self, statement: Mapping[str, object], kind: str = ...) -> str:
        """Return a compact JWS over the statement's canonical JSON; `kind` is its type, a certificate's by default."""
        ...


class SignatureReader(Protocol):
    """Reads signed statements, anywhere."""

    def __call__(self, jws: str, keys: Sequence[PublicKey]) -> Mapping[str, object]:
        """Return what one of the keys signed; raises SealBroken."""
        ...


class SheetMaker(Protocol):
    """Sets certificates in type."""

    def sheet(self, statement: Mapping[str, object], digest: str, verify_url: str) -> bytes:
        """Return the certificate as PDF, its font embedded and its text extractable; the same input, the same bytes."""
        ...
