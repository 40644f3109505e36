"""Twisted's IRC client made fit for strangers: no traceback from any input, one line from any output, no dead peers.

Its `IRCClient` drops the connection at bytes that are not UTF-8, prints a traceback at a malformed line, replies to
CTCP and DCC in ways nobody asked for, and waits for ever for a server that has gone.
"""

from __future__ import annotations

import re
from typing import Any

from fingerpost.text import without_controls
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from twisted.words.protocols.irc import IRCBadMessage, IRCClient, numeric_to_symbolic, parsemsg

from fingerpost_irc.lines import MOST_BYTES, cut

__all__ = ["Client"]

_WELCOME_WITHIN = 60
_SILENT_FOR = 300  # more than two heartbeats
_BREAKS = re.compile("[\x00\r\n\x10]")  # what would begin another command; 0x10 is Twisted's quoting of them


class Client(IRCClient, TimeoutMixin):
    """A connection to a server. `network` is what the log calls it, `last_words` why it ends, where that is known."""

    network: str
    last_words = ""
    log = Logger()
    heartbeatInterval = 120

    def __init__(self, clock: Any, network: str) -> None:
        self.clock = clock
        self.network = network

    def connectionMade(self) -> None:
        """See `IProtocol`; the server has a minute to welcome us."""
        self.setTimeout(_WELCOME_WITHIN)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `IProtocol`."""
        self.setTimeout(None)
        super().connectionLost(reason)

    def drop(self) -> None:
        """End the connection."""
        assert self.transport is not None
        self.transport.loseConnection()

    # In

    def dataReceived(self, data: bytes) -> None:
        """See `IProtocol`."""
        if self._registered:
            self.resetTimeout()
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        """Take a line apart; one that is none is left alone."""
        try:
            prefix, command, params = parsemsg(line.decode("utf-8", "replace"))
        except (IRCBadMessage, ValueError, IndexError):
            return
        self.handleCommand(numeric_to_symbolic.get(command, command), prefix, params)

    def handleCommand(self, command: str, prefix: str, params: list[str]) -> None:
        """Do what a command is about; one with too few parameters, or wrong ones, is said in the log."""
        method = getattr(self, f"irc_{command}", None)
        try:
            if method is None:
                self.irc_unknown(prefix, command, params)
            else:
                method(prefix, params)
        except Exception as error:
            shown = without_controls(command)[:20]
            self.log.warn(
                "{network}: a {command} of the server's was not understood: {error!r}",
                network=self.network, command=shown, error=error,
            )  # fmt: skip

    def irc_RPL_WELCOME(self, prefix: str, params: list[str]) -> None:
        """We are in, by the nick that the server says: it may have cut the one we gave."""
        self._attemptedNick = params[0]
        self.setTimeout(_SILENT_FOR)
        super().irc_RPL_WELCOME(prefix, params)

    def irc_PING(self, prefix: str, params: list[str]) -> None:
        """Reply at once, whatever waits to be said; the token may have blanks in it."""
        self.sendLine(f"PONG :{params[-1]}")

    def irc_NOTICE(self, prefix: str, params: list[str]) -> None:
        """Nothing is ever done about a NOTICE (RFC 2812 §3.3.2)."""

    def irc_MODE(self, prefix: str, params: list[str]) -> None:
        """Modes are none of our business."""

    # Out

    def sendLine(self, line: str) -> None:
        """Send one line, whatever is in it."""
        self._reallySendLine(cut(_BREAKS.sub(" ", line), MOST_BYTES))

    # Time

    def timeoutConnection(self) -> None:
        """See `TimeoutMixin`."""
        if self._registered:
            self.last_words = "the server has gone silent"
        else:
            self.last_words = "the server did not let us in within a minute (is `tls` right for its port?)"
        transport: Any = self.transport
        transport.abortConnection()

    def callLater(self, period: float, func: Any) -> IDelayedCall:
        """See `TimeoutMixin`."""
        found: IDelayedCall = self.clock.callLater(period, func)
        return found

    def _createHeartbeat(self) -> LoopingCall:
        beating: LoopingCall = super()._createHeartbeat()
        beating.clock = self.clock
        return beating
