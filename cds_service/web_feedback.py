"""Feedback over HTTP: ``POST /cds-services/{id}/feedback`` (FB-01 to FB-14, KEEP-01 to KEEP-03)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

from flask import Blueprint, Response, g, request

from cds_service import web
from cds_service.auth.caller import Caller
from cds_service.errors import UnknownService
from cds_service.protocol.feedback import Feedback, decode

KEPT: Final = b'{"status":"kept"}'


class Keep(Protocol):
    """Keeps a batch of feedback, all or nothing."""

    def __call__(self, items: tuple[Feedback, ...], *, service: str, issuer: str, tenant: str) -> object:
        """Returns once all of it is on disk.

        Raises:
            StoreUnavailable: nothing was kept.
        """
        ...


def blueprint(
    services: Collection[str],
    keep: Keep,
    *,
    max_body_bytes: int,
    read_seconds: float,
    count: Callable[[int], None],
) -> Blueprint:
    """The route; who calls has been found out before, as for every path below ``/cds-services``.

    Args:
        services: ids of the published services.
        keep: where feedback goes.
        max_body_bytes: larger bodies are refused.
        read_seconds: that a body may take to arrive.
        count: told how many items were kept.
    """
    routes = Blueprint("feedback", __name__)

    def feedback(service_id: str) -> Response:
        if service_id not in services:
            raise UnknownService("There is no service of this id")
        items = decode(web.read_body(request.environ, max_body_bytes, read_seconds))
        caller: Caller = g.caller
        keep(items, service=service_id, issuer=caller.issuer, tenant=caller.tenant)
        count(len(items))
        return Response(KEPT, content_type=web.JSON)

    routes.add_url_rule(f"{web.DISCOVERY}/<service_id>/feedback", "feedback", feedback, methods=["POST"])
    return routes
