"""One HTTP connection: how long and how large a request may be, and how it all ends.

Twisted's own channel gives a request that trickles in as long as it likes, and bounds no body.
"""

from __future__ import annotations

import re
from typing import Any

from fingerpost.ops.outcomes import Outcome
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.web import http, server
from zope.interface import implementer

__all__ = ["Channel", "SiteRequest"]

_GRACE = 1.0  # seconds, for a request that is on its way when the service stops
_MOST_BYTES = 64 * 1024  # of a request's body


class SiteRequest(server.Request):
    """A request whose body is bounded."""

    channel: Any  # a Channel
    about = ""  # whom it asks about
    outcome: Outcome | None = None  # where the code does not tell
    _received = 0

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """See `IRequest`; what was refused is not looked at, even if all of it is here by now."""
        if self.channel.transport.disconnecting:
            return
        self.since = self.channel.site.requests.now()
        absolute = re.match(rb"https?://[^/?]*", path)  # as to a proxy, RFC 9112 §3.2.2
        if absolute is not None:
            path = b"/" + path[absolute.end() :].removeprefix(b"/")
        super().requestReceived(command, path, version)

    def gotLength(self, length: int | None) -> None:
        """See `IRequest`."""
        super().gotLength(length)
        if length is not None and length > _MOST_BYTES:
            self.channel.refuse(b"413 Content Too Large")

    def handleContentChunk(self, data: bytes) -> None:
        """See `IRequest`."""
        self._received += len(data)
        if self._received > _MOST_BYTES:
            self.channel.refuse(b"413 Content Too Large")
        else:
            super().handleContentChunk(data)


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """A connection. Its timeout is a deadline: only the beginning of a request renews it, not each byte."""

    requestFactory = SiteRequest
    site: Any  # a Site
    transport: Any
    _begun = False
    _ended = False

    def connectionMade(self) -> None:
        """See `IProtocol`."""
        super().connectionMade()
        self.site.channels.add(self)

    def connectionLost(self, reason: Any = None) -> None:
        """See `IProtocol`."""
        super().connectionLost(reason)
        self.site.channels.discard(self)

    def resetTimeout(self) -> None:
        """See `TimeoutMixin`."""
        if not self._begun:
            self._begun = True
            super().resetTimeout()

    def requestDone(self, request: Any) -> None:
        """See `HTTPChannel`."""
        self._begun = False
        super().requestDone(request)
        if self._ended and not self.requests:
            self.loseConnection()

    def readConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`: what was asked until then is answered."""
        self._ended = True
        if not self.requests:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """See `IHalfCloseableProtocol`."""

    def headerReceived(self, line: bytes) -> bool:
        """See `HTTPChannel`, which takes a length of any number of digits for a number."""
        try:
            return bool(super().headerReceived(line))
        except ValueError:
            self.refuse(b"400 Bad Request")
            return False

    def lineLengthExceeded(self, line: bytes) -> None:
        """See `LineReceiver`."""
        self.refuse(b"431 Request Header Fields Too Large")

    def refuse(self, status: bytes) -> None:
        """Answer a request that can't be taken, and end the connection."""
        if not self.transport.disconnecting:
            self.site.requests.refused()
            self.transport.write(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status)
            self.loseConnection()

    def loseConnection(self) -> None:
        """See `HTTPChannel`, which may do this once."""
        if not self.transport.disconnecting:
            super().loseConnection()

    def _send100Continue(self) -> None:
        """See `HTTPChannel`, which would ask for a body that was refused."""
        if not self.transport.disconnecting:
            super()._send100Continue()

    def checkPersistence(self, request: Any, version: bytes) -> bool:
        """See `HTTPChannel`."""
        if self.site.finishing:
            request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
            return False
        persistent: bool = super().checkPersistence(request, version)
        return persistent

    def finish(self) -> None:
        """End the connection, behind the answer to a request that is here or may be on its way."""
        if self.requests:
            self.persistent = False
        else:
            self.callLater(_GRACE, self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        if not self.requests:
            self.loseConnection()

    def timeoutConnection(self) -> None:
        """See `TimeoutMixin`: end the connection, without a word in the log."""
        self._abortingCall = self.callLater(self.abortTimeout, self.forceAbortClient)
        self.loseConnection()

    def forceAbortClient(self) -> None:
        """See `HTTPChannel`."""
        self._abortingCall = None
        self.transport.abortConnection()
