"""Every setting, from the environment; `python -m api settings` prints them with the secrets masked."""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from domain.pledges.opening import Opening, windows_of
from domain.ports.estimates import NOTICE_REGISTRY

MASK = "********"
REST, FILES, MANUAL = "rest", "files", "manual"


class SettingMissing(SystemExit):
    """Stop with a sentence that names the variable and what it is for."""


@dataclass(frozen=True, slots=True)
class RegistrySetting:
    """Where a registry answers, who we are to it, and the file that holds the shared key."""

    base_url: str
    app_id: str
    secret_file: Path


@dataclass(frozen=True, slots=True)
class MailboxSetting:
    """Where a registry's mailbox is, and in which format we put orders out."""

    folder: Path
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process needs to know; each field names its variable."""

    database_url: str = field(metadata={"variable": "DATABASE_URL", "secret": True, "about": "the application's role"})
    worker_database_url: str = field(
        metadata={"variable": "WORKER_DATABASE_URL", "secret": True, "about": "the worker's role"}
    )
    migration_database_url: str = field(
        metadata={"variable": "MIGRATION_DATABASE_URL", "secret": True, "about": "the owner's role"}
    )
    issuer: str = field(
        metadata={"variable": "GREENLIEN_ISSUER", "about": "the origin that tokens name, such as https://lien.example"}
    )
    signing_key_file: str = field(
        metadata={"variable": "GREENLIEN_SIGNING_KEY_FILE", "about": "PEM of the key that signs access tokens"}
    )
    registries: str = field(
        metadata={
            "variable": "GREENLIEN_REGISTRIES",
            "about": (
                'JSON: {"zhejiang": {"base_url": "...", "app_id": "...", "secret_file": "..."}}; or by transport '
                '{"transport": "files", "mailbox": "...", "format": "jsonl|csv"}, '
                '{"transport": "manual", "mailbox": "..."} (its statements, if it sends any); each with '
                '"closed": ["Wed 20:00-24:00"] where it has hours in which it takes nothing, and those worked by '
                'people with "working": ["Mon-Fri 09:00-17:00"] (Shanghai; none given: always open)'
            ),
        },
    )
    notice_registry: str = field(
        default="",
        metadata={
            "variable": "GREENLIEN_NOTICE_REGISTRY",
            "about": (
                'JSON: {"base_url": "...", "institution": "...", "secret_file": "..."}, with "closed" like a registry; '
                "without it orders wait"
            ),
        },
    )
    registry_timeout_seconds: str = field(
        default="10", metadata={"variable": "GREENLIEN_REGISTRY_TIMEOUT_SECONDS", "about": "one call's patience"}
    )
    secrets_key_file: str = field(
        default="",
        metadata={
            "variable": "GREENLIEN_SECRETS_KEY_FILE",
            "about": "keys that seal secrets, KEYID:BASE64 a line, the first one seals; without it no webhook is kept",
        },
    )
    key_store: str = field(
        default="",
        metadata={
            "variable": "GREENLIEN_KEY_STORE",
            "about": "folder of the house's keys, which rotate-keys rotates; with it the two key files are not read",
        },
    )
    keys: str = field(
        default="",
        metadata={
            "variable": "GREENLIEN_KEYS",
            "secret": True,
            "about": 'in place of a folder: JSON [{"use": "...", "state": "...", "since": "...", "secret": "..."}]',
        },
    )
    webhook_ports: str = field(
        default="443",
        metadata={"variable": "GREENLIEN_WEBHOOK_PORTS", "about": "to which webhooks may go, with commas between"},
    )
    proxy_secret_file: str = field(
        default="",
        metadata={
            "variable": "GREENLIEN_PROXY_SECRET_FILE",
            "about": (
                "what the proxy that ends mutual TLS sends as Greenlien-Proxy-Secret beside Client-Cert (RFC 9440), "
                "at least 32 bytes; without it certificates of clients are not heeded"
            ),
        },
    )
    rate_limits: str = field(
        default="requests=50/100 tokens=5/10 checks=1/20",
        metadata={
            "variable": "GREENLIEN_RATE_LIMITS",
            "about": "for each client, per second and at once: requests, token requests, checks of one right; or off",
        },
    )
    demonstration: str = field(
        default="",
        metadata={"variable": "GREENLIEN_DEMO", "about": "1 in a demonstration: webhooks may go to this very machine"},
    )
    lapse_working_days: str = field(
        default="10",
        metadata={"variable": "GREENLIEN_LAPSE_WORKING_DAYS", "about": "after which a still application lapses"},
    )
    worker_stalled_seconds: str = field(
        default="10",
        metadata={
            "variable": "GREENLIEN_WORKER_STALLED_SECONDS",
            "about": "without a sign of life, after which a worker's jobs are given to another",
        },
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read what is set; what is not stays empty until somebody needs it."""
        told = {each: environment.get(each.metadata["variable"], "") for each in fields(cls)}
        return cls(**{each.name: value for each, value in told.items() if value or each.default is MISSING})

    def need(self, name: str) -> str:
        """Return a setting that is set; raises SettingMissing otherwise."""
        value: str = getattr(self, name)
        if not value:
            about = next(each.metadata for each in fields(self) if each.name == name)
            message = f"{about['variable']} is not set: {about['about']}."
            raise SettingMissing(message)
        return value

    def registry_endpoints(self) -> dict[str, RegistrySetting]:
        """Return the registries with an interface by name; none when none is set."""
        return {
            name: RegistrySetting(each["base_url"], each["app_id"], Path(each["secret_file"]))
            for name, each in self._transports(REST)
        }

    def registry_mailboxes(self) -> dict[str, MailboxSetting]:
        """Return the registries that exchange files by name."""
        return {
            name: MailboxSetting(Path(each["mailbox"]), each.get("format", "jsonl"))
            for name, each in self._transports(FILES)
        }

    def manual_registries(self) -> dict[str, MailboxSetting | None]:
        """Return the registries worked by hand by name, each with where its statements lie, if it sends any."""
        return {
            name: MailboxSetting(Path(each["mailbox"]), "csv") if "mailbox" in each else None
            for name, each in self._transports(MANUAL)
        }

    def notice_endpoint(self) -> RegistrySetting | None:
        """Return where the notice registry answers, none when none is connected."""
        if not self.notice_registry:
            return None
        told = json.loads(self.notice_registry)
        return RegistrySetting(told["base_url"], told["institution"], Path(told["secret_file"]))

    def proxy_secret(self) -> bytes | None:
        """Return what the trusted proxy proves itself by, none where none is trusted."""
        return Path(self.proxy_secret_file).read_bytes().strip() if self.proxy_secret_file else None

    def openings(self) -> dict[str, Opening]:
        """Return when each registry is open, by name; stops with a sentence at hours that cannot be read."""
        registries = json.loads(self.registries or "{}")
        notice = json.loads(self.notice_registry or "{}")
        told = {name: _opening(f"GREENLIEN_REGISTRIES: {name}", each) for name, each in registries.items()}
        return {**told, NOTICE_REGISTRY: _opening("GREENLIEN_NOTICE_REGISTRY", notice)}

    def _transports(self, transport: str) -> list[tuple[str, dict[str, str]]]:
        """Return name and setting of the registries of a transport; stops at a transport that is none."""
        told = json.loads(self.registries or "{}")
        for name, each in told.items():
            if each.get("transport", REST) not in {REST, FILES, MANUAL}:
                message = f"GREENLIEN_REGISTRIES: {name} has no transport {each['transport']!r}."
                raise SettingMissing(message)
        return [(name, each) for name, each in told.items() if each.get("transport", REST) == transport]

    def printed(self) -> str:
        """Return every variable with its value, passwords masked, and what it is for."""
        lines = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value and each.metadata.get("secret"):
                value = _masked(value)
            lines.append(f"{each.metadata['variable']}={value}    # {each.metadata['about']}")
        return "\n".join(lines)


