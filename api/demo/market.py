"""Step 1: an exchange sends deals; real ones show the screening, synthetic ones give recent evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.demo.deals import NOTICES, PUBLIC_DEALS, SYNTHETIC, PublicDeal, synthetic_series
from api.demo.scene import Scene
from api.demo.words import wide

EXCHANGE: Final = "exchange.zhejiang"
SHAOXING_DEALS: Final = 60
HUANGSHI_DEALS: Final = 24
PLACE_COLUMNS: Final = 28
FIGURE_COLUMNS: Final = 46


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What the screening said of each real deal, by its label: a code and a sentence, none where it was accepted."""

    verdicts: Mapping[str, str | None]
    details: Mapping[str, str]
    synthetic: int


def send_deals(scene: Scene) -> Screened:
    """Send the real deals and the synthetic series."""
    scene.opens(1, "交易所报送成交，系统逐笔审核", "an exchange sends deals, and each is screened")
    rows = [deal.row() for deal in PUBLIC_DEALS]
    intake = scene.does(
        EXCHANGE,
        f"报送公开公告中的真实成交{len(rows)}笔",
        f"{len(rows)} real deals out of public notices",
        ("POST", "/v1/market/trades", {"source": NOTICES, "trades": rows}),
    )
    refused = {each["index"]: each for each in intake["quarantined"]}
    for index, deal in enumerate(PUBLIC_DEALS):
        _judged(scene, deal, refused.get(index))
    scene.checks("accepted", sum(deal.verdict is None for deal in PUBLIC_DEALS), intake["accepted"])
    scene.says(f"真实成交：采纳 {intake['accepted']} 笔，隔离 {len(refused)} 笔 (accepted and quarantined)")
    synthetic = _send_synthetic(scene)
    return Screened(
        verdicts={deal.trade_no: _code(refused.get(index)) for index, deal in enumerate(PUBLIC_DEALS)},
        details={
            deal.trade_no: refused[index]["detail"] for index, deal in enumerate(PUBLIC_DEALS) if index in refused
        },
        synthetic=synthetic,
    )


def _code(refusal: Mapping[str, Any] | None) -> str | None:
    return None if refusal is None else str(refusal["code"])


def _judged(scene: Scene, deal: PublicDeal, refusal: Mapping[str, Any] | None) -> None:
    """Print a deal with its verdict, which must be the known one."""
    figures = [
        "数量未载明" if deal.quantity is None else f"{deal.quantity} {deal.unit}",
        "单价未载明" if deal.price is None else f"× {deal.price} 元/{deal.per_unit}{_PERIODS[deal.per_period]}",
        "年限未载明" if deal.term_years is None else f"× {deal.term_years}年",
        "" if deal.amount is None else f"= {deal.amount} 元",
    ]
    mark = "✓" if refusal is None else "✗"
    place = wide(f"{deal.place} {deal.told_on} {deal.pollutant}", PLACE_COLUMNS)
    scene.says(f"{mark} {place}  {wide(' '.join(figures), FIGURE_COLUMNS)}  出处 {deal.source}")
    if refusal is not None:
        scene.says(f"    {refusal['code']}: {refusal['detail']}")
    scene.checks(f"verdict on {deal.trade_no}", deal.verdict, _code(refusal))


_PERIODS: Final = {"year": "·年", "one_off": "(一次性)", None: "(期间未载明)"}


def _send_synthetic(scene: Scene) -> int:
    """Send the synthetic series of both cities, all of which must be accepted."""
    series = (
        ("SX", "绍兴", "330602", SHAOXING_DEALS),
        ("HS", "黄石", "420202", HUANGSHI_DEALS),
    )
    for label, place, division, count in series:
        intake = scene.does(
            EXCHANGE,
            f"报送合成的{place}化学需氧量成交{count}笔",
            f"{count} SYNTHETIC COD deals",
            (
                "POST",
                "/v1/market/trades",
                {"source": SYNTHETIC, "trades": synthetic_series(label, place, division, count, scene.today)},
            ),
        )
        scene.checks("accepted, duplicates, quarantined", (count, 0, []), _counts(intake))
    scene.says("合成成交只为演示提供近期价格依据，编号均以 SYNTHETIC 开头 (plainly labelled, relative to today)")
    return sum(count for *_, count in series)


def _counts(intake: Mapping[str, Any]) -> tuple[object, object, object]:
    return intake["accepted"], intake["duplicates"], intake["quarantined"]
