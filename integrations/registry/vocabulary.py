"""The registry's words and ours: one table for each, total in our direction, closed in theirs.

The subtle thing is what happens to a word that is not in a table: it is `Unreadable`, never a default. A registry that
begins to say 吨/月 must stop the adapter, not be taken for tonnes a year.

>>> UNITS.ours("吨/年").value, UNITS.theirs(Unit.T_PER_YEAR)
('t/a', '吨/年')
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import HolderMatch, OrderStatus, RegistryStatus
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Unit
from integrations.outbound.strict_json import Unreadable

Ours = TypeVar("Ours", bound=str)


class Words(Generic[Ours]):
    """One table of their words and ours, one to one."""

    def __init__(self, what: str, pairs: Mapping[str, Ours]) -> None:
        """Build both directions; `what` names the table in refusals."""
        self._what = what
        self._ours = MappingProxyType(dict(pairs))
        self._theirs = MappingProxyType({ours: theirs for theirs, ours in pairs.items()})

    def ours(self, text: str) -> Ours:
        """Return our word for theirs; raises Unreadable."""
        try:
            return self._ours[text]
        except KeyError:
            message = f"{text[:32]!r} is no known {self._what}"
            raise Unreadable(message) from None

    def theirs(self, word: Ours) -> str:
        """Return their word for ours; a word without one is our own bug, a KeyError."""
        return self._theirs[word]

    def known(self) -> Iterable[Ours]:
        """Return all our words that the table covers."""
        return self._theirs.keys()


class RefusalCode(StrEnum):
    """Why the registry refuses an order; the names are what `OrderAnswer.reason` carries."""

    RIGHT_NOT_FOUND = "RIGHT_NOT_FOUND"
    INSUFFICIENT_AVAILABLE = "INSUFFICIENT_AVAILABLE"
    HOLDER_MISMATCH = "HOLDER_MISMATCH"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    SUSPENDED = "SUSPENDED"
    NOT_EFFECTIVE = "NOT_EFFECTIVE"
    NOT_BENEFICIARY = "NOT_BENEFICIARY"
    AMOUNT_EXCEEDS = "AMOUNT_EXCEEDS"
    FREEZE_NOT_FOUND = "FREEZE_NOT_FOUND"
    UNIT_MISMATCH = "UNIT_MISMATCH"
    ORDER_ID_REUSED = "ORDER_ID_REUSED"


UNITS: Final = Words(
    "unit",
    {
        "吨/年": Unit.T_PER_YEAR,
        "千克/年": Unit.KG_PER_YEAR,
        "吨": Unit.T,
        "千克": Unit.KG,
        "吨二氧化碳当量": Unit.TCO2E,
        "吨/日": Unit.T_PER_DAY,
        "立方米/日": Unit.M3_PER_DAY,
        "立方米/年": Unit.M3_PER_YEAR,
    },
)

POLLUTANTS: Final = Words(
    "pollutant",
    {
        "二氧化硫": Pollutant.SO2,
        "氮氧化物": Pollutant.NOX,
        "化学需氧量": Pollutant.COD,
        "氨氮": Pollutant.NH3N,
        "总磷": Pollutant.TP,
        "总氮": Pollutant.TN,
        "挥发性有机物": Pollutant.VOC,
        "颗粒物": Pollutant.PM,
        "烟尘": Pollutant.SOOT,
        "工业粉尘": Pollutant.DUST,
        "铅": Pollutant.PB,
        "汞": Pollutant.HG,
        "镉": Pollutant.CD,
        "铬": Pollutant.CR,
        "砷": Pollutant.AS,
        "废水": Pollutant.WASTEWATER,
        "二氧化碳当量": Pollutant.CO2E,
    },
)

INSTRUMENTS: Final = Words(
    "kind of right",
    {
        "PWQ": Instrument.DISCHARGE_RIGHT,
        "TPE": Instrument.CARBON_ALLOWANCE,
        "HZL": Instrument.CARBON_CREDIT,
    },
)

ORIGINS: Final = Words[str](
    "origin",
    {
        "初始分配": "initial",
        "新改扩建": "new_project",
        "富余": "surplus",
        "政府储备": "reserve",
        "交易取得": "purchased",
    },
)

BASES: Final = Words[str]("basis of acquisition", {"YC": "paid", "WC": "free"})

TENURES: Final = Words[str]("tenure", {"DQ": "fixed", "CQ": "permanent"})

STATUSES: Final = Words(
    "status of a right",
    {
        "01": RegistryStatus.EFFECTIVE,
        "02": RegistryStatus.PENDING_RECONFIRMATION,
        "03": RegistryStatus.REDUCED,
        "04": RegistryStatus.SUSPENDED,
        "05": RegistryStatus.EXPIRED,
        "06": RegistryStatus.REVOKED,
        "07": RegistryStatus.RECLAIMED,
        "08": RegistryStatus.TRANSFERRED,
    },
)

HOLDER_MATCHES: Final = Words(
    "result of a holder check",
    {"1": HolderMatch.MATCH, "2": HolderMatch.MISMATCH, "3": HolderMatch.NAME_DIFFERS, "9": HolderMatch.UNKNOWN},
)

ORDER_KINDS: Final = Words(
    "kind of order",
    {"DJ": OrderKind.FREEZE, "JD": OrderKind.RELEASE, "ZY": OrderKind.TRANSFER, "BG": OrderKind.AMEND},
)

ORDER_STATUSES: Final = Words(
    "status of an order",
    {"SL": OrderStatus.ACCEPTED, "ZX": OrderStatus.EXECUTED, "JJ": OrderStatus.REFUSED},
)

REFUSALS: Final = Words(
    "refusal",
    {
        "3000": RefusalCode.RIGHT_NOT_FOUND,
        "3001": RefusalCode.INSUFFICIENT_AVAILABLE,
        "3002": RefusalCode.HOLDER_MISMATCH,
        "3003": RefusalCode.VERSION_CONFLICT,
        "3004": RefusalCode.SUSPENDED,
        "3005": RefusalCode.NOT_EFFECTIVE,
        "3006": RefusalCode.NOT_BENEFICIARY,
        "3007": RefusalCode.AMOUNT_EXCEEDS,
        "3008": RefusalCode.FREEZE_NOT_FOUND,
        "3009": RefusalCode.UNIT_MISMATCH,
        "3010": RefusalCode.ORDER_ID_REUSED,
    },
)
"""A refusal that is not listed stops the order for a human, through Unreadable, rather than being read as final."""

REFUSAL_WORDS: Final[Mapping[RefusalCode, str]] = MappingProxyType(
    {
        RefusalCode.RIGHT_NOT_FOUND: "权证不存在",
        RefusalCode.INSUFFICIENT_AVAILABLE: "可用数量不足",
        RefusalCode.HOLDER_MISMATCH: "持有人与登记不符",
        RefusalCode.VERSION_CONFLICT: "权证信息已变更,版本号不符",
        RefusalCode.SUSPENDED: "权证已暂停",
        RefusalCode.NOT_EFFECTIVE: "权证不在有效状态",
        RefusalCode.NOT_BENEFICIARY: "非该笔冻结的质权人",
        RefusalCode.AMOUNT_EXCEEDS: "解冻数量超过尚冻结数量",
        RefusalCode.FREEZE_NOT_FOUND: "冻结凭证不存在",
        RefusalCode.UNIT_MISMATCH: "计量单位与权证不符",
        RefusalCode.ORDER_ID_REUSED: "指令编号已用于另一指令",
    }
)
