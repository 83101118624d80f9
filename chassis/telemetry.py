"""Metrics: outcomes counted by reason, every boundary timed, every backlog gauged."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ITEMS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self.rpc_seconds = Histogram(
            "hutong_rpc_seconds",
            "Time from a call's arrival to its answer.",
            ("method", "code"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.rpc_refusals = Counter(
            "hutong_rpc_refusals",
            "Calls and batch items that were answered with an error, by reason.",
            ("method", "reason"),
            registry=registry,
        )
        self.calls_at_once = Gauge(
            "hutong_calls_at_once",
            "Calls, and items of batches, that are being answered for callers outside.",
            ("door",),
            registry=registry,
        )
        self.calls_turned_away = Counter(
            "hutong_calls_turned_away",
            "Calls and batch items that found no place, by how urgent they are.",
            ("door", "urgency"),
            registry=registry,
        )
        self.http_seconds = Histogram(
            "hutong_http_seconds",
            "Time from an API request's arrival over HTTP to its answer.",
            ("route", "status"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.http_streams_open = Gauge(
            "hutong_http_streams_open",
            "Streams of events that are being told over HTTP.",
            registry=registry,
        )
        self.sql_seconds = Histogram(
            "hutong_sql_transaction_seconds",
            "Time from a transaction's begin to its end.",
            ("database", "outcome"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.redis_seconds = Histogram(
            "hutong_redis_seconds",
            "Time of a round trip to Redis.",
            ("operation",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_items = Histogram(
            "hutong_batch_items",
            "Items in a coalesced batch.",
            ("lane",),
            buckets=_ITEMS,
            registry=registry,
        )
        self.queue_items = Gauge(
            "hutong_queue_items", "Items that wait for a batch.", ("lane",), registry=registry
        )
        self.outbox_waiting = Gauge(
            "hutong_outbox_waiting_events",
            "Events that are written and not published.",
            ("service",),
            registry=registry,
        )
        self.outbox_lag_seconds = Gauge(
            "hutong_outbox_lag_seconds",
            "Age of the oldest event that is not published.",
            ("service",),
            registry=registry,
        )
        self.events_parked = Counter(
            "hutong_events_parked",
            "Events that a consumer gave up on.",
            ("consumer",),
            registry=registry,
        )
        self.events_handled = Counter(
            "hutong_events_handled",
            "Events that had their effect in a consumer.",
            ("consumer",),
            registry=registry,
        )
        self.events_parked_now = Gauge(
            "hutong_events_parked_now",
            "Events that are put aside and wait for somebody, 1000 at most.",
            ("consumer",),
            registry=registry,
        )
        self.consumer_lag_events = Gauge(
            "hutong_consumer_lag_events",
            "Events in the stream that a consumer has not handled.",
            ("consumer",),
            registry=registry,
        )
        self.consumer_lag_seconds = Gauge(
            "hutong_consumer_lag_seconds",
            "How old the latest event is that a consumer has read; 0 if all is handled.",
            ("consumer",),
            registry=registry,
        )
        self.saga_open = Gauge(
            "hutong_saga_open",
            "Orders on their way, by state.",
            ("state",),
            registry=registry,
        )
        self.saga_recovered = Counter(
            "hutong_saga_recovered",
            "Orders that a worker took over, by how they ended.",
            ("state",),
            registry=registry,
        )
        self.uploads_unacknowledged = Gauge(
            "hutong_uploads_unacknowledged",
            "Uploaded sales that were taken and are not acknowledged.",
            registry=registry,
        )
        self.uploads = Counter(
            "hutong_uploads",
            "Uploaded sales that were acknowledged, by the reason of those that can't be recorded.",
            ("reason",),
            registry=registry,
        )
        self.price_disagreements = Gauge(
            "hutong_price_disagreements",
            "Prices that devices show and stores do not ask, by what shows them.",
            ("surface",),
            registry=registry,
        )
        self.watches = Gauge(
            "hutong_watches",
            "Callers who follow a store's stock or prices.",
            ("board",),
            registry=registry,
        )
        self.watch_snapshots = Counter(
            "hutong_watch_snapshots",
            "Times that a watcher was told everything, at the beginning or anew.",
            ("board",),
            registry=registry,
        )
        self.watch_behind = Counter(
            "hutong_watch_behind",
            "Times that a watcher had more to be told than waits in memory.",
            ("board",),
            registry=registry,
        )
        self.worker_failures = Counter(
            "hutong_worker_failures",
            "Rounds of a background worker that failed.",
            ("worker",),
            registry=registry,
        )

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
