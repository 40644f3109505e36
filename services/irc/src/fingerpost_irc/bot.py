"""The bot on one connection: it registers, keeps its nick and its channels, answers, and announces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from fingerpost.ops.limits import Admission, Limits
from fingerpost.text import without_controls
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from fingerpost_irc import ctcp
from fingerpost_irc.announcements import News
from fingerpost_irc.answers import Answers
from fingerpost_irc.asking import asked_in_channel, asked_in_private
from fingerpost_irc.channels import REST, Channels
from fingerpost_irc.client import Client
from fingerpost_irc.configuration import Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.folding import fold
from fingerpost_irc.lines import fit, room
from fingerpost_irc.nicks import Nicks
from fingerpost_irc.pacing import Pace

__all__ = ["Bot", "Watcher"]

_AGAIN = 300.0  # seconds until a channel or a nick that could not be had is tried again
_QUESTIONS = Limits(rate=0.25, burst=5)  # of one host
_CTCP = Limits(rate=0.1, burst=3)
_BANNED = re.compile(r"\b(?:[dgkxz][:-]?line[ds]?|banned|akill(?:ed)?)\b", re.IGNORECASE)
# Why a JOIN fails; those that RFC 2812 does not have are known by number alone.
_NOT_JOINED = {
    "ERR_NOSUCHCHANNEL", "ERR_TOOMANYCHANNELS", "ERR_UNAVAILRESOURCE", "ERR_CHANNELISFULL", "ERR_INVITEONLYCHAN",
    "ERR_BANNEDFROMCHAN", "ERR_BADCHANNELKEY", "ERR_BADCHANMASK", "ERR_NOCHANMODES", "480", "489", "520",
}  # fmt: skip
_FORWARDED = "470"


class Watcher(Protocol):
    """Who is told what becomes of a connection."""

    def connected(self, bot: Bot) -> None:
        """The connection was made."""

    def welcomed(self) -> None:
        """The server has let us in."""

    def banned(self, reason: str) -> None:
        """The server does not want us back."""

    def lost(self, bot: Bot, reason: Any, last_words: str) -> None:
        """The connection has ended; `last_words` is what the server said of it, if anything."""


class Bot(Client):
    """See the module. `register` is the whole of what comes before the server's welcome."""

    def __init__(
        self, clock: Any, network: Network, credentials: Credentials, answers: Answers, news: News, watcher: Watcher
    ) -> None:
        super().__init__(clock, network.name)
        self.nickname = network.nick
        self._config = network
        self._credentials = credentials
        self._answers = answers
        self._news = news
        self._watcher = watcher
        self._nicks = Nicks(network.nick, network.alternates)
        self._channels = Channels(clock, network.channels)
        self._questions = Admission(_QUESTIONS, clock)
        self._ctcp = Admission(_CTCP, clock)
        self._pace = Pace(clock, self.sendLine, self._announcement)
        self._trying = LoopingCall(self._try)
        self._trying.clock = clock
        self._last_words = ""
        self._bot_mode = False

    # The connection

    def connectionMade(self) -> None:
        """See `IProtocol`."""
        self._watcher.connected(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `IProtocol`."""
        super().connectionLost(reason)
        self._pace.stop()
        if self._trying.running:
            self._trying.stop()
        self._watcher.lost(self, reason, self._last_words)

    def register(self, nickname: str, hostname: str = "0", servername: str = "*") -> None:
        """See `IRCClient`."""
        if self._credentials.password is not None:
            self.sendLine(f"PASS :{self._credentials.password}")
        self.setNick(nickname)
        self.sendLine(f"USER {self._config.username} {hostname} {servername} :{self._config.realname}")

    def signedOn(self) -> None:
        """The server has let us in."""
        self.log.info("{network}: connected as {nick}", network=self.network, nick=without_controls(self.nickname))
        self._watcher.welcomed()
        self._join()
        self._trying.start(_AGAIN, now=False)

    def leave_network(self) -> None:
        """Say goodbye; the server then ends the connection."""
        self._pace.stop()
        self.sendLine("QUIT :Fingerpost says goodbye")

    def irc_ERROR(self, prefix: str, params: list[str]) -> None:
        """The server is about to end the connection."""
        self._last_words = without_controls(params[-1])
        if _BANNED.search(params[-1]):
            self._watcher.banned(self._last_words)

    def irc_ERR_YOUREBANNEDCREEP(self, prefix: str, params: list[str]) -> None:
        """The server does not want us back."""
        self._last_words = without_controls(params[-1])
        self._watcher.banned(self._last_words)
        self.drop()

    def irc_ERR_PASSWDMISMATCH(self, prefix: str, params: list[str]) -> None:
        """The server's password is another one; the server ends the connection."""
        self._last_words = f"the password was refused: {without_controls(params[-1])}"

    def isupport(self, options: Sequence[str]) -> None:
        """Say that we are a bot, where the server has a mode for that."""
        mode = "".join(self.supported.getFeature("BOT") or ())
        if len(mode) == 1 and mode.isalpha() and not self._bot_mode:
            self._bot_mode = True
            self._pace.soon(f"MODE {self.nickname} +{mode}")

    def _try(self) -> None:
        """Go after what we lack."""
        self._join()
        if not self._has_its_nick(self.nickname):
            self._pace.soon(f"NICK {self._nicks.wanted}")

    # The nick

    def _has_its_nick(self, nick: str) -> bool:
        return self._nicks.is_wanted(nick, self.supported.getFeature("NICKLEN"))

    def irc_ERR_NICKNAMEINUSE(self, prefix: str, params: list[str]) -> None:
        """Try another nick; once we have one, the wanted one is asked for again now and then, and that is all."""
        if self._registered:
            return
        nick = self._nicks.another()
        if nick is None:
            self._last_words = "every nick is taken"
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
            self._pace.soon(f"NICK {self._nicks.wanted}")

    # Channels

    def _join(self) -> None:
        for channel in self._channels.missing():
            key = self._credentials.keys.get(channel.name)
            self._pace.soon(f"JOIN {channel.name} {key}" if key else f"JOIN {channel.name}")

    def joined(self, channel: str) -> None:
        """We are in a channel; where nobody wanted us to be, we leave it."""
        if self._channels.joined(channel):
            self.log.info("{network}: joined {channel}", network=self.network, channel=without_controls(channel))
            self._pace.wake()
        else:
            self._pace.soon(f"PART {channel}")

    def left(self, channel: str) -> None:
        """We are no longer in a channel."""
        self._channels.left(channel)

    def kickedFrom(self, channel: str, kicker: str, message: str) -> None:
        """Come back once, after a while."""
        back = self._channels.kicked(channel)
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
            if self._channels.refused(channel, reason, for_good=command == _FORWARDED):
                self.log.warn(
                    "{network}: {channel} can't be joined: {reason}",
                    network=self.network, channel=without_controls(channel), reason=reason,
                )  # fmt: skip

    # Questions

    def privmsg(self, user: str, channel: str, message: str) -> None:
        """Answer a question, if it is one."""
        asker, _, address = user.partition("!")
        if not address or fold(asker) == fold(self.nickname):
            return  # a server, or an echo of what we said
        private = fold(channel) == fold(self.nickname)
        if not private and channel not in self._channels:
            return
        question = asked_in_private if private else asked_in_channel
        asked = question(message, self.nickname, self._config.prefix)
        host = _host(address)
        if asked is None or self._questions.request(host) is not None:
            return
        target, mark = (asker, "") if private else (channel, f"{asker}: ")
        answering = Deferred.fromCoroutine(self._answer(asked, target, mark, host))
        answering.addErrback(lambda failure: self.log.failure("A question was not answered", failure))

    async def _answer(self, asked: str, target: str, mark: str, host: str) -> None:
        self._pace.say(self._lines(target, await self._answers.answer(asked), mark), host)

    def ctcpQuery(self, user: str, channel: str, messages: Sequence[tuple[str, str | None]]) -> None:
        """Reply to the first of the CTCP questions of a private message; everything else about them is ignored."""
        asker, _, address = user.partition("!")
        if not address or fold(channel) != fold(self.nickname) or fold(asker) == fold(self.nickname):
            return
        tag, data = messages[0]
        text = ctcp.reply(tag, data or "", self.clock.seconds())
        if text is not None and self._ctcp.request(_host(address)) is None:
            self._pace.say([f"NOTICE {asker} :{text}"], _host(address))

    # Announcements

    def announce(self) -> None:
        """There is news."""
        self._pace.wake()

    def _announcement(self) -> Sequence[str]:
        """The lines of the next announcement; it waits while there is nowhere to make it."""
        channels = tuple(self._channels.announced_in())
        text = self._news.next() if channels else ""
        return [line for channel in channels for line in self._lines(channel, text)]

    def _lines(self, target: str, text: str, mark: str = "") -> list[str]:
        command = self._config.reply.upper()
        size = room(command, target, max(len(self.nickname.encode()), self.supported.getFeature("NICKLEN"))) - len(
            mark.encode()
        )
        return [f"{command} {target} :{mark}{line}" for line in fit(text, max(size, 4))]


def _host(address: str) -> str:
    """Who is limited together: a host, whichever user names it gives."""
    return address.rpartition("@")[2]
