"""Being on a network: registering, keeping the nick, and being in the channels that are configured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from fingerpost.ops.events import Event
from fingerpost.text import without_controls
from twisted.internet.protocol import connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from fingerpost_irc.channels import REST, Channels
from fingerpost_irc.client import Client
from fingerpost_irc.configuration import Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.nicks import Nicks
from fingerpost_irc.pacing import Pace

__all__ = ["Presence", "Watcher"]

_AGAIN = 300.0  # seconds until a channel or a nick that could not be had is tried again
_BANNED = re.compile(r"\b(?:[dgkxz][:-]?line[ds]?|banned|akill(?:ed)?)\b", re.IGNORECASE)
# Why a JOIN fails; those that RFC 2812 does not have are known by number alone.
_NOT_JOINED = {
    "ERR_NOSUCHCHANNEL", "ERR_TOOMANYCHANNELS", "ERR_UNAVAILRESOURCE", "ERR_CHANNELISFULL", "ERR_INVITEONLYCHAN",
    "ERR_BANNEDFROMCHAN", "ERR_BADCHANNELKEY", "ERR_BADCHANMASK", "ERR_NOCHANMODES", "480", "489", "520",
}  # fmt: skip
_FORWARDED = "470"


class Watcher(Protocol):
    """Who is told what becomes of a connection."""

    def connected(self, bot: Presence) -> None:
        """The connection was made."""

    def welcomed(self) -> None:
        """The server has let us in."""

    def banned(self, reason: str) -> None:
        """The server does not want us back."""

    def lost(self, bot: Presence, reason: Any, last_words: str) -> None:
        """The connection has ended; `last_words` is what the server said of it, if anything."""


class Presence(Client):
    """A client that stays who it is and where it belongs. `register` is all that comes before the server's welcome."""

    def __init__(self, clock: Any, network: Network, credentials: Credentials, watcher: Watcher) -> None:
        super().__init__(clock, network.name)
        self.nickname = network.nick
        self.config = network
        self.channels = Channels(clock, network.channels)
        self.pace = Pace(clock, self.sendLine, self.own_lines, network.burst, network.pace)
        self._credentials = credentials
        self._watcher = watcher
        self._nicks = Nicks(network.nick, network.alternates)
        self._trying = LoopingCall(self._try)
        self._trying.clock = clock
        self._bot_mode = False

    def own_lines(self) -> Sequence[str]:
        """What we have to say by ourselves, when it is our turn."""
        return ()

    # The connection

    def connectionMade(self) -> None:
        """See `IProtocol`."""
        self._watcher.connected(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `IProtocol`."""
        super().connectionLost(reason)
        self.pace.stop()
        if self._trying.running:
            self._trying.stop()
        self._watcher.lost(self, reason, self.last_words)

    def register(self, nickname: str, hostname: str = "0", servername: str = "*") -> None:
        """See `IRCClient`."""
        if self._credentials.password is not None:
            self.sendLine(f"PASS :{self._credentials.password}")
        self.setNick(nickname)
        self.sendLine(f"USER {self.config.username} {hostname} {servername} :{self.config.realname}")

    def signedOn(self) -> None:
        """The server has let us in."""
        self.log.info(
            "{finger_network}: connected as {nick}",
            message_id=Event.IRC_BACK, finger_network=self.network, nick=without_controls(self.nickname),
        )  # fmt: skip
        self._watcher.welcomed()
        self._join()
        self._trying.start(_AGAIN, now=False)

    def leave_network(self) -> None:
        """Say goodbye; the server then ends the connection."""
        self.pace.stop()
        self.sendLine("QUIT :Fingerpost says goodbye")

    def irc_ERROR(self, prefix: str, params: list[str]) -> None:
        """The server is about to end the connection."""
        words = without_controls(params[-1])
        self.last_words = self.last_words or words
        if _BANNED.search(words):
            self._watcher.banned(words)

    def irc_ERR_YOUREBANNEDCREEP(self, prefix: str, params: list[str]) -> None:
        """The server does not want us back."""
        self._watcher.banned(without_controls(params[-1]))
        self.drop()

    def irc_ERR_PASSWDMISMATCH(self, prefix: str, params: list[str]) -> None:
        """The server's password is another one; the server ends the connection."""
        self.last_words = f"the password was refused: {without_controls(params[-1])}"

    def isupport(self, options: Sequence[str]) -> None:
        """Say that we are a bot, where the server has a mode for that."""
        mode = "".join(self.supported.getFeature("BOT") or ())
        if len(mode) == 1 and mode.isalpha() and not self._bot_mode:
            self._bot_mode = True
            self.pace.soon(f"MODE {self.nickname} +{mode}")

    def _try(self) -> None:
        """Go after what we lack."""
        self._join()
        if not self._has_its_nick(self.nickname):
            self.pace.soon(f"NICK {self._nicks.wanted}")

    # The nick

    @property
    def nick_length(self) -> int:
        """How long nicks may be here, as far as the server has said so."""
        return self.supported.getFeature("NICKLEN") or 0

    def _has_its_nick(self, nick: str) -> bool:
        return self._nicks.is_wanted(nick, self.nick_length)

    def irc_ERR_NICKNAMEINUSE(self, prefix: str, params: list[str]) -> None:
        """Try another nick; once we have one, the wanted one is asked for again now and then, and that is all."""
        if self._registered:
            return
        nick = self._nicks.another()
        if nick is None:
            self.last_words = "every nick is taken"
            self.drop()
        else:
            self.setNick(nick)

    irc_ERR_ERRONEUSNICKNAME = irc_ERR_NICKCOLLISION = irc_ERR_NICKNAMEINUSE

    def irc_ERR_UNAVAILRESOURCE(self, prefix: str, params: list[str]) -> None:
        """A nick or a channel is locked for a while."""
        if self._registered:
            self.irc_unknown(prefix, "ERR_UNAVAILRESOURCE", params)
        else:
            self.irc_ERR_NICKNAMEINUSE(prefix, params)

    def nickChanged(self, nick: str) -> None:
        """We are called something else now."""
        self.nickname = nick
        self.log.info("{network}: now known as {nick}", network=self.network, nick=without_controls(nick))

    def userRenamed(self, oldname: str, newname: str) -> None:
        """Somebody is called something else now: perhaps the nick we want is free."""
        self.userQuit(oldname, "")

    def userQuit(self, user: str, quitMessage: str) -> None:
        """Somebody has gone: perhaps the nick we want is free."""
        if self._has_its_nick(user) and not self._has_its_nick(self.nickname):
            self.pace.soon(f"NICK {self._nicks.wanted}")

    # Channels

    def _join(self) -> None:
        for channel in self.channels.missing():
            key = self._credentials.keys.get(channel.name)
            self.pace.soon(f"JOIN {channel.name} {key}" if key else f"JOIN {channel.name}")

    def joined(self, channel: str) -> None:
        """We are in a channel; where nobody wanted us to be, we leave it."""
        if self.channels.joined(channel):
            self.log.info("{network}: joined {channel}", network=self.network, channel=without_controls(channel))
            self.pace.wake()
        else:
            self.pace.soon(f"PART {channel}")

    def left(self, channel: str) -> None:
        """We are no longer in a channel."""
        self.channels.left(channel)

    def kickedFrom(self, channel: str, kicker: str, message: str) -> None:
        """Come back once, after a while."""
        back = self.channels.kicked(channel)
        self.log.warn(
            "{network}: kicked from {channel} by {kicker} ({reason}); {what}",
            network=self.network, channel=without_controls(channel), kicker=without_controls(kicker),
            reason=without_controls(message),
            what="coming back once" if back else "staying out of it until the next connection",
        )  # fmt: skip
        if back:
            self.clock.callLater(REST, self._join)

    def irc_unknown(self, prefix: str, command: str, params: list[str]) -> None:
        """Of the many replies there are, those to a JOIN that failed matter."""
        if command in _NOT_JOINED or command == _FORWARDED:
            channel, reason = params[1], without_controls(params[-1])
            if self.channels.refused(channel, reason, for_good=command == _FORWARDED):
                self.log.warn(
                    "{network}: {channel} can't be joined: {reason}",
                    network=self.network, channel=without_controls(channel), reason=reason,
                )  # fmt: skip
