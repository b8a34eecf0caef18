"""How a cell of the table is asked, and what is wrong with its answer.

own        the thing is yours: you are neither unknown nor forbidden, and it is there
foreign    it is another's: not there, byte for byte as `absent`
absent     there is none: not there
none       no token: 401
expired    a token of yesterday: 401
scope      your role's token without this one scope: 403

A role without the permission is forbidden in all of the first three, whatever it names.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from api.commands.document import described_app
from api.permissions import BODY, PERMISSION, scopes_of
from domain.values.actors import Actor, Role
from tests.authorisation.rows import ROWS, SEEN_BY_ALL, Row
from tests.authorisation.world import ABSENT, OWNERS, STRANGERS, World, absent, an_upload
from tests.builders import NOW
from tests.fakes.inside import Told
from tests.integration.raw_doors import DOORS
from tests.raw_uploads import FORM

STANDINGS: Final = ("none", "expired", "scope", "foreign", "absent", "own")
"""In this order: `own` comes last, because it changes the things."""
JSON: Final = "application/json"
STALE: Final = '"999999999"'
ADDRESSES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"division": {"division": "330602"}, "page": {"path": "redoc"}, "registry": {"registry": "zhejiang"}}
)


def routes() -> Iterator[tuple[str, str | None, str]]:
    """Yield every route as the router has it: its key in the table, its permission, and its kind of body."""
    for route in described_app().routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                yield f"{method} {route.path_format}", handler.opt.get(PERMISSION), handler.opt.get(BODY, "none")


ROUTES: Final = {key: (permission, body) for key, permission, body in routes()}


@dataclass
class Cells:
    """The table against a world; `rows` and `strangers` are others only where the judge is judged."""

    world: World
    rows: Mapping[str, Row] = field(default_factory=lambda: ROWS)
    strangers: Mapping[Role, Actor] = field(default_factory=lambda: STRANGERS)

    def complaint(self, key: str, role: Role, standing: str) -> str | None:
        """Ask one cell and return what is wrong with its answer, none when it is as the table says."""
        actor = OWNERS[role]
        if standing == "none":
            return self._unknown(self.ask(key, None))
        if standing == "expired":
            return self._unknown(self.ask(key, self.token(actor, days_ago=1)))
        if standing == "scope" or role not in (self.rows[key].roles or ()):
            lacking = self.token(actor, without=ROUTES[key][0] if standing == "scope" else None)
            told = self.ask(key, lacking, self._absent(key) if standing == "absent" else None)
            return None if forbidden(told) else said(told)
        if standing == "own":
            return self._own(key, role)
        if not self.rows[key].thing or self.rows[key].thing in SEEN_BY_ALL:
            return self._of_nobody(key, role, standing)
        return self._not_there(key, role, standing)

    def places(self, key: str) -> Mapping[str, str]:
        """Return what fills the places of a route's address."""
        thing = self.rows[key].thing
        return ADDRESSES[thing] if thing in ADDRESSES else self.world.things[thing] if thing else {}

    def token(self, actor: Actor, *, without: str | None = None, days_ago: int = 0) -> str:
        """Return an actor's header, lacking one scope, or old."""
        scopes = scopes_of(actor.role) - {without} if without else scopes_of(actor.role)
        issued = self.world.business.tokens.issue_access_token(actor, scopes, NOW - timedelta(days=days_ago))
        return f"Bearer {issued.token}"

    def ask(
        self, key: str, authorization: str | None, places: Mapping[str, str] | None = None, seen: str | None = None
    ) -> Told:
        """Ask a route with a body that it understands; `seen` is the version that the client says it saw."""
        places = self.places(key) if places is None else places
        kind, body = self.body(key, places)
        sent = {"Idempotency-Key": secrets.token_hex(16)}
        if seen is not None:
            sent["If-Match"] = seen
        if kind:
            sent["Content-Type"] = kind
        if authorization is not None:
            sent["Authorization"] = authorization
        method, _, path = key.partition(" ")
        return self.world.ask(method, path.format(**places), sent, body)

    def _unknown(self, told: Told) -> str | None:
        return None if (told.status, code(told)) == (401, "unauthenticated") else said(told)

    def _own(self, key: str, role: Role) -> str | None:
        told = self.ask(key, self.token(OWNERS[role]), seen=STALE if _keeps(key) else None)
        if self.rows[key].thing and role not in self.rows[key].owners:
            return None if not_there(told) else said(told)
        return alive(told)

    def _of_nobody(self, key: str, role: Role, standing: str) -> str | None:
        if standing == "absent" or role not in self.strangers:
            return alive(self.ask(key, self.token(OWNERS[role])))
        return self._names_nothing(self.ask(key, self.token(self.strangers[role])))

    def _not_there(self, key: str, role: Role, standing: str) -> str | None:
        who = self.token(self.strangers.get(role, OWNERS[role]) if standing == "foreign" else OWNERS[role])
        gone = self.ask(key, who, self._absent(key))
        if not not_there(gone):
            return "absent: " + said(gone)
        if standing == "foreign" and role in self.strangers:
            told = self.ask(key, who)
            if but_for_its_id(told) != but_for_its_id(gone):
                return f"foreign {said(told)}, absent {said(gone)}"
        return None

    def _absent(self, key: str) -> Mapping[str, str]:
        places = self.places(key)
        return absent(places) if self.rows[key].thing and self.rows[key].thing not in SEEN_BY_ALL else places

    def _names_nothing(self, told: Told) -> str | None:
        """See that a stranger's answer, a list or something new, names nothing of this world's."""
        ours = {place for thing in self.world.things.values() for place in thing.values() if len(place) > len(ABSENT)}
        named = sorted(each for each in ours if each.encode() in told.body)
        broken = told.status >= 500 or told.status in {401, 405, 415, 422}
        return f"names {named}" if named else said(told) if broken else None

    def body(self, key: str, places: Mapping[str, str]) -> tuple[str, bytes]:
        """Return a body that the route understands, about the things of the address, and its kind."""
        method, _, path = key.partition(" ")
        if method not in {"POST", "PUT", "PATCH"}:
            return "", b""
        kind, row = ROUTES[key][1], self.rows[key]
        if kind == "upload":
            return FORM, an_upload()
        if kind == "form":
            return "application/x-www-form-urlencoded", b"grant_type=x"
        if row.body is not None:
            return JSON, json.dumps(dict(row.body)).encode()
        right = places.get("right_id", self.world.things["right"]["right_id"])
        door = DOORS[path.replace("_id}", "}")]
        return JSON, json.dumps(
            door.valid(right, self.world.things["loan"]["loan_id"], places.get("pledge_id", ""))
        ).encode()


