"""The method by its name, its version and a digest over every number that it chose.

The subtle thing is that a changed number is another method: whoever changes one changes the digest, and a test then
asks for a new version.

Source: contract section 4 (`method`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.valuation import daily_items, estimate, evidence, haircut, market, sale, series
from domain.valuation.canonical import sha256_of


@dataclass(frozen=True, slots=True)
class Method:
    """Which method made the figures; the digest is over every parameter."""

    name: str
    version: str
    parameters_sha256: str


PARAMETERS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "kinds": market.KINDS,
        "kinds_of_half_weight": daily_items.HALF_WEIGHT,
        "near_its_day": daily_items.NEAR,
        "items_kept": market.ITEMS_KEPT,
        "window_items": series.WINDOW_ITEMS,
        "window_days": series.WINDOW_DAYS,
        "dust_below": Fraction(1, series.DUST_SHARE),
        "half_life_items": series.HALF_LIFE_ITEMS,
        "half_life_days": series.HALF_LIFE_DAYS,
        "weight_max": Fraction(1, series.WEIGHT_PARTS),
        "scale_min": Fraction(series.SCALE_MIN, series.LOG_ONE),
        "normal_consistency": Fraction(series.NORMAL_CONSISTENCY, 10_000),
        "full_until": series.FULL_UNTIL,
        "nothing_from": series.NOTHING_FROM,
        "steps": series.STEPS,
        "step_unknown": Fraction(series.STEP_UNKNOWN, series.LOG_ONE),
        "newest_draws": Fraction(series.NEWEST_DRAWS, 100),
        "items_min": estimate.ITEMS_MIN,
        "days_min": estimate.DAYS_MIN,
        "error_half_life": estimate.ERROR_HALF_LIFE,
        "errors": estimate.ERRORS,
        "error_from": estimate.ERROR_FROM,
        "error_max": Fraction(estimate.ERROR_MAX, series.LOG_ONE),
        "error_expected": Fraction(estimate.ERROR_EXPECTED, series.LOG_ONE),
        "errors_expected": estimate.ERRORS_EXPECTED,
        "mean_to_deviation": estimate.MEAN_TO_DEVIATION,
        "haircut_base": estimate.BASE,
        "haircut_errors_held": estimate.ERRORS_HELD,
        "haircut_return_weekdays": estimate.RETURN_WEEKDAYS,
        "haircut_silent_from_weekdays": estimate.SILENT_FROM_WEEKDAYS,
        "haircut_silent_per_weekday": estimate.SILENT_PER_WEEKDAY,
        "silent_days_max": estimate.SILENT_DAYS_MAX,
        "haircut_added_at_level": estimate.ADDED_AT_LEVEL,
        "haircut_floor_at_level": estimate.FLOOR_AT_LEVEL,
        "haircut_cap": estimate.CAP,
        "guard_days": estimate.GUARD_DAYS,
        "guard_trading_days_min": estimate.GUARD_TRADING_DAYS_MIN,
        "guard": estimate.GUARD,
        "activity_days": estimate.ACTIVITY_DAYS,
        "level_1": estimate.LIQUID,
        "level_2": estimate.ORDINARY,
        "thin_days": estimate.THIN_DAYS,
        "own_deals_min": haircut.OWN_DEALS_MIN,
        "administered_error": haircut.ADMINISTERED_ERROR,
        "administered_floor": haircut.ADMINISTERED_FLOOR,
        "administered_days_max": evidence.ADMINISTERED_DAYS_MAX,
        "city_speaks_days": market.CITY_SPEAKS_DAYS,
        "movement_from_weekdays": market.MOVEMENT_FROM_WEEKDAYS,
        "peers_min": evidence.PEERS_MIN,
        "peer_items": market.PEER_ITEMS,
        "volume_share": sale.VOLUME_SHARE,
        "ladder_weekdays": (sale.DAILY_UNTIL, sale.WEEKLY_UNTIL, sale.WEEK, sale.MONTH),
        "unsold_from_weekdays": sale.UNSOLD_FROM,
    }
)
"""Every number that the method chose; a change of any of them changes the digest of the method."""

METHOD: Final = Method("capped_robust_level", "2.0.0", sha256_of(PARAMETERS))
