"""Words: how exchanges write pollutants, instruments, kinds of deal, units and prices, brought to the contract's.

The subtle thing is the unit of a price. 元/吨 of a discharge right does not say whether it buys a year or the whole
term, and public notices have been wrong by a factor of five, so such a price keeps its unit and gets no period; only
what says 年 has one. An allowance or a credit is bought once, so there 元/吨 is complete.

Source: contract section 4; 排污权 notices of Anhui (元/吨·年), Ningxia and Guangdong (元/吨).

>>> price_unit_of("元/吨·年"), price_unit_of("万元/吨"), price_unit_of("元/吨·5年")
(PriceUnit(scale='', unit='t', period='year', term=None), PriceUnit(scale='万', unit='t', period=None, term=None), \
PriceUnit(scale='', unit='t', period='term', term='5'))
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.market.trades import TradeKind
from domain.values.instruments import Instrument
from domain.values.pollutants import Pollutant
from domain.values.quantity import Unit
from integrations.exchange.numerals import fold


@dataclass(frozen=True, slots=True)
class PriceUnit:
    """What a price is yuan per: `scale` is 万 where it is written in ten thousands, none of the rest is guessed."""

    scale: str
    unit: str
    period: str | None
    term: str | None


def squeezed(text: str) -> str:
    """Return a word in half width, without spaces, in lower case, as the tables below have them."""
    return "".join(unicodedata.normalize("NFKC", fold(text)).split()).lower()


_POLLUTANTS: Final[Mapping[str, Pollutant]] = MappingProxyType(
    {squeezed(pollutant.value): pollutant for pollutant in Pollutant}
    | {squeezed(pollutant.name_zh): pollutant for pollutant in Pollutant}
    | {
        "codcr": Pollutant.COD,
        "nh3-n": Pollutant.NH3N,
        "vocs": Pollutant.VOC,
        "挥发性有机污染物": Pollutant.VOC,
        "粉尘": Pollutant.DUST,
        "总铅": Pollutant.PB,
        "总汞": Pollutant.HG,
        "总镉": Pollutant.CD,
        "总铬": Pollutant.CR,
        "总砷": Pollutant.AS,
        "污水": Pollutant.WASTEWATER,
        "二氧化碳": Pollutant.CO2E,
        "co2": Pollutant.CO2E,
    }
)
_INSTRUMENTS: Final[Mapping[str, Instrument]] = MappingProxyType(
    {instrument.value: instrument for instrument in Instrument}
    | {instrument.name_zh: instrument for instrument in Instrument}
    | {
        "主要污染物排污权": Instrument.DISCHARGE_RIGHT,
        "碳配额": Instrument.CARBON_ALLOWANCE,
        "碳排放权": Instrument.CARBON_ALLOWANCE,
        "配额": Instrument.CARBON_ALLOWANCE,
        "ccer": Instrument.CARBON_CREDIT,
        "国家核证自愿减排量": Instrument.CARBON_CREDIT,
        "自愿减排量": Instrument.CARBON_CREDIT,
    }
)
_ALLOWANCE: Final = re.compile(
    r"(?:cea|bea|shea|szea|sza|gdea|hbea|tjea|cqea|fjea)(?:-?(?:20)?(\d{2}))?(?:-(listed|block))?", re.ASCII
)
_KINDS: Final[Mapping[str, TradeKind]] = MappingProxyType(
    {kind.value: kind for kind in TradeKind}
    | {
        "挂牌": TradeKind.LISTED,
        "挂牌协议": TradeKind.LISTED,
        "挂牌协议交易": TradeKind.LISTED,
        "挂牌交易": TradeKind.LISTED,
        "大宗": TradeKind.BLOCK,
        "大宗协议": TradeKind.BLOCK,
        "大宗协议交易": TradeKind.BLOCK,
        "大宗交易": TradeKind.BLOCK,
        "协议": TradeKind.AGREEMENT,
        "协议转让": TradeKind.AGREEMENT,
        "政府拍卖": TradeKind.GOVERNMENT_AUCTION,
        "政府竞价": TradeKind.GOVERNMENT_AUCTION,
        "政府竞价出让": TradeKind.GOVERNMENT_AUCTION,
        "政府公开拍卖": TradeKind.GOVERNMENT_AUCTION,
        "拍卖出让": TradeKind.GOVERNMENT_AUCTION,
        "竞价出让": TradeKind.GOVERNMENT_AUCTION,
        "政府出让": TradeKind.GOVERNMENT_SALE,
        "政府协议出让": TradeKind.GOVERNMENT_SALE,
        "协议出让": TradeKind.GOVERNMENT_SALE,
        "定额出让": TradeKind.GOVERNMENT_SALE,
        "企业间交易": TradeKind.ENTERPRISE_TRADE,
        "企业间转让": TradeKind.ENTERPRISE_TRADE,
        "二级市场": TradeKind.ENTERPRISE_TRADE,
        "市场交易": TradeKind.ENTERPRISE_TRADE,
        "基准价": TradeKind.BENCHMARK_PRICE,
        "政府指导价": TradeKind.BENCHMARK_PRICE,
        "使用费": TradeKind.CHARGE,
        "有偿使用费": TradeKind.CHARGE,
        "租赁": TradeKind.LEASE,
        "回购": TradeKind.BUY_BACK,
        "政府回购": TradeKind.BUY_BACK,
    }
)
_UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {squeezed(unit.value): unit for unit in Unit}
    | {
        "吨": Unit.T,
        "吨/年": Unit.T_PER_YEAR,
        "吨每年": Unit.T_PER_YEAR,
        "千克": Unit.KG,
        "公斤": Unit.KG,
        "千克/年": Unit.KG_PER_YEAR,
        "公斤/年": Unit.KG_PER_YEAR,
        "吨/日": Unit.T_PER_DAY,
        "吨/天": Unit.T_PER_DAY,
        "立方米/日": Unit.M3_PER_DAY,
        "立方米/天": Unit.M3_PER_DAY,
        "立方米/年": Unit.M3_PER_YEAR,
        "吨二氧化碳当量": Unit.TCO2E,
        "吨二氧化碳": Unit.TCO2E,
        "tco2": Unit.TCO2E,
    }
)
_PROVINCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "全国": "000000",
        "北京": "110000", "天津": "120000", "河北": "130000", "山西": "140000", "内蒙古": "150000",
        "辽宁": "210000", "吉林": "220000", "黑龙江": "230000",
        "上海": "310000", "江苏": "320000", "浙江": "330000", "安徽": "340000", "福建": "350000", "江西": "360000",
        "山东": "370000", "河南": "410000", "湖北": "420000", "湖南": "430000", "广东": "440000", "广西": "450000",
        "海南": "460000", "重庆": "500000", "四川": "510000", "贵州": "520000", "云南": "530000", "西藏": "540000",
        "陕西": "610000", "甘肃": "620000", "青海": "630000", "宁夏": "640000", "新疆": "650000",
        "深圳": "440300",
        "national": "000000", "beijing": "110000", "tianjin": "120000", "shanghai": "310000", "fujian": "350000",
        "hubei": "420000", "guangdong": "440000", "shenzhen": "440300", "chongqing": "500000",
    }
)  # fmt: skip
"""Provinces, and the one city that runs a carbon market of its own; in English those with such a market."""
_PROVINCE_ENDS: Final = re.compile(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)$")

_PRICE_UNIT: Final = re.compile(
    r"(万|)元(?:人民币)?/\(?(吨|t|千克|公斤|kg|吨二氧化碳当量|吨二氧化碳|tco2e?)\)?"
    r"(?:[·・•.*/×x]?(?:(年|a)|(\d{1,2})年|(期|总期限|全期)))?\)?",
    re.ASCII,
)
_PRICED_IN: Final[Mapping[str, str]] = MappingProxyType(
    {"吨": "t", "t": "t", "千克": "kg", "公斤": "kg", "kg": "kg"}
    | dict.fromkeys(("吨二氧化碳当量", "吨二氧化碳", "tco2e", "tco2"), "tCO2e")
)


def pollutant_of(text: str) -> Pollutant | None:
    """Return the pollutant that a word names, also as 化学需氧量(COD); none where it names none.

    >>> pollutant_of("化学需氧量（COD）"), pollutant_of("甲醛")
    (<Pollutant.COD: 'COD'>, None)
    """
    word = squeezed(text)
    return _POLLUTANTS.get(word) or _POLLUTANTS.get(word.partition("(")[0])


def instrument_of(text: str) -> tuple[Instrument, int | None] | None:
    """Return the instrument that a word or an exchange's code names, and the year that such a code bears.

    >>> instrument_of("SZA-2013")
    (<Instrument.CARBON_ALLOWANCE: 'carbon_allowance'>, 2013)
    """
    word = squeezed(text)
    known = _INSTRUMENTS.get(word)
    if known is not None:
        return known, None
    code = _ALLOWANCE.fullmatch(word)
    if code is None:
        return None
    return Instrument.CARBON_ALLOWANCE, None if code[1] is None else 2000 + int(code[1])


def kind_in_product(text: str) -> TradeKind | None:
    """Return the kind of deal that an exchange's code bears, as CEA-block does; none where it bears none."""
    code = _ALLOWANCE.fullmatch(squeezed(text))
    return None if code is None or code[2] is None else TradeKind(code[2])


def kind_of(text: str) -> TradeKind | None:
    """Return the kind of deal that a word names; 竞价 alone names none, since enterprises bid as well."""
    return _KINDS.get(squeezed(text))


def unit_of(text: str) -> Unit | None:
    """Return the unit that a word names."""
    return _UNITS.get(squeezed(text).replace("·", "/"))


def division_of(text: str) -> str | None:
    """Return the code of a province, by its code or its name, or any code of six digits."""
    word = squeezed(text)
    if len(word) == 6 and word.isdecimal():  # noqa: PLR2004 - GB/T 2260 codes have six digits
        return word
    return _PROVINCES.get(_PROVINCE_ENDS.sub("", word))


def price_unit_of(text: str) -> PriceUnit | None:
    """Return what a price is yuan per; none where the text is no such unit."""
    found = _PRICE_UNIT.fullmatch(squeezed(text))
    if found is None:
        return None
    period = "year" if found[3] else "term" if found[4] or found[5] else None
    return PriceUnit(found[1], _PRICED_IN[found[2]], period, found[4])
