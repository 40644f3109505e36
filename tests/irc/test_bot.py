"""The bot on the wire, without a wire: questions, CTCP and announcements."""

from __future__ import annotations

from typing import Any

from fingerpost.interfaces import NewStatus, Proof
from fingerpost.model import Person
from fingerpost_irc.answers import Answer
from fingerpost_irc.configuration import Channel, Questions
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from tests.irc.kit import Conversation
from tests.kit import counted

# What the bot hears, or Twisted's client acts on.
COMMANDS = (
    "001", "004", "005", "252", "332", "353", "372", "375", "376", "432", "433", "437", "464", "465", "470", "471",
    "473", "ERROR", "JOIN", "KICK", "MODE", "NICK", "NOTICE", "PART", "PING", "PRIVMSG", "QUIT", "TOPIC", "unknown",
)  # fmt: skip


class BotTestCase(SynchronousTestCase):
    """A bot that is in its channel."""

    def start(self, **keys: Any) -> Conversation:
        self.net = Conversation(**keys)
        self.net.welcome()
        self.known("moshez", "Happy")
        return self.net

    def known(self, login: str, text: str) -> None:
        """Somebody has a status for so long that it is no news."""
        self.net.statuses.add(Person(login), text)
        self.net.wait(1200)
        self.net.sent()

    def setUp(self) -> None:
        self.start()


