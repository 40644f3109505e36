"""The bot on one connection: who asks is answered, and what is news is announced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fingerpost.ops.limits import Admission, Limits
from fingerpost.ops.requests import Requests
from twisted.internet.defer import Deferred

from fingerpost_irc import ctcp
from fingerpost_irc.announcements import News
from fingerpost_irc.answers import Answers
from fingerpost_irc.asking import asked_in_channel, asked_in_private
from fingerpost_irc.configuration import Network
from fingerpost_irc.credentials import Credentials
from fingerpost_irc.folding import fold
from fingerpost_irc.lines import LEAST_ROOM, fit, room
from fingerpost_irc.presence import Presence, Watcher

__all__ = ["Bot"]

_CTCP = Limits(rate=0.1, burst=3)


class Bot(Presence):
    """A presence that can be asked, and that tells news."""

    def __init__(
        self,
        clock: Any,
        network: Network,
        credentials: Credentials,
        watcher: Watcher,
        requests: Requests,
        answers: Answers,
        news: News,
    ) -> None:
        super().__init__(clock, network, credentials, watcher)
        self._requests = requests
        self._answers = answers
        self._news = news
        asked = network.questions
        self._questions = Admission(Limits(rate=asked.rate, burst=asked.burst), clock)
        self._ctcp = Admission(_CTCP, clock)

    # Questions

    def privmsg(self, user: str, channel: str, message: str) -> None:
        """Answer a question, if it is one."""
        asker, _, address = user.partition("!")
        if not address or fold(asker) == fold(self.nickname):
            return  # a server, or an echo of what we said
        private = fold(channel) == fold(self.nickname)
        if not private and channel not in self.channels:
            return
        question = asked_in_private if private else asked_in_channel
        asked = question(message, self.nickname, self.config.prefix)
        host = _host(address)
        if asked is None:
            return
        if self._questions.request(host) is not None:
            self._requests.refused()
            return
        target, mark = (asker, "") if private else (channel, f"{asker}: ")
        answering = Deferred.fromCoroutine(self._answer(asked, target, mark, host))
        answering.addErrback(lambda failure: self.log.failure("A question was not answered", failure))

    async def _answer(self, asked: str, target: str, mark: str, host: str) -> None:
        since = self._requests.now()
        answer = await self._answers.answer(asked)
        self.pace.say(self._lines(target, answer.text, mark), host)
        self._requests.done(since, answer.outcome, about=answer.about)

    def ctcpQuery(self, user: str, channel: str, messages: Sequence[tuple[str, str | None]]) -> None:
        """Reply to the first of the CTCP questions of a private message; everything else about them is ignored."""
        asker, _, address = user.partition("!")
        if not address or fold(channel) != fold(self.nickname) or fold(asker) == fold(self.nickname):
            return
        tag, data = messages[0]
        text = ctcp.reply(tag, data or "", self.clock.seconds())
        if text is not None and self._ctcp.request(_host(address)) is None:
            self.pace.say([f"NOTICE {asker} :{text}"], _host(address))

    # Announcements

    def own_lines(self) -> Sequence[str]:
        """See `Presence`: the lines of the next announcement; it waits while there is nowhere to make it."""
        channels = tuple(self.channels.announced_in())
        text = self._news.next() if channels else ""
        return [line for channel in channels for line in self._lines(channel, text)]

    def _lines(self, target: str, text: str, mark: str = "") -> list[str]:
        command = self.config.reply.upper()
        size = room(command, target, max(len(self.nickname.encode()), self.nick_length)) - len(mark.encode())
        return [f"{command} {target} :{mark}{line}" for line in fit(text, max(size, LEAST_ROOM))]


def _host(address: str) -> str:
    """Who is limited together: a host, whichever user names it gives."""
    return address.rpartition("@")[2]