def _keeps(key: str) -> bool:
    """Tell whether a command is sent with a version that nobody saw, so that the thing stays for the next cell."""
    return "{pledge_id}" in key or key.startswith("DELETE")


def but_for_its_id(told: Told) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Return an answer without what differs between any two: the request's id."""
    headers = tuple(header for header in told.headers if header[0] != "x-request-id")
    return told.status, headers, told.body.replace(told.header("x-request-id").encode(), b"")


def code(told: Told) -> str:
    """Return a refusal's code, empty for what is none."""
    return str(json.loads(told.body).get("code", "")) if told.status >= 400 and told.body else ""


def forbidden(told: Told) -> bool:
    """Tell whether an answer says that the role may not."""
    return (told.status, code(told)) == (403, "forbidden")


def not_there(told: Told) -> bool:
    """Tell whether an answer says that there is no such thing."""
    return (told.status, code(told)) == (404, "not_found")


def alive(told: Told) -> str | None:
    """Return what is wrong with the answer to somebody whose request is in order."""
    wrong = told.status in {401, 405, 415, 422} or told.status >= 500 or forbidden(told) or not_there(told)
    return said(told) if wrong else None


def said(told: Told) -> str:
    """Return an answer in short."""
    return f"{told.status} {told.body[:200]!r}"
