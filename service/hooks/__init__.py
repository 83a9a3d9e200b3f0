"""The CDS services that we offer, by the id that is part of their address."""

from __future__ import annotations

from service.errors import UnknownService
from service.hooks import order_check, red_flags
from service.hooks.hook import CdsService

SERVICES: tuple[CdsService, ...] = (red_flags.SERVICE, order_check.SERVICE)


def find(service_id: str) -> CdsService:
    """The service of this id.

    Raises:
        UnknownService: there is none; the message lists those that there are.
    """
    for service in SERVICES:
        if service.id == service_id:
            return service
    raise UnknownService(service_id[:64], [service.id for service in SERVICES])
