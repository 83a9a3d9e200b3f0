"""What is counted while the service runs, for Prometheus.

Labels hold names that stand in the code, in the knowledge or in the file of clients:
never a path as it was sent, an id or anything of a patient. Several workers count into
files of PROMETHEUS_MULTIPROC_DIR (deploy/gunicorn.conf.py), and each answers for all.
"""

from __future__ import annotations

import os
from functools import cache

import structlog
from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.web.call import Call
from service.web.responses import milliseconds

# A call takes a millisecond or two; one that fetches from an EHR up to its deadline of three seconds.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What a store's alarm says, and how it is counted.
ALARMS = {
    "rows-lost": ("audit_rows_lost", "Audit rows that could not be written."),
    "not-available": ("store_failures", "Times that the store did not answer when it was asked."),
    "token-unchecked": ("tokens_unchecked", "Tokens accepted without asking the store for a replay."),
}

log = structlog.get_logger()


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        self._own = own = CollectorRegistry()

        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"twitch_cds_{name}", words, labels, registry=own)

        outcomes = "Calls of CDS services; outcome is cards, withheld, silence or refused."
        self._calls = counter("calls", outcomes, "service", "hook", "outcome")
        shown = "Cards by topic; shown is yes, or why it was withheld."
        self._cards = counter("cards", shown, "topic", "indicator", "shown")
        refused = "Requests refused, by the class of the error; TooManyRequests are those over a limit."
        self._refusals = counter("refusals", refused, "error")
        self._failures = counter("fetch_failures", "Prefetch keys that could not be fetched.", "reason")
        self._alarms = {what: counter(*said) for what, said in ALARMS.items()}
        self._seconds = Histogram(
            "twitch_cds_answer_seconds",
            "Time from a request's arrival to its answer, by route, method and status.",
            ["route", "method", "status"],
            buckets=SECONDS,
            registry=own,
        )
        self._breakers = Gauge(
            "twitch_cds_fhir_breakers_open",
            "Workers that leave a failing FHIR server alone for a while.",
            ["server"],
            registry=own,
            multiprocess_mode="livesum",
        )
        # To look a counter up by its labels costs more than to count; these two are for every call.
        self._of_call, self._of_answer = cache(self._calls.labels), cache(self._seconds.labels)

    def called(self, call: Call) -> None:
        """One call of a CDS service, its cards, and what a FHIR server did not give it."""
        hook = call.request.hook if call.request else "unknown"
        self._of_call(call.service.id, hook, call.named).inc()
        for card in call.cards:
            shown = call.withheld(card) or "yes"
            self._cards.labels(card.source.topic.code, card.indicator, shown).inc()
        for reason in call.not_fetched.values():
            self._failures.labels(reason).inc()

    def refused(self, error: str) -> None:
        """A request that was refused, by the class of the error."""
        self._refusals.labels(error).inc()

    def breaker(self, server: str, is_open: bool) -> None:
        """A FHIR server, by its registered base URL, is left alone from now on, or asked again."""
        if is_open:
            log.error("FHIR server left alone for a while", server=server)
        else:
            log.info("FHIR server asked again", server=server)
        self._breakers.labels(server).set(is_open)

    def alarm(self, what: str, count: int) -> None:
        """What the store could not do; `what` is a key of `ALARMS`."""
        self._alarms[what].inc(count)

    def answered(self, response: Response) -> Response:
        """Count an answer, by its route and never by its path."""
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        self._of_answer(route, method, response.status_code).observe(milliseconds() / 1000)
        return response

    def text(self, now: Collector) -> bytes:
        """Everything in Prometheus' text format, and what `now` says is so at this moment."""
        everything = CollectorRegistry()
        everything.register(now)
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            MultiProcessCollector(everything)  # type: ignore[no-untyped-call]
        else:
            everything.register(self._own)
        return generate_latest(everything)


def register(app: Flask, metrics: Metrics) -> None:
    """Count every answer."""
    app.after_request(metrics.answered)
