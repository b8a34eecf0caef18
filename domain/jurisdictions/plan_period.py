"""Plan periods: the five-year plan that most discharge rights end with.

The subtle thing is that this is a second clock beside the permit's own five years: a permit of 2024 runs to 2029, and
the right it carries was counted out for a plan that ended in 2025 and must be confirmed again.

Source: 全国排污权有偿使用和交易进展报告(2024): 大部分省份均与国家五年规划周期一致; rules `right.plan_period.end` and
`right.plan_period.years`.

>>> plan_period_end(date(2026, 11, 21), date(2025, 12, 31), 5)
datetime.date(2030, 12, 31)
"""

from datetime import date

from domain.values.time import add_years


def plan_period_end(on: date, known_end: date, years: int) -> date:
    """Return the last day of the plan period in which `on` lies, counted in steps of `years` from one known end.

    Raises:
        ValueError: the period is not at least one year long.
        InvalidDate: the end would lie beyond the calendar.
    """
    if years < 1:
        message = f"a plan period has at least one year, not {years}"
        raise ValueError(message)
    periods = (on.year - known_end.year) // years
    end = add_years(known_end, periods * years)
    while end < on:
        periods += 1
        end = add_years(known_end, periods * years)
    return end
