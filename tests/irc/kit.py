"""A bot on a network that is not there: what the server sends is said by the test, what the bot sends is read by it."""

from __future__ import annotations

from typing import Any

from fingerpost.disclosed import Disclosed
from fingerpost.model import Audience, Change
from fingerpost.testing import MemoryStatuses
from fingerpost_irc.announcements import News
from fingerpost_irc.answers import Answers
from fingerpost_irc.bot import Bot
from fingerpost_irc.configuration import Channel, Network
from fingerpost_irc.credentials import Credentials
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.kit import requests

__all__ = ["START", "Conversation", "Told", "Wire", "network"]

_HEARTBEAT = b"PING irc.example.org"
START = 1_767_225_600.0  # 2026-01-01 00:00 UTC


def network(**keys: Any) -> Network:
    """A network with one channel."""
    usual = {"name": "testnet", "server": "irc.example.org", "channels": (Channel(name="#test"),)}
    return Network(**{**usual, **keys})


class Wire(StringTransport):
    """A transport that can be aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class Told:
    """A watcher that writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def connected(self, bot: Any) -> None:
        self.events.append("connected")

    def welcomed(self) -> None:
        self.events.append("welcomed")

    def banned(self, reason: str) -> None:
        self.events.append(f"banned: {reason}")

    def lost(self, bot: Any, reason: Any, last_words: str) -> None:
        self.events.append(f"lost: {last_words}")


class Conversation:
    """A bot that has just connected, and its server."""

    def __init__(self, credentials: Credentials | None = None, **keys: Any) -> None:
        self.clock = Clock()
        self.clock.advance(START)
        self.statuses = MemoryStatuses(self.clock)
        seen = Disclosed(self.statuses, Audience.WORLD)
        self.news = News(self.clock)
        self.told = Told()
        self.requests = requests(self.clock, "finger-irc")
        self.bot = Bot(
            self.clock,
            network(**keys),
            credentials or Credentials(),
            self.told,
            self.requests,
            Answers(seen),
            self.news,
        )
        seen.watch(self._heard)
        self.wire = Wire()
        self.pings = 0
        self.bot.makeConnection(self.wire)

    def _heard(self, change: Change) -> None:
        if self.news.heard(change):
            self.bot.pace.wake()

    def welcome(self, nick: str = "fingerpost") -> list[str]:
        """Let the bot in, and into its channels; what it has sent until then."""
        self.server(f":irc.example.org 001 {nick} :Welcome")
        sent = self.sent()
        for line in sent:
            if line.startswith("JOIN "):
                self.server(f":{nick}!~f@host.example.org JOIN :{line.split()[1]}")
        self.wait(60)
        return sent

    def server(self, *lines: str | bytes) -> None:
        """The server sends lines."""
        for line in lines:
            self.bot.dataReceived((line if isinstance(line, bytes) else line.encode()) + b"\r\n")

    def says(self, text: str, target: str = "fingerpost", who: str = "alice!a@example.net") -> list[str]:
        """Somebody says something; what the bot sends at once."""
        self.server(f":{who} PRIVMSG {target} :{text}")
        return self.sent()

    def sent(self) -> list[str]:
        """What the bot has sent since this was asked last; of its heartbeat only the number is kept."""
        data = self.wire.value()
        self.wire.clear()
        assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r"), data
        lines = data.split(b"\r\n")
        assert all(len(line) <= 510 for line in lines)
        self.pings += lines.count(_HEARTBEAT)
        return [line.decode() for line in lines if line and line != _HEARTBEAT]

    def wait(self, seconds: float) -> None:
        """Time passes, with a server that is there."""
        for _ in range(int(seconds / 10)):
            self.clock.advance(10)
            self.server(":irc.example.org PONG irc.example.org :irc.example.org")

    def lose(self) -> None:
        """The connection ends."""
        self.bot.connectionLost(Failure(ConnectionDone()))
