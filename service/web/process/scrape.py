"""GET /metrics, where Prometheus reads what was counted. It shows load and clients, so not everybody may."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from service import __version__
from service.errors import AddressNotAllowed
from service.web.describe.described import Content, described
from service.web.parts import Parts
from service.web.process.addresses import Network, is_passed_on, is_within


def routes(parts: Parts) -> Blueprint:
    """GET /metrics, for the addresses that TWITCH_CDS_METRICS_FROM names."""
    metrics = Blueprint("metrics", __name__)
    now = _Now(parts)

    @metrics.get("/metrics")
    @described(
        "Operation",
        answer=Content({"type": "string"}, "Prometheus' text format.", types=("text/plain",)),
        errors=(AddressNotAllowed,),
    )
    def scrape() -> Response:
        """What Prometheus collects.

        Calls, cards, refusals, failures and times, summed over the workers; for the networks that
        TWITCH_CDS_METRICS_FROM names, and not through a proxy.
        """
        _insist_on_address(parts.settings.metrics_from)
        return Response(parts.metrics.text(now), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return metrics


class _Now(Collector):
    """What is so at the moment of a scrape, for all workers alike."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """Which versions answer, and whether the store does."""
        said = {"version": __version__, "knowledge_version": self._parts.knowledge.version}
        yield InfoMetricFamily("twitch_cds", "The versions of the program and of its knowledge.", said)
        is_up = self._parts.store.condition() == "ok"
        yield GaugeMetricFamily("twitch_cds_store_up", "Whether the store answers and is up to date.", is_up)


def _insist_on_address(networks: tuple[Network, ...]) -> None:
    """A request that a proxy passed on has the proxy's address, which says nothing about who asks."""
    if is_passed_on(request.headers) or not is_within(request.remote_addr, networks):
        raise AddressNotAllowed("TWITCH_CDS_METRICS_FROM")