def _opening(where: str, told: Mapping[str, Any]) -> Opening:
    """Return the opening hours of one entry; working hours are of people, so an interface has none."""
    by_hand = told.get("transport", REST) == MANUAL
    closed, working = told.get("closed", []), told.get("working", [])
    for hours in (closed, working):
        if not isinstance(hours, list) or not all(isinstance(each, str) for each in hours):
            message = f'{where}: hours are a list of texts such as "Wed 20:00-24:00".'
            raise SettingMissing(message)
    if working and told.get("transport", REST) == REST:
        message = f"{where}: an interface has no working hours; say when it is closed."
        raise SettingMissing(message)
    try:
        return Opening(closed=windows_of(*closed), working=windows_of(*working), by_hand=by_hand)
    except ValueError as error:
        message = f"{where}: {error}."
        raise SettingMissing(message) from error


def _masked(secret: str) -> str:
    """Return an address without its password, wherever that stands, and of anything else nothing."""
    parts = urlsplit(secret)
    if not parts.scheme or not parts.netloc + parts.path or secret.lstrip()[:1] in {"[", "{"}:
        return MASK
    login, at, host = parts.netloc.rpartition("@")
    name, colon, _ = login.partition(":")
    netloc = f"{name}{colon}{MASK if colon else ''}{at}{host}"
    query = "&".join(f"{each.partition('=')[0]}={MASK}" if _tells(each) else each for each in parts.query.split("&"))
    return parts._replace(netloc=netloc, query=query, fragment="").geturl()


def _tells(parameter: str) -> bool:
    """Tell whether a parameter of an address names a secret."""
    return parameter.partition("=")[0].lower() not in {"", "host", "port", "sslmode", "application_name", "ssl"}
