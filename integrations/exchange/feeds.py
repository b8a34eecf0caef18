"""Feeds: the sources of files that are known by name, with what their files never say and what they may be used for.

Names, columns and licences are facts about the sources; none of their data is here, and none of them is called. A feed
whose terms nobody has read is `restricted`: its trades serve whoever brings them and nobody else. The pilots' daily
tables do not say how a deal was made; what they sum up is mostly listed trades, and is taken as such.

Source: the national exchange's bulletins (each forbids publication without consent); the columns of the pilots' public
tables (日期, 成交价, 成交量, 成交额, 地点, 品种).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.market.imports import FileFormat, Licence
from domain.ports.exchange import Feed

_ALLOWANCES: Final[Mapping[str, str]] = MappingProxyType(
    {"instrument": "carbon_allowance", "pollutant": "CO2E", "kind": "listed"}
)
_PILOTS: Final = (
    ("beijing", "北京", "110000"),
    ("tianjin", "天津", "120000"),
    ("shanghai", "上海", "310000"),
    ("fujian", "福建", "350000"),
    ("hubei", "湖北", "420000"),
    ("guangdong", "广东", "440000"),
    ("shenzhen", "深圳", "440300"),
    ("chongqing", "重庆", "500000"),
)

FEEDS: Final[tuple[Feed, ...]] = (
    Feed(
        name="cea_daily",
        title="全国碳市场每日行情公告",
        format=FileFormat.CEA_BULLETIN,
        source="cea_daily",
        licence=Licence.RESTRICTED,
    ),
    Feed(
        name="discharge_right_notices",
        title="排污权竞价公告与成交公告",
        format=FileFormat.AUCTION_NOTICE,
        source="discharge_right_notices",
        licence=Licence.OPEN,
        defaults=MappingProxyType({"instrument": "discharge_right"}),
    ),
    Feed(
        name="pilot_daily",
        title="试点碳市场每日成交（各地合表）",
        format=FileFormat.CSV,
        source="pilot_daily",
        licence=Licence.RESTRICTED,
        defaults=_ALLOWANCES,
    ),
    *(
        Feed(
            name=f"pilot_{name}",
            title=f"{title}碳市场每日成交",
            format=FileFormat.CSV,
            source=f"pilot_{name}",
            licence=Licence.RESTRICTED,
            defaults=MappingProxyType({**_ALLOWANCES, "venue": name, "division": division}),
        )
        for name, title, division in _PILOTS
    ),
)
