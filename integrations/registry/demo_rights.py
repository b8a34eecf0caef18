"""The rights that the simulated registries hold for a demonstration: 25 invented enterprises in six provinces.

The subtle thing is what is relative to `today` and what is not: validity moves with the day, so that the five-year
rights begin today and the expired one is always expired; the numbers of permits and rights never change. The
enterprises do not exist: their names say so (示例, 样例, 示范, 虚构), and their organisation codes begin with DEM,
which no registrar issues; the check characters are right all the same.

>>> len({right.holder_uscc for right in demo_rights(date(2026, 11, 21))})
25

Source: invented. Check characters by GB 32100-2015 and GB 11714-1997, divisions by GB/T 2260.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.ports.registry import RegistryStatus
from domain.values.identifiers import Division, RegistryNo, Uscc, parse_permit_no, parse_registry_no, parse_uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from domain.values.time import add_years
from integrations.registry.registered_right import RegisteredRight

ENTERPRISE_SHAOXING_USCC: Final = Uscc("91330602DEM0000140")
ENTERPRISE_SHAOXING_NAME: Final = "绍兴示例印染有限公司"
ENTERPRISE_HUANGSHI_USCC: Final = Uscc("91420202DEM0000656")
ENTERPRISE_HUANGSHI_NAME: Final = "黄石示例药业有限公司"

SHAOXING_COD_RIGHT: Final = RegistryNo("PWQ-ZJ-330602-00001")
"""50 t/a of COD for five years from today, paid for."""
SHAOXING_COD_RIGHT_BOUGHT: Final = RegistryNo("PWQ-ZJ-330602-00002")
"""A second tranche of COD under the same permit: 12 t/a, bought a year ago, four years left."""
HUANGSHI_COD_RIGHT: Final = RegistryNo("PWQ-HB-420202-00001")
"""40 t/a of COD for five years from today, paid for."""

TERM_YEARS: Final = 5


@dataclass(frozen=True, slots=True)
class _Enterprise:
    """An invented enterprise and the place of its plant."""

    registry: str
    letters: str
    division: str
    uscc: str
    name: str
    permit_no: str | None = None

    def right(self, today: date, number: int, pollutant: Pollutant, amount: str, unit: Unit) -> RegisteredRight:
        """Return an ordinary right: initial, paid for five years, beginning today."""
        quantity = Quantity.parse(amount, unit)
        yuan = _YUAN_PER_UNIT_AND_YEAR.get(pollutant)
        return RegisteredRight(
            registry=self.registry,
            registry_no=parse_registry_no(f"PWQ-{self.letters}-{self.division}-{number:05d}"),
            permit_no=parse_permit_no(self.permit_no or f"{self.uscc}001P"),
            holder_uscc=parse_uscc(self.uscc),
            holder_name=self.name,
            instrument=Instrument.DISCHARGE_RIGHT,
            pollutant=pollutant,
            vintage=None,
            quantity=quantity,
            origin="initial",
            acquisition_basis="paid",
            acquisition_amount=None if yuan is None else Money.floor(Fraction(quantity.amount) * yuan * TERM_YEARS),
            acquired_on=today,
            fee_paid_through=add_years(today, TERM_YEARS),
            tenure="fixed",
            valid_from=today,
            valid_to=add_years(today, TERM_YEARS),
            division=Division(self.division),
            status=RegistryStatus.EFFECTIVE,
            version=1,
        )


_YUAN_PER_UNIT_AND_YEAR: Final[Mapping[Pollutant, int]] = MappingProxyType(
    {
        Pollutant.COD: 4000,
        Pollutant.NH3N: 8000,
        Pollutant.SO2: 1500,
        Pollutant.NOX: 2000,
    }
)

_SHAOXING: Final = _Enterprise("zhejiang", "ZJ", "330602", ENTERPRISE_SHAOXING_USCC, ENTERPRISE_SHAOXING_NAME)
_KEQIAO: Final = _Enterprise("zhejiang", "ZJ", "330603", "91330603DEM0000229", "绍兴柯桥示范纺织整理有限公司")
_ZHUJI: Final = _Enterprise("zhejiang", "ZJ", "330681", "91330681DEM0000303", "诸暨样例化纤有限公司")
_YUHANG: Final = _Enterprise("zhejiang", "ZJ", "330110", "91330110DEM000049B", "杭州余杭虚构造纸有限公司")
_BEILUN: Final = _Enterprise("zhejiang", "ZJ", "330206", "91330206DEM000057J", "宁波北仑示例热电有限公司")
_HUANGSHI: Final = _Enterprise("hubei", "HB", "420202", ENTERPRISE_HUANGSHI_USCC, ENTERPRISE_HUANGSHI_NAME)
_QINGSHAN: Final = _Enterprise("hubei", "HB", "420107", "91420107DEM0000734", "武汉青山示范钢铁有限公司")
_DAYE: Final = _Enterprise("hubei", "HB", "420281", "91420281DEM0000819", "大冶样例有色金属有限公司")
_YICHANG: Final = _Enterprise("hubei", "HB", "420505", "91420505DEM00009XE", "宜昌虚构磷化工有限公司")
_FEIXI: Final = _Enterprise("anhui", "AH", "340123", "91340123DEM0001026", "肥西示例家电制造有限公司")
_JINGDE: Final = _Enterprise("anhui", "AH", "341825", "91341825DEM000110E", "旌德样例水泥有限公司")
_WUHU: Final = _Enterprise("anhui", "AH", "340207", "91340207DEM000129X", "芜湖示范汽车涂装有限公司")
_MAANSHAN: Final = _Enterprise("anhui", "AH", "340504", "91340504DEM000137W", "马鞍山虚构焦化有限公司")
_NANCHANG: Final = _Enterprise("jiangxi", "JX", "360112", "91360112DEM000145X", "南昌示例食品有限公司")
_HUKOU: Final = _Enterprise("jiangxi", "JX", "360429", "91360429DEM000153W", "湖口样例化工有限公司")
_XINYU: Final = _Enterprise("jiangxi", "JX", "360502", "91360502DEM000161Q", "新余示范钢铁有限公司")
_JINGGANGSHAN: Final = _Enterprise(
    "jiangxi", "JX", "360881", "91360881DEM00017XD", "井冈山虚构纸业有限公司", "H9360881DEM0000001001P"
)
_LINGWU: Final = _Enterprise("ningxia", "NX", "640181", "91640181DEM0001885", "灵武示例煤化工有限公司")
_SHIZUISHAN: Final = _Enterprise("ningxia", "NX", "640205", "91640205DEM0001963", "石嘴山样例冶金有限公司")
_ZHONGWEI: Final = _Enterprise("ningxia", "NX", "640502", "91640502DEM000209W", "中卫示范造纸有限公司")
_YINCHUAN: Final = _Enterprise("ningxia", "NX", "640104", "91640104DEM0002170", "银川虚构乳业有限公司")
_SHIJIAZHUANG: Final = _Enterprise("hebei", "HE", "130110", "91130110DEM000225T", "石家庄示例制药有限公司")
_CAOFEIDIAN: Final = _Enterprise("hebei", "HE", "130209", "91130209DEM000233D", "唐山曹妃甸样例钢铁有限公司")
_WUAN: Final = _Enterprise("hebei", "HE", "130481", "91130481DEM000241T", "武安示范焦化有限公司")
_GAOBEIDIAN: Final = _Enterprise("hebei", "HE", "130684", "91130684DEM00025X8", "高碑店虚构水泥有限公司")

_ORDINARY: Final[Sequence[tuple[_Enterprise, int, Pollutant, str, Unit, int]]] = (
    # enterprise, number, pollutant, amount, unit, years since the five-year term began
    (_SHAOXING, 1, Pollutant.COD, "50", Unit.T_PER_YEAR, 0),
    (_SHAOXING, 3, Pollutant.NH3N, "5", Unit.T_PER_YEAR, 0),
    (_SHAOXING, 4, Pollutant.SO2, "20", Unit.T_PER_YEAR, 1),
    (_KEQIAO, 1, Pollutant.COD, "80", Unit.T_PER_YEAR, 2),
    (_KEQIAO, 2, Pollutant.NH3N, "6.4", Unit.T_PER_YEAR, 2),
    (_ZHUJI, 2, Pollutant.NOX, "26", Unit.T_PER_YEAR, 1),
    (_YUHANG, 2, Pollutant.NH3N, "9", Unit.T_PER_YEAR, 0),
    (_BEILUN, 2, Pollutant.NOX, "260", Unit.T_PER_YEAR, 1),
    (_HUANGSHI, 1, Pollutant.COD, "40", Unit.T_PER_YEAR, 0),
    (_HUANGSHI, 2, Pollutant.NH3N, "3.2", Unit.T_PER_YEAR, 0),
    (_QINGSHAN, 1, Pollutant.SO2, "600", Unit.T_PER_YEAR, 1),
    (_QINGSHAN, 2, Pollutant.NOX, "540", Unit.T_PER_YEAR, 1),
    (_DAYE, 1, Pollutant.PB, "350", Unit.KG_PER_YEAR, 0),
    (_DAYE, 2, Pollutant.SO2, "90", Unit.T_PER_YEAR, 3),
    (_YICHANG, 1, Pollutant.TP, "6.5", Unit.T_PER_YEAR, 1),
    (_YICHANG, 2, Pollutant.NH3N, "12", Unit.T_PER_YEAR, 1),
    (_FEIXI, 1, Pollutant.COD, "15", Unit.T_PER_YEAR, 0),
    (_FEIXI, 2, Pollutant.VOC, "22", Unit.T_PER_YEAR, 0),
    (_JINGDE, 1, Pollutant.NOX, "180", Unit.T_PER_YEAR, 0),
    (_JINGDE, 2, Pollutant.SO2, "60", Unit.T_PER_YEAR, 0),
    (_WUHU, 1, Pollutant.VOC, "45", Unit.T_PER_YEAR, 2),
    (_NANCHANG, 1, Pollutant.COD, "33", Unit.T_PER_YEAR, 1),
    (_NANCHANG, 2, Pollutant.NH3N, "4", Unit.T_PER_YEAR, 1),
    (_HUKOU, 1, Pollutant.COD, "62", Unit.T_PER_YEAR, 0),
    (_XINYU, 1, Pollutant.SO2, "410", Unit.T_PER_YEAR, 2),
    (_XINYU, 2, Pollutant.NOX, "380", Unit.T_PER_YEAR, 2),
    (_JINGGANGSHAN, 1, Pollutant.COD, "55", Unit.T_PER_YEAR, 0),
    (_LINGWU, 1, Pollutant.SO2, "320", Unit.T_PER_YEAR, 0),
    (_LINGWU, 2, Pollutant.NOX, "300", Unit.T_PER_YEAR, 0),
    (_ZHONGWEI, 1, Pollutant.COD, "70", Unit.T_PER_YEAR, 3),
    (_YINCHUAN, 1, Pollutant.WASTEWATER, "1200", Unit.T_PER_DAY, 0),
    (_YINCHUAN, 2, Pollutant.COD, "21", Unit.T_PER_YEAR, 0),
    (_SHIJIAZHUANG, 1, Pollutant.COD, "48", Unit.T_PER_YEAR, 1),
    (_SHIJIAZHUANG, 2, Pollutant.NH3N, "4.8", Unit.T_PER_YEAR, 1),
    (_CAOFEIDIAN, 1, Pollutant.SO2, "900", Unit.T_PER_YEAR, 0),
    (_CAOFEIDIAN, 2, Pollutant.NOX, "1100", Unit.T_PER_YEAR, 0),
    (_GAOBEIDIAN, 1, Pollutant.NOX, "240", Unit.T_PER_YEAR, 2),
)


def demo_rights(today: date) -> tuple[RegisteredRight, ...]:
    """Return all demonstration rights, sorted by registry and number."""
    ordinary = [
        _begun(enterprise.right(today, number, pollutant, amount, unit), years)
        for enterprise, number, pollutant, amount, unit, years in _ORDINARY
    ]
    rights = [*ordinary, *_bought(today), *_without_end(today), *_out_of_order(today)]
    return tuple(sorted(rights, key=lambda right: (right.registry, right.registry_no)))


def _begun(right: RegisteredRight, years: int) -> RegisteredRight:
    """Return a right whose five years began some years ago."""
    begin = add_years(right.valid_from, -years)
    end = add_years(begin, TERM_YEARS)
    return replace(right, acquired_on=begin, valid_from=begin, valid_to=end, fee_paid_through=end)


def _bought(today: date) -> list[RegisteredRight]:
    """Return second tranches under permits that have a first: bought from others, or surplus of an own reduction."""
    shaoxing = _SHAOXING.right(today, 2, Pollutant.COD, "12", Unit.T_PER_YEAR)
    huangshi = _HUANGSHI.right(today, 3, Pollutant.COD, "8", Unit.T_PER_YEAR)
    return [
        replace(_begun(shaoxing, 1), origin="purchased"),
        replace(_begun(huangshi, 1), origin="surplus"),
    ]


def _without_end(today: date) -> list[RegisteredRight]:
    """Return a permanent right, and a pilot market's carbon allowance of last year's vintage."""
    permanent = _YICHANG.right(today, 3, Pollutant.SO2, "75", Unit.T_PER_YEAR)
    allowance = _QINGSHAN.right(today, 3, Pollutant.CO2E, "150000", Unit.TCO2E)
    begin = add_years(today, -3)
    return [
        replace(
            permanent,
            origin="purchased",
            tenure="permanent",
            valid_from=begin,
            valid_to=None,
            acquired_on=begin,
            fee_paid_through=None,
        ),
        replace(
            allowance,
            instrument=Instrument.CARBON_ALLOWANCE,
            vintage=today.year - 1,
            tenure="permanent",
            valid_to=None,
            acquisition_basis="free",
            fee_paid_through=None,
        ),
    ]


def _out_of_order(today: date) -> list[RegisteredRight]:
    """Return rights that cannot be pledged, one for each reason."""
    expired = _begun(_BEILUN.right(today, 1, Pollutant.SO2, "210", Unit.T_PER_YEAR), TERM_YEARS + 1)
    suspended = _begun(_ZHUJI.right(today, 1, Pollutant.SO2, "30", Unit.T_PER_YEAR), 1)
    unpaid = _begun(_YUHANG.right(today, 1, Pollutant.COD, "120", Unit.T_PER_YEAR), 2)
    awaiting = _begun(_MAANSHAN.right(today, 1, Pollutant.SO2, "130", Unit.T_PER_YEAR), 4)
    reduced = _begun(_SHIZUISHAN.right(today, 1, Pollutant.SO2, "85", Unit.T_PER_YEAR), 1)
    revoked = _begun(_WUAN.right(today, 1, Pollutant.SO2, "75", Unit.T_PER_YEAR), 2)
    return [
        expired,
        replace(suspended, status=RegistryStatus.SUSPENDED, version=2),
        replace(
            unpaid,
            acquisition_basis="free",
            acquisition_amount=None,
            fee_paid_through=today - timedelta(days=200),
        ),
        replace(awaiting, status=RegistryStatus.PENDING_RECONFIRMATION, version=2),
        replace(reduced, status=RegistryStatus.REDUCED, version=2),
        replace(revoked, status=RegistryStatus.REVOKED, version=2),
    ]