class QuestionTests(BotTestCase):
    """Being asked."""

    def test_private(self) -> None:
        """Who asks in private is answered in private."""
        self.assertEqual(self.net.says("moshez"), ["PRIVMSG alice :Status of moshez: Happy"])

    def test_channel(self) -> None:
        """Who addresses the bot in a channel is answered there, by nick, however the server spells the channel."""
        self.assertEqual(
            self.net.says("fingerpost: moshez", "#TEST"), ["PRIVMSG #TEST :alice: Status of moshez: Happy"]
        )

    def test_chatter(self) -> None:
        """What is not for the bot is not answered: chatter, other channels, notices, servers, and its own echo."""
        for text, target, who in (
            ("moshez", "#test", "alice!a@example.net"),
            ("fingerpost: moshez", "#elsewhere", "alice!a@example.net"),
            ("moshez", "fingerpost", "irc.example.org"),
            ("moshez", "fingerpost", "FingerPost!f@example.net"),
            ("", "fingerpost", "alice!a@example.net"),
        ):
            self.assertEqual(self.net.says(text, target, who), [])
        self.net.server(":alice!a@example.net NOTICE fingerpost :moshez", ":alice!a@example.net NOTICE fingerpost :")
        self.assertEqual(self.net.sent(), [])

    def test_notice(self) -> None:
        """Where that is configured, everything is said as NOTICE."""
        net = self.start(reply="notice")
        self.assertEqual(net.says("moshez"), ["NOTICE alice :Status of moshez: Happy"])

    def test_prefix(self) -> None:
        """The configured prefix is heard in channels."""
        net = self.start(prefix="!finger")
        self.assertEqual(net.says("!finger moshez", "#test"), ["PRIVMSG #test :alice: Status of moshez: Happy"])

    def test_current_nick(self) -> None:
        """The bot hears the name it has now."""
        self.net.server(":fingerpost!f@h NICK :Guest17")
        self.assertEqual(self.net.says("guest17: moshez", "#test"), ["PRIVMSG #test :alice: Status of moshez: Happy"])
        self.assertEqual(self.net.says("moshez", "Guest17"), ["PRIVMSG alice :Status of moshez: Happy"])

    def test_too_many_questions(self) -> None:
        """One host gets five answers at once, under whatever nicks, and later more; others are answered meanwhile."""
        got = [line for number in range(20) for line in self.net.says("x", who=f"n{number}!u{number}@example.net")]
        self.assertEqual(len(got), 5)
        self.net.clock.pump([2.0] * 10)
        self.assertEqual(self.net.says("moshez", who="bob!b@example.com"), ["PRIVMSG bob :Status of moshez: Happy"])
        self.assertEqual(self.net.says("moshez"), ["PRIVMSG alice :Status of moshez: Happy"])

    def test_counted(self) -> None:
        """Each question is counted by what became of it, and so are those that were too many."""
        self.start(questions=Questions(burst=3), burst=100)
        for name in ("moshez", "nobody", "help", "moshez", "moshez"):
            self.net.says(name)
        self.assertEqual(counted(self.net.requests), {"answered": 2, "not_found": 1, "refused": 2})

    def test_as_many_questions_as_configured(self) -> None:
        """Where many people share a host, as behind a bridge, more questions can be allowed, or any number."""
        for questions, expected in ((Questions(burst=9), 9), (Questions(rate=0), 20)):
            self.start(questions=questions, burst=100)
            got = [line for number in range(20) for line in self.net.says("x", who=f"n{number}!u@example.net")]
            self.assertEqual(len(got), expected)

    def test_long_status(self) -> None:
        """A status of 280 wide characters arrives in three lines at most, each whole and marked with who asked."""
        self.known("wide", "\U0001f600" * 280)
        lines = self.net.says("fingerpost: wide", "#test")
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertTrue(line.startswith("PRIVMSG #test :alice: "))
            self.assertLessEqual(len(f":{'n' * 10}!{'u' * 20}@{'h' * 64} {line}".encode()), 510)
        self.assertEqual("".join(lines).count("\U0001f600"), 280)

    def test_injection(self) -> None:
        """No status and no name makes the bot send another command."""
        self.known("evil", "x\r\nQUIT :gone\0\x10n")
        (line,) = self.net.says("evil")
        self.assertEqual(line, "PRIVMSG alice :Status of evil: x\ufffd\ufffdQUIT :gone\ufffd\ufffdn")
        (line,) = self.net.says("a\x10nQUIT", who="\x10nQUIT!x@y")
        self.assertNotIn("\nQUIT", line)
        self.net.bot.sendLine("a\r\nb\0c\x10d")
        self.assertEqual(self.net.sent(), ["a  b c d"])

    def test_not_utf8(self) -> None:
        """A question in another encoding is answered as far as it can be read."""
        self.net.server(b":alice!a@example.net PRIVMSG fingerpost :caf\xe9")
        self.assertEqual(self.net.sent(), ["PRIVMSG alice :Status of caf\ufffd: No such user."])

    def test_answer_comes_too_late(self) -> None:
        """An answer that is ready when the connection has ended is not sent to anybody."""
        waiting: Deferred[Answer] = Deferred()

        async def answer(asked: str) -> Answer:
            return await waiting

        self.patch(self.net.bot, "_answers", type("Answers", (), {"answer": staticmethod(answer)}))
        self.net.says("moshez")
        self.net.lose()
        waiting.callback(Answer("late"))
        self.assertEqual(self.net.sent(), [])


