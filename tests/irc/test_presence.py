"""The bot on the wire, without a wire: registering, its nick, its channels, and how a connection ends."""

from __future__ import annotations

from typing import Any

from fingerpost_irc.configuration import Channel
from fingerpost_irc.credentials import Credentials
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tests.irc.kit import Conversation

TAKEN = ":irc.example.org 433 * x :Nickname is already in use"


class PresenceTestCase(SynchronousTestCase):
    """A bot that has just connected."""

    def start(self, **keys: Any) -> Conversation:
        self.net = Conversation(**keys)
        return self.net

    def logged(self, *lines: str | bytes) -> list[str]:
        """What the log says when the server sends lines."""
        with capturedLogs() as logs:
            self.net.server(*lines)
        return [formatEvent(event) or "" for event in logs]


class RegistrationTests(PresenceTestCase):
    """Until the server lets us in."""

    def test_registration(self) -> None:
        """The bot says who it is, and what it is."""
        self.assertEqual(
            self.start().sent(),
            ["NICK fingerpost", "USER fingerpost 0 * :Fingerpost bot: /msg me a login, and I say the status"],
        )

    def test_password(self) -> None:
        """The server's password comes first, with blanks in it if it has some; the log does not have it."""
        with capturedLogs() as logs:
            net = self.start(credentials=Credentials(password="open sesame"))
        self.assertEqual(net.sent()[0], "PASS :open sesame")
        self.assertNotIn("sesame", repr(logs) + repr(net.bot._credentials))

    def test_channels(self) -> None:
        """Channels are joined at once after the welcome, with their keys."""
        net = self.start(
            credentials=Credentials(keys={"#b": "sesame"}), channels=(Channel(name="#a"), Channel(name="#b", key="x"))
        )
        net.sent()
        net.server(":irc.example.org 001 fingerpost :Welcome")
        self.assertEqual(net.sent(), ["JOIN #a", "JOIN #b sesame"])
        self.assertEqual(net.told.events, ["connected", "welcomed"])

    def test_never_welcomed(self) -> None:
        """A server that does not let us in within a minute is left, whatever else it sends."""
        net = self.start()
        net.clock.advance(50)
        net.server("NOTICE * :*** Looking up your hostname")
        net.clock.advance(11)
        self.assertTrue(net.wire.aborted)
        net.lose()
        self.assertIn("did not let us in within a minute", net.told.events[-1])

    def test_ping(self) -> None:
        """A server's ping is answered at once, before the welcome too, with blanks as they are."""
        net = self.start()
        net.sent()
        net.server("PING :a b", "PING c")
        self.assertEqual(net.sent(), ["PONG :a b", "PONG :c"])

    def test_bot_mode(self) -> None:
        """Where the server has a mode for bots, the bot sets it, once."""
        net = self.start()
        net.welcome()
        for line in ("BOT=B NICKLEN=30", "BOT=B", "BOT", "BOT=", "BOT=x:y", "BOT=3"):
            net.server(f":irc.example.org 005 fingerpost {line} :are supported by this server")
        self.assertEqual([line for line in net.sent() if "MODE" in line], ["MODE fingerpost +B"])


class NickTests(PresenceTestCase):
    """What the bot is called."""

    def test_taken(self) -> None:
        """Where the nick is taken, the alternates and a few short ones are tried, and then it is given up."""
        net = self.start(alternates=("fingerbot",))
        net.sent()
        net.server(*[TAKEN] * 4)
        self.assertEqual(net.sent(), ["NICK fingerbot", "NICK fingerpo1", "NICK fingerpo2", "NICK fingerpo3"])
        net.server(TAKEN)
        self.assertTrue(net.wire.disconnecting)
        net.lose()
        self.assertEqual(net.told.events[-1], "lost: every nick is taken")

    def test_not_accepted(self) -> None:
        """A nick that is too long for the server, or locked for a while, is replaced by another one too."""
        net = self.start()
        net.sent()
        net.server(":irc.example.org 432 * fingerpost :Nickname too long", ":irc.example.org 437 * x :Unavailable")
        self.assertEqual(net.sent(), ["NICK fingerpo1", "NICK fingerpo2"])

    def test_reclaimed(self) -> None:
        """The wanted nick is asked for again every five minutes; that it is still taken is of no consequence."""
        net = self.start()
        net.server(TAKEN)
        net.welcome("fingerpo1")
        net.wait(300)
        self.assertEqual(net.sent()[-1:], ["NICK fingerpost"])
        net.server(*[TAKEN] * 10)
        self.assertEqual(net.sent(), [])
        net.server(":fingerpo1!f@h NICK :fingerpost")
        net.wait(900)
        self.assertEqual([line for line in net.sent() if "NICK" in line], [])

    def test_freed(self) -> None:
        """When whoever has the wanted nick goes or takes another, it is asked for at once."""
        net = self.start()
        net.server(TAKEN)
        net.welcome("fingerpo1")
        net.sent()
        for line in (":Fingerpost!x@h QUIT :bye", ":fingerpost!x@h NICK other"):
            net.server(line)
            self.assertEqual(net.sent(), ["NICK fingerpost"])
        net.server(":alice!x@h QUIT :bye")
        self.assertEqual(net.sent(), [])

    def test_cut_by_the_server(self) -> None:
        """A nick that the server cuts is the wanted one, and is not asked for again."""
        net = self.start()
        net.welcome("fingerpos")
        net.sent()
        net.wait(900)
        self.assertEqual(net.sent(), [])
        self.assertEqual(net.says("moshez", "fingerpos"), ["PRIVMSG alice :Status of moshez: No such user."])


