"""The web as one factory: how often one may ask, what every answer says, and what becomes of each request."""

from __future__ import annotations

from typing import Any

from fingerpost.ops.limits import Admission, whose
from fingerpost.ops.outcomes import Outcome
from fingerpost.ops.requests import Requests
from twisted.web import http, server

from fingerpost_web.channel import Channel, SiteRequest
from fingerpost_web.resources import Front

__all__ = ["Site"]

_DEADLINE = 15  # seconds, for a whole request to arrive, and for the next one to begin
_OUTCOMES = {
    http.BAD_REQUEST: Outcome.REFUSED,
    http.NOT_FOUND: Outcome.NOT_FOUND,
    http.NOT_ALLOWED: Outcome.REFUSED,
    429: Outcome.REFUSED,
    http.INTERNAL_SERVER_ERROR: Outcome.FAILED,
    http.SERVICE_UNAVAILABLE: Outcome.UNAVAILABLE,
}
_HEADERS = {
    "Server": "Fingerpost",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


class Site(server.Site):
    """The web as one factory, for HTTP and HTTPS alike."""

    noisy = False
    protocol: Any = Channel

    def __init__(self, front: Front, admission: Admission, requests: Requests, reactor: Any) -> None:
        super().__init__(front, SiteRequest, timeout=_DEADLINE, reactor=reactor)
        self.channels: set[Channel] = set()
        self.finishing = False
        self._front = front
        self._admission = admission
        self.requests = requests

    def getResourceFor(self, request: Any) -> Any:
        """See `server.Site`; who asks too often is told so."""
        for name, value in _HEADERS.items():
            request.setHeader(name, value)
        refusal = self._admission.request(whose(request.getClientAddress())[1])
        if refusal is None:
            return super().getResourceFor(request)
        request.channel.persistent = False  # what else was sent on this connection is not worth a look
        request.setHeader("Connection", "close")
        return self._front.refusing(refusal)

    def log(self, request: Any) -> None:
        """See `HTTPFactory`."""
        peer, _ = whose(request.getClientAddress())
        outcome = request.outcome or _OUTCOMES.get(request.code, Outcome.ANSWERED)
        self.requests.done(request.since, outcome, peer, request.about)

    def finish(self) -> None:
        """Let every connection end once it was answered."""
        self.finishing = True
        for channel in tuple(self.channels):
            channel.finish()
