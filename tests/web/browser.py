"""A browser without a network: requests as bytes to the real site, and answers taken apart."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from attrs import frozen
from fingerpost.disclosed import Disclosed
from fingerpost.lookups import Lookups
from fingerpost.model import Audience
from fingerpost.ops.guard import Guard
from fingerpost.ops.limits import Admission, Limits
from fingerpost.testing import MemoryStatuses
from fingerpost_web.configuration import Config
from fingerpost_web.pages import Pages
from fingerpost_web.resources import Front
from fingerpost_web.rpc import RPC
from fingerpost_web.site import Site
from fingerpost_web.theme import Theme
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.kit import requests

UNLIMITED = Limits(rate=0, per_address=0, total=0)
THEME = Theme.read(None)


@frozen
class Reply:
    """An answer: its code, its headers by lower-case name, and its body."""

    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def page(self) -> ElementTree.Element:
        """The body as a document, which has to be well formed."""
        doctype, _, document = self.text.partition("\n")
        assert doctype == "<!DOCTYPE html>"
        return ElementTree.fromstring(document)

    def texts(self, path: str) -> list[str]:
        """The whole text of each element that an ElementTree path finds."""
        return ["".join(found.itertext()).strip() for found in self.page.iterfind(path)]

    def hrefs(self) -> list[str]:
        """Where the links of the page lead."""
        return [found.get("href", "") for found in self.page.iter("a")]


def replies(data: bytes) -> list[Reply]:
    """The answers in what a server sent; one to HEAD, which has a length without a body, must be the last."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        found.append(Reply(int(status.split()[1]), headers, data[:length]))
        data = data[length:]
    return found


class Wire(StringTransport):
    """A transport that says whether it was closed."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class Connection:
    """One connection to a site."""

    def __init__(self, factory: Any, host: str = "192.0.2.1") -> None:
        address = IPv4Address("TCP", host, 4711)
        self.protocol = factory.buildProtocol(address)
        self.wire: Any = Wire(peerAddress=address)
        if self.protocol is not None:
            self.protocol.makeConnection(self.wire)

    def send(self, data: bytes) -> None:
        """Some more bytes of requests."""
        self.protocol.dataReceived(data)

    def replies(self) -> list[Reply]:
        """Every answer so far."""
        return replies(self.wire.value())

    @property
    def closed(self) -> bool:
        """Whether the server wants the connection to end."""
        return bool(self.wire.disconnecting or self.wire.aborted)

    def lose(self) -> None:
        """The connection is gone."""
        self.protocol.connectionLost(Failure(ConnectionDone()))


class Browser:
    """A site over a store in memory, and what asks it."""

    def __init__(self, **config: Any) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000_000)
        self.statuses = MemoryStatuses(self.clock)
        self.config = Config(**{"limits": UNLIMITED, **config})
        seen = Disclosed(self.statuses, Audience.WORLD)
        self.pages = Pages(seen, self.config, THEME)
        self.rpc = RPC(Lookups(seen, self.config))
        admission = Admission(self.config.limits, self.clock)
        self.requests = requests(self.clock, "finger-web")
        self.site = Site(Front(self.pages, self.rpc), admission, self.requests, self.clock)
        self.guard = Guard(self.clock, admission, self.requests, self.site, self.site.finish)

    def connect(self, host: str = "192.0.2.1") -> Connection:
        """A connection of its own."""
        return Connection(self.guard, host)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """The answer to one request."""
        connection = self.connect()
        lines = [f"{method} {path} HTTP/1.1", "Host: example.org", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.send("\r\n".join([*lines, "", ""]).encode() + body)
        (reply,) = connection.replies() if method != "HEAD" else connection.replies()[:1]
        connection.lose()
        return reply

    def get(self, path: str, **headers: str) -> Reply:
        """The answer to GET."""
        return self.ask("GET", path, b"", **headers)