class CTCPTests(BotTestCase):
    """What clients ask each other."""

    def ask(self, text: str, target: str = "fingerpost") -> list[str]:
        self.net.wait(60)
        return self.net.says(f"\x01{text}\x01", target)

    def test_replies(self) -> None:
        """The usual questions are replied to as NOTICE."""
        for text, reply in (
            ("VERSION", "VERSION Fingerpost IRC bot 0.1.0"),
            ("version", "VERSION Fingerpost IRC bot 0.1.0"),
            ("PING 12 34", "PING 12 34"),
            ("PING", "PING"),
            ("CLIENTINFO", "CLIENTINFO CLIENTINFO FINGER PING SOURCE TIME VERSION"),
        ):
            self.assertEqual(self.ask(text), [f"NOTICE alice :\x01{reply}\x01"])
        self.assertRegex(self.ask("TIME")[0], r":\x01TIME Thu 01 Jan 2026 \d\d:\d\d:\d\d UTC\x01$")
        self.assertIn("Send me a login or a name", self.ask("FINGER")[0])
        self.assertIn("fingerpost-irc", self.ask("SOURCE")[0])

    def test_ignored(self) -> None:
        """Anything else is ignored: in channels, unknown ones, files that are offered, errors, and actions."""
        for text in ("DCC SEND passwd 1 2 3", "DCC CHAT chat 1 2", "ERRMSG x", "ACTION waves", "USERINFO", "X", " "):
            self.assertEqual(self.ask(text), [])
        self.assertEqual(self.ask("VERSION", "#test"), [])
        self.net.server(":alice!a@example.net NOTICE fingerpost :\x01PING 1\x01")
        self.net.server(":alice!a@example.net NOTICE fingerpost :\x01VERSION x\x01")
        self.assertEqual(self.net.sent(), [])

    def test_rate(self) -> None:
        """Of one host three are replied to at once, and one of several in a message."""
        got = [self.net.says("\x01VERSION\x01\x01TIME\x01") for _ in range(10)]
        self.assertEqual([len(lines) for lines in got], [1, 1, 1] + [0] * 7)

    def test_long_ping(self) -> None:
        """A ping that is too long to be sent back whole is cut, and still ends as it should."""
        self.assertEqual(self.ask(f"PING {'x' * 400}"), [f"NOTICE alice :\x01PING {'x' * 64}\x01"])


class AnnouncementTests(BotTestCase):
    """Telling news."""

    def put(self, login: str, text: str) -> list[str]:
        new = NewStatus(text, "cli")
        self.successResultOf(Deferred.fromCoroutine(self.net.statuses.set_status(login, new, Proof("peer", login))))
        return self.net.sent()

    def test_announced(self) -> None:
        """A status that is set is told in each channel at once, but not in one that does not want it."""
        self.start(channels=(Channel(name="#a"), Channel(name="#b"), Channel(name="#quiet", announce=False)))
        told = "New status of moshez: At lunch"
        self.assertEqual(self.put("moshez", "At lunch"), [f"PRIVMSG #a :{told}", f"PRIVMSG #b :{told}"])

    def test_when_joined(self) -> None:
        """What is news while the bot is in no channel is told when it is in one."""
        self.net.server(":fingerpost!f@h PART #test")
        self.assertEqual(self.put("moshez", "At lunch"), [])
        self.net.server(":fingerpost!f@h JOIN #test")
        self.assertEqual(self.net.sent(), ["PRIVMSG #test :New status of moshez: At lunch"])

    def test_latest_of_many(self) -> None:
        """Statuses that are set faster than they can be told are told in their latest form."""
        for number in range(20):
            self.put("moshez", f"Number {number}")
            self.net.clock.advance(0.01)
        self.net.clock.advance(2)
        self.assertEqual(self.net.sent(), ["PRIVMSG #test :New status of moshez: Number 19"])


class HostileServerTests(BotTestCase):
    """Whatever a server sends."""

    @given(st.lists(st.binary(max_size=60), max_size=10))
    def test_any_bytes(self, lines: list[bytes]) -> None:
        """Any bytes are borne without a traceback."""
        self.start()
        with capturedLogs() as logs:
            self.net.server(*lines)
        assert not [event for event in logs if "log_failure" in event or event.get("isError")]

    @given(
        st.sampled_from(COMMANDS),
        st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=5),
        st.sampled_from(("", ":alice!a@h ", ":fingerpost!f@h ", ":irc.example.org ", ":\x00 ")),
    )
    def test_any_parameters(self, command: str, parameters: list[str], prefix: str) -> None:
        """Commands with any parameters, too few of them too, are borne without a traceback."""
        self.start()
        with capturedLogs() as logs:
            self.net.server(f"{prefix}{command} {' '.join(parameters)}", f"{prefix}{command} :{' '.join(parameters)}")
            self.net.clock.advance(400)
            self.net.sent()
        assert not [event for event in logs if "log_failure" in event or event.get("isError")]
