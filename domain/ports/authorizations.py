"""Where enterprises' consents are kept."""

from datetime import date
from typing import Protocol

from domain.rights.authorizations import Authorization
from domain.values.identifiers import Uscc


class Authorizations(Protocol):
    """Keep consents."""

    async def add(self, authorization: Authorization) -> None:
        """Write a consent."""
        ...

    async def find(self, authorization_id: str) -> Authorization | None:
        """Return a consent of the caller's, given or received."""
        ...

    async def in_force(self, enterprise_uscc: Uscc, grantee: str, on: date) -> bool:
        """Tell whether the grantee holds a consent of the enterprise on a day."""
        ...
