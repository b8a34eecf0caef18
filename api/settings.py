"""Every setting, from the environment; `python -m api settings` prints them with the secrets masked."""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

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
                '{"transport": "manual", "mailbox": "..."} (its statements, if it sends any)'
            ),
        },
    )
    notice_registry: str = field(
        default="",
        metadata={
            "variable": "GREENLIEN_NOTICE_REGISTRY",
            "about": 'JSON: {"base_url": "...", "institution": "...", "secret_file": "..."}; without it orders wait',
        },
    )
    registry_timeout_seconds: str = field(
        default="10", metadata={"variable": "GREENLIEN_REGISTRY_TIMEOUT_SECONDS", "about": "one call's patience"}
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


def _masked(url: str) -> str:
    parts = urlsplit(url)
    return url if parts.password is None else url.replace(f":{parts.password}@", f":{MASK}@", 1)
