"""What an engineer watches: how many facts came, through which door, and what became of them."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class Metrics:
    """One registry per app, so that tests and two gateways in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.facts = Counter(
            "journeys_inbound_facts_total",
            "Facts received, by door and by what became of them",
            ["door", "result"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "journeys_inbound_seconds",
            "From the request to the answer; WeCom waits 5 s",
            ["door"],
            registry=self.registry,
        )
