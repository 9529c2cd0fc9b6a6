"""Counts and lags for Prometheus (OPS6)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from store.reading import Lag

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The metrics of one API process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "ordito_http_request_seconds",
            "Time to answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._answers = Counter(
            "ordito_http_answers", "Answers by status.", ("method", "route", "status"), registry=self.registry
        )
        self._waiting = Gauge(
            "ordito_messages_waiting", "Messages that Temporal has not been told.", ("box",), registry=self.registry
        )
        self._lag = Gauge(
            "ordito_message_lag_seconds", "Age of the oldest message not told.", ("box",), registry=self.registry
        )
        self._orders = Gauge("ordito_orders", "Orders by status.", ("status",), registry=self.registry)
        self._parked = Gauge("ordito_orders_parked", "Orders that wait for a person.", registry=self.registry)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route).observe(seconds)
        self._answers.labels(method, route, status).inc()

    def page(self, lags: list[Lag], statuses: dict[str, int], parked: int) -> bytes:
        """The page that Prometheus reads."""
        for lag in lags:
            self._waiting.labels(lag.box).set(lag.waiting)
            self._lag.labels(lag.box).set(lag.seconds)
        self._orders.clear()
        for status, count in statuses.items():
            self._orders.labels(status).set(count)
        self._parked.set(parked)
        return generate_latest(self.registry)
