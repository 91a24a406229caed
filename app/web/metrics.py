"""Numbers about the running service in Prometheus' text form: a registry for each app, nothing about people.

Counters and durations are of this process alone; what is read from the database is the same for all processes. Routes are told by their
template, so that neither an address nor an id becomes a label.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.database import reading
from app.errors import SourceProblem
from app.models.base import utc_now
from app.queries.read_source import ReadSource
from app.queries.source_health import ServiceNumbers, age_of, load_service_numbers
from app.web.routes import METHOD_ORDER

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, with the moment it began
MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
UNMATCHED = "unmatched"
"""The route of what no route took: unknown addresses, OPTIONS, what the door refused."""


class Metrics:
    """One for each app. `observe_request` runs on every answer."""

    def __init__(self, source: ReadSource) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("evidence_http_requests", "Answers, by route and status.", labels, registry=self._registry)
        self._durations = Histogram(
            "evidence_http_request_duration_seconds",
            "From the arrival of a request to the end of its answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._series: dict[tuple[str, str | None, int | None], tuple[Counter, Histogram]] = {}
        told = "Questions to literature services by this process, by how they ended; replies from the store are none."
        self._asked = Counter("evidence_source_requests", told, ("source", "outcome"), registry=self._registry)
        ProcessCollector(registry=self._registry)
        self._registry.register(_FromDatabase(source, utc_now))

    def observe_request(self, method: str, route: str | None, status: int | None, seconds: float) -> None:
        requests, durations = self._series_of(method, route, status)
        requests.inc()
        durations.observe(seconds)

    def _series_of(self, method: str, route: str | None, status: int | None) -> tuple[Counter, Histogram]:
        """Remembered by what they are asked for: to find them by their labels costs more than to count."""
        found = self._series.get((method, route, status))
        if found is None:
            known, template = method if method in METHOD_ORDER else "OTHER", route or UNMATCHED
            found = (
                self._requests.labels(known, template, "none" if status is None else str(status)),
                self._durations.labels(known, template),
            )
            if method == known:  # made-up methods are not worth remembering
                self._series[method, route, status] = found
        return found

    def observe_source(self, source: str, problem: SourceProblem | None) -> None:
        self._asked.labels(source, "answered" if problem is None else problem.slug).inc()

    def exposition(self) -> bytes:
        return generate_latest(self._registry)


class _FromDatabase(Collector):
    """Read anew for each scrape; a database that does not answer is a number too."""

    def __init__(self, source: ReadSource, now: Callable[[], datetime]) -> None:
        self._source = source
        self._now = now

    def describe(self) -> Iterable[Metric]:
        return ()  # asking the database while the app is built would be too early

    def collect(self) -> Iterator[Metric]:
        yield from _replica(self._source)
        try:
            with reading(self._source.primary) as session:
                numbers = load_service_numbers(session)
        except (SQLAlchemyError, OSError):
            yield _gauge("evidence_database_up", "Whether the database answered this scrape.", 0)
            return
        yield _gauge("evidence_database_up", "Whether the database answered this scrape.", 1)
        yield _gauge("evidence_ledger_sequence", "The newest entry of the ledger.", numbers.sequence)
        yield _gauge("evidence_notices_open", "Notices about studies that wait for a curator.", numbers.open_notices)
        yield from _jobs(numbers)
        yield from _sources(numbers, self._now())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _replica(source: ReadSource) -> Iterator[Metric]:
    """As this process sees it. A lag is left out where nobody knows it."""
    if source.replica is None:
        return
    yield _gauge("evidence_replica_read", "Whether this process answers anonymous reads from the replica.", float(source.reads_replica))
    if source.lag_entries is not None:
        yield _gauge("evidence_replica_lag_entries", "Entries of the ledger that the replica lacks.", source.lag_entries)
    if source.lag_seconds is not None:
        yield _gauge("evidence_replica_lag_seconds", "For how long it has lacked the oldest of them.", source.lag_seconds)


def _jobs(numbers: ServiceNumbers) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("evidence_jobs", "Jobs, by state.", labels=["state"])
    for state, count in sorted(numbers.jobs.items()):
        jobs.add_metric([state], count)
    yield jobs


def _sources(numbers: ServiceNumbers, now: datetime) -> Iterator[Metric]:
    """An age is left out where the service never answered: no number stands for that."""
    ages = GaugeMetricFamily("evidence_source_last_success_age_seconds", "Since the service last answered.", labels=["source"])
    failures = GaugeMetricFamily("evidence_source_consecutive_failures", "Failures since it last answered.", labels=["source"])
    for row in numbers.sources:
        age = age_of(row.last_success_at, now)
        if age is not None:
            ages.add_metric([row.source], age)
        failures.add_metric([row.source], row.consecutive_failures)
    yield from (ages, failures)
