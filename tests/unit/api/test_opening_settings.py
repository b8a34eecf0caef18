"""The registries' hours as a setting: read, or refused with a sentence that names the registry."""

import json

import pytest

from api.settings import SettingMissing, Settings
from domain.pledges.opening import ALWAYS_OPEN, Opening, windows_of

REST = {"base_url": "https://a.example", "app_id": "x", "secret_file": "k"}


def settings(**registries: object) -> Settings:
    return Settings.from_environment({"GREENLIEN_REGISTRIES": json.dumps(registries)})


def test_without_hours_every_registry_is_always_open() -> None:
    assert settings(zhejiang=REST).openings() == {"zhejiang": ALWAYS_OPEN, "notice_registry": ALWAYS_OPEN}


def test_hours_are_read_by_registry() -> None:
    clerks = {"transport": "manual", "working": ["Mon-Fri 09:00-17:00"], "closed": ["Fri 16:00-24:00"]}

    told = settings(zhejiang={**REST, "closed": ["Wed 20:00-24:00"]}, shanxi=clerks).openings()

    assert told["zhejiang"] == Opening(closed=windows_of("Wed 20:00-24:00"))
    assert told["shanxi"] == Opening(
        closed=windows_of("Fri 16:00-24:00"), working=windows_of("Mon-Fri 09:00-17:00"), by_hand=True
    )


def test_the_notice_registry_has_hours_of_its_own() -> None:
    environment = {"GREENLIEN_NOTICE_REGISTRY": json.dumps({**REST, "closed": ["Sun 00:00-08:00"]})}

    told = Settings.from_environment(environment).openings()

    assert told["notice_registry"] == Opening(closed=windows_of("Sun 00:00-08:00"))


@pytest.mark.parametrize(
    "hours",
    [
        {"closed": ["Wednesday night"]},
        {"closed": "Wed 20:00-24:00"},
        {"closed": [20]},
        {"closed": ["Mon-Sun 00:00-24:00"]},
        {"working": ["Mon-Fri 09:00-17:00"]},
    ],
)
def test_hours_that_cannot_be_meant_stop_the_process_and_name_the_registry(hours: dict[str, object]) -> None:
    with pytest.raises(SettingMissing, match="GREENLIEN_REGISTRIES: zhejiang"):
        settings(zhejiang={**REST, **hours}).openings()
