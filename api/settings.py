"""Every setting, from the environment; `python -m api settings` prints them with the secrets masked."""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

MASK = "********"


class SettingMissing(SystemExit):
    """Stop with a sentence that names the variable and what it is for."""


@dataclass(frozen=True, slots=True)
class RegistrySetting:
    """Where a registry answers, who we are to it, and the file that holds the shared key."""

    base_url: str
    app_id: str
    secret_file: Path


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
            "about": 'JSON: {"zhejiang": {"base_url": "...", "app_id": "...", "secret_file": "..."}}',
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
        """Return the registries by name; none when none is set."""
        told = json.loads(self.registries or "{}")
        return {
            name: RegistrySetting(each["base_url"], each["app_id"], Path(each["secret_file"]))
            for name, each in told.items()
        }

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