class ChannelTests(PresenceTestCase):
    """Where the bot is."""

    def setUp(self) -> None:
        self.start()
        self.net.welcome()
        self.net.sent()

    def test_kicked(self) -> None:
        """After a kick the bot comes back once, half a minute later; after another it stays out."""
        kick = ":op!o@h KICK #test fingerpost :Out\x02!"
        self.assertEqual(self.logged(kick), ["testnet: kicked from #test by op (Out\ufffd!); coming back once"])
        self.net.clock.advance(29)
        self.assertEqual(self.net.sent(), [])
        self.net.clock.advance(1)
        self.assertEqual(self.net.sent(), ["JOIN #test"])
        self.net.server(":fingerpost!f@h JOIN #test")
        self.assertIn("staying out of it", self.logged(kick)[0])
        self.net.wait(6000)
        self.assertNotIn("JOIN #test", self.net.sent())

    def test_kicked_before_a_round(self) -> None:
        """That channels are looked after every five minutes does not make the rest after a kick shorter."""
        self.net.wait(230)
        self.net.server(":op!o@h KICK #test fingerpost :Out")
        self.net.wait(20)
        self.assertEqual(self.net.sent(), [])
        self.net.wait(10)
        self.assertEqual(self.net.sent(), ["JOIN #test"])

    def test_kicked_long_ago(self) -> None:
        """A kick that is some hours old is forgotten."""
        for _ in range(3):
            self.net.server(":op!o@h KICK #test fingerpost :Out")
            self.net.clock.advance(30)
            self.assertIn("JOIN #test", self.net.sent())
            self.net.server(":fingerpost!f@h JOIN #test")
            self.net.wait(3600)

    def test_refused(self) -> None:
        """A channel that can't be joined is tried again every five minutes; the log says why, once for each reason."""
        self.net.server(":fingerpost!f@h PART #test")
        for number, words in ((473, "Invite only"), (474, "Banned"), (477, "Registered only"), (489, "TLS only")):
            line = f":irc.example.org {number} fingerpost #Test :{words}"
            self.assertEqual(self.logged(line, line), [f"testnet: #Test can't be joined: {words}"])
        self.net.wait(240)
        self.assertEqual(self.net.sent()[-1:], ["JOIN #test"])

    def test_forwarded(self) -> None:
        """Where a channel sends us elsewhere, we do not go there, and do not try again until the next connection."""
        self.net.server(":fingerpost!f@h PART #test", ":irc.example.org 470 fingerpost #test ##test :Forwarding")
        self.net.server(":fingerpost!f@h JOIN ##test")
        self.assertEqual(self.net.sent(), ["PART ##test"])
        self.net.wait(600)
        self.assertNotIn("JOIN #test", self.net.sent())

    def test_invited(self) -> None:
        """An invitation is not followed."""
        self.net.server(":op!o@h INVITE fingerpost #elsewhere")
        self.assertEqual(self.net.sent(), [])


class EndTests(PresenceTestCase):
    """How a connection ends."""

    def setUp(self) -> None:
        self.start()

    def end(self, *lines: str) -> list[str]:
        self.net.server(*lines)
        self.net.lose()
        return self.net.told.events[1:]

    def test_error(self) -> None:
        """What the server says at the end is passed on."""
        self.assertEqual(self.end("ERROR :Closing Link: (Server shutdown)"), ["lost: Closing Link: (Server shutdown)"])

    def test_banned(self) -> None:
        """A ban is understood in the forms that servers have for it, and a throttle is none."""
        for words in ("Closing Link: x (K-Lined: spam)", "G-line", "Z:Lined", "You are banned", "AKILL by op"):
            self.start()
            self.assertEqual(self.end(f"ERROR :{words}")[0], f"banned: {words}")
        for words in ("Reconnecting too fast, throttled", "Closing Link: x (Ping timeout)", "deadline", "abandoned"):
            self.start()
            self.assertEqual(self.end(f"ERROR :{words}"), [f"lost: {words}"])

    def test_465(self) -> None:
        """The numeric for a ban is one, and the connection is not kept."""
        self.net.server(":irc.example.org 465 * :You are not welcome")
        self.assertEqual(self.net.told.events[-1], "banned: You are not welcome")
        self.assertTrue(self.net.wire.disconnecting)

    def test_wrong_password(self) -> None:
        """That the password is wrong is said, rather than what the server says afterwards."""
        events = self.end(":irc.example.org 464 * :Bad password?", "ERROR :Access denied")
        self.assertEqual(events, ["lost: the password was refused: Bad password?"])

    def test_silence(self) -> None:
        """A server that has not sent anything for five minutes, though it was pinged, is given up."""
        self.net.welcome()
        self.net.clock.advance(100)
        self.net.server(":irc.example.org PONG irc.example.org :irc.example.org")
        self.net.clock.pump([30] * 9)
        self.net.sent()
        self.assertGreaterEqual(self.net.pings, 2)
        self.assertFalse(self.net.wire.aborted)
        self.net.clock.advance(30)
        self.assertTrue(self.net.wire.aborted)
        self.net.lose()
        self.assertEqual(self.net.told.events[-1], "lost: the server has gone silent")

    def test_nothing_is_left(self) -> None:
        """After the end, nothing of the connection goes on."""
        self.net.welcome()
        self.net.lose()
        self.assertEqual(self.net.clock.getDelayedCalls(), [])
