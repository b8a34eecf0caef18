"""The figures of operation in the text that Prometheus reads; no label names a tenant, a pledge or a right.

`greenlien_exception_rate_per_1000_orders` is of the last thirty days: exceptions opened in them, in a thousand orders
given in them; without an order it is 0.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.pledges.registry_orders import SETTLED
from domain.ports.figures import Count, OperatingFigures

ANSWERED: Final = frozenset(state.value for state in SETTLED)
PER: Final = 1000


class _Figures(Collector):
    def __init__(self, figures: OperatingFigures, now: datetime) -> None:
        self._figures = figures
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        figures = self._figures
        labels = ["registry", "kind", "state"]
        orders = GaugeMetricFamily(
            "greenlien_registry_orders", "Orders to a registry, by kind and state.", labels=labels
        )
        oldest: dict[str, float] = {}
        for each in figures.orders:
            orders.add_metric([each.registry, each.kind, each.state], each.count)
            if each.state not in ANSWERED:
                age = (self._now - each.oldest).total_seconds()
                oldest[each.registry] = max(age, oldest.get(each.registry, 0.0))
        yield orders
        ages = GaugeMetricFamily(
            "greenlien_oldest_open_order_seconds",
            "Age of a registry's oldest order without an answer.",
            labels=labels[:1],
        )
        for registry in sorted({each.registry for each in figures.orders}):
            ages.add_metric([registry], oldest.get(registry, 0.0))
        yield ages
        closed = GaugeMetricFamily(
            "greenlien_registry_closed", "Registries that have declared a closure.", labels=["registry"]
        )
        for registry in figures.closed_registries:
            closed.add_metric([registry], 1)
        yield closed
        yield _counted("greenlien_exceptions_open", "Exceptions that wait for a person.", "kind", figures.alarms)
        yield GaugeMetricFamily(
            "greenlien_exception_rate_per_1000_orders",
            "Exceptions opened in thirty days, in a thousand orders of the same days.",
            value=PER * figures.alarms_lately / figures.orders_lately if figures.orders_lately else 0.0,
        )
        yield _counted("greenlien_jobs_waiting", "Jobs that wait, those put off included.", "task", figures.jobs)
        yield _counted(
            "greenlien_reconciliation_cases_open", "Differences with a registry, unresolved.", "kind", figures.cases
        )


def metrics_text(figures: OperatingFigures, now: datetime) -> bytes:
    """Return the figures as text."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures, now))
    return generate_latest(registry)


def _counted(name: str, words: str, label: str, counts: Sequence[Count]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for each in counts:
        family.add_metric([each.name], each.count)
    return family
