"""Strangers on the wire: what they may send, how much of it, and how they are shown the door."""

from __future__ import annotations

import gc
from typing import Any

from fingerpost.ops.limits import Limits
from fingerpost_pb.broker import MOST_CALLS
from fingerpost_pb.connection import FIRST_CALL, MAX_EXPRESSION
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import ITCPTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.spread import banana
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from tests.pb.kit import GREETING, UNLIMITED, Client, PbHouse, Stranger, Wire, call


def nested(depth: int) -> list[Any]:
    """Lists within lists."""
    made: list[Any] = []
    for _ in range(depth - 1):
        made = [made]
    return made


class TcpWire(Wire):
    """A wire that can be asked to notice when there is nobody at its other end."""

    keep_alive = False

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        directlyProvides(self, ITCPTransport)

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """See `ITCPTransport`."""
        self.keep_alive = enabled


atoms = st.one_of(
    st.integers(-(2**200), 2**200),
    st.binary(max_size=40),
    st.floats(allow_nan=False),
    st.sampled_from([
        b"message", b"answer", b"error", b"decref", b"decache", b"uncache", b"cachemessage", b"version", b"root",
        b"didNotUnderstand", b"getLive", b"getUser", b"getUsers", b"getRecord", b"tuple", b"list", b"dictionary",
        b"unicode", b"None", b"boolean", b"reference", b"dereference", b"remote", b"local", b"lcache", b"cached",
        b"copy", b"instance", b"class", b"module", b"method", b"persistent", b"fingerpost.LiveStatuses",
        b"twisted.spread.pb.CopyableFailure", b"os.system", b"set", b"decimal", b"datetime", 0, 1, 2, 6,
    ]),
)  # fmt: skip
expressions = st.recursive(atoms, lambda inner: st.lists(inner, max_size=7), max_leaves=25)
messages = st.builds(
    lambda name, arguments, keywords, target, wanted: [b"message", 1, target, name, wanted, arguments, keywords],
    st.one_of(st.sampled_from([b"getUser", b"getUsers", b"getRecord", b"getLive"]), atoms),
    st.one_of(expressions, st.lists(expressions, max_size=3).map(lambda inner: [b"tuple", *inner])),
    st.one_of(expressions, st.lists(st.lists(expressions, max_size=2)).map(lambda inner: [b"dictionary", *inner])),
    st.one_of(st.just(b"root"), atoms),
    st.integers(0, 1),
)


class StrangerTests(SynchronousTestCase):
    """A client that sends bytes of its own making."""

    def setUp(self) -> None:
        self.house = PbHouse(self)
        self.house.say("moshez", "Happy and well")

    def stranger(self, *, greeted: bool = True) -> Stranger:
        made = Stranger(self.house)
        if greeted:
            made.greet()
        return made

    def refused(self, stranger: Stranger, *sent: Any) -> str:
        """The sentence in the log when somebody is disconnected for what they sent."""
        with capturedLogs() as events:
            for each in sent:
                if isinstance(each, bytes):
                    stranger.protocol.dataReceived(each)
                else:
                    stranger.send(each)
        self.assertTrue(stranger.wire.aborted)
        (event,) = events
        self.assertEqual(event["log_level"].name, "info")
        before, _, reason = formatEvent(event).partition(": ")
        self.assertEqual(before, "192.0.2.66 was disconnected")
        stranger.lose()
        return reason

    def error(self, stranger: Stranger) -> str:
        """The class and sentence of the one error that was answered."""
        (answer,) = stranger.got()
        self.assertEqual((answer[0], answer[1]), (b"error", 1))
        state = {key[1]: value for key, value in answer[2][1][1:]}
        stranger.wire.clear()
        return f"{state[b'type'].decode().rpartition('.')[2]}: {state[b'value'][1].decode()}"

    def test_a_call(self) -> None:
        """Banana of one's own making is answered, in whatever pieces it comes."""
        stranger = self.stranger()
        for byte in banana.encode(call(b"getUser", [b"unicode", b"moshez"])):
            stranger.protocol.dataReceived(bytes([byte]))
        self.assertEqual(stranger.got(), [[b"answer", 1, [b"unicode", b"Happy and well"]]])

    def test_many_calls_in_one_piece(self) -> None:
        """Calls that come together are answered in order."""
        stranger = self.stranger()
        sent = b"".join(banana.encode(call(b"getUser", b"moshez", request=number)) for number in range(500))
        stranger.protocol.dataReceived(sent)
        self.assertEqual([answer[1] for answer in stranger.got()], list(range(500)))

    def test_no_answer_wanted(self) -> None:
        """A call that wants no answer gets none, whatever becomes of it."""
        stranger = self.stranger()
        for name in (b"getUser", b"nosuch", b"getUsers"):
            stranger.send(call(name, wanted=0))
        self.assertEqual(stranger.got(), [])
        self.assertFalse(stranger.ended)

    def test_values_that_are_refused(self) -> None:
        """An argument that is no plain value is answered with an error, and nothing is made of it."""
        stranger = self.stranger()
        values: list[Any] = [
            [b"remote", 1], [b"local", b"root"], [b"lcache", 1], [b"cached", 1], [b"module", b"os"],
            [b"class", b"os.system"], [b"function", b"os.system"], [b"instance", [b"class", b"a.B"], [b"dictionary"]],
            [b"os.system", [b"dictionary"]], [b"builtins.dict", [b"dictionary"]], [b"persistent", b"x"],
            [b"twisted.spread.pb.CopyableFailure", [b"dictionary"]], [b"fingerpost.LiveStatuses", 1, [b"dictionary"]],
            [b"reference", 1, [b"list"]], [b"dereference", 1], [b"set", 1], [], [[]], [5], [b"unicode"],
            [b"unicode", b"\xff"], [b"unicode", 5], [b"boolean", b"maybe"], [b"dictionary", [[b"list"], 1]], [b"\xff"],
        ]  # fmt: skip
        for value in values:
            stranger.send(call(b"getUser", value))
            self.assertEqual(
                self.error(stranger), "BadCall: An argument is neither a text nor another plain value.", value
            )
        for arguments in ([b"dictionary"], 5, b"x", [b"unicode", b"moshez"]):
            stranger.send([b"message", 1, b"root", b"getUser", 1, arguments, [b"dictionary"]])
            self.assertIn("neither a tuple nor a dictionary", self.error(stranger))
        stranger.send([b"message", 1, b"root", b"getUser", 1, [b"tuple"], [b"dictionary", [5, 5]]])
        self.assertIn("BadCall: getUser: ", self.error(stranger))
        self.assertFalse(stranger.ended)

    def test_keywords_as_bytes(self) -> None:
        """Keywords may be bytes, as programs from the days of Python 2 send them."""
        stranger = self.stranger()
        stranger.send([b"message", 1, b"root", b"getUser", 1, [b"tuple"], [b"dictionary", [b"user", b"moshez"]]])
        self.assertEqual(stranger.got(), [[b"answer", 1, [b"unicode", b"Happy and well"]]])

    def test_unknown_objects(self) -> None:
        """Calling an object that does not exist is answered with an error."""
        stranger = self.stranger()
        for target in (1, -1, 10**30, b"", b"Root"):
            stranger.send(call(b"getUser", b"moshez", target=target))
            self.assertIn("BadCall: There is no such object", self.error(stranger))

    def test_errors_give_nothing_away(self) -> None:
        """An error has no traceback, file or variable of the server in it."""
        stranger = self.stranger()
        stranger.send(call(b"getRecord", b"nosuch"))
        self.assertIn(b"Traceback unavailable", stranger.wire.value())
        for word in (b".py", b"frame ", b"remoteMessageReceived"):
            self.assertNotIn(word, stranger.wire.value())

    def test_broken_protocol(self) -> None:
        """Whoever breaks the protocol is disconnected with one sentence in the log."""
        for words, *sent in (
            ("is not PB", b"\x80\xff"),
            ("is not PB", b"\x00" * 65),
            ("is not PB", b"GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: something that is quite long\r\n"),
            ("is not PB", b"\x01\x87"),
            ("no PB expression", 5),
            ("no PB expression", []),
            ("no PB expression", [5]),
            ("no PB expression", [[b"message"]]),
            ("no client has a reason", [b"nosuch"]),
            ("no client has a reason", [b"didNotUnderstand", b"x"]),
            ("no client has a reason", [b"cachemessage", 1, 1, b"changed", 1, [b"tuple"], [b"dictionary"]]),
            ("no client has a reason", [b"uncache", 1]),
            ("malformed PB expression (message)", [b"message"]),
            ("malformed PB expression (message)", [b"message", 1, [b"root"], b"x", 1, [b"tuple"], [b"dictionary"]]),
            ("malformed PB expression (message)", [b"message", 1, b"root", b"\xff", 1, [b"tuple"], [b"dictionary"]]),
            ("malformed PB expression (message)", [b"message", b"x", b"root", b"x", 1, [b"tuple"], [b"dictionary"]]),
            ("malformed PB expression (version)", [b"version", 6, 6]),
            ("speaks version 5 of PB", [b"version", 5]),
            ("a reference that it does not have", [b"decref", 1]),
            ("malformed PB expression (decref)", [b"decref", b"root"]),
            ("a copy that it does not have", [b"decache", 1]),
            ("it was not asked", [b"answer", 1, 1]),
            ("it was not asked", [b"error", 1, 1]),
            ("more than 16 deep", call(b"getUser", nested(20))),
        ):
            self.assertIn(words, self.refused(self.stranger(), *sent))

    def test_dialects(self) -> None:
        """A client that chooses a dialect that was not offered, or begins with anything else, is disconnected."""
        for first in (b"python", 5, GREETING, [b"none"]):
            stranger = self.stranger(greeted=False)
            sent = banana.encode(first)
            self.assertIn("none of the dialects", self.refused(stranger, sent * 100))

    def test_too_much(self) -> None:
        """An expression that does not end is cut off at 8 KiB, however it is made."""
        for sent in (
            b"\x7f\x7f\x7f\x82",
            b"\x00\x7f\x05\x82" + b"x" * MAX_EXPRESSION,
            b"\x7f\x7f\x7f\x80" + b"\x80" * MAX_EXPRESSION,
            b"\x01\x80" * MAX_EXPRESSION,
            b"\x7f\x7f\x01\x80" + b"\x01\x81" * MAX_EXPRESSION,
        ):
            reason = self.refused(self.stranger(), sent + b"x" * 10_000)
            self.assertTrue("more than 8192 bytes" in reason or "is not PB" in reason, reason)

    def test_nothing_behind_a_refusal(self) -> None:
        """What a client sends behind the bytes it was disconnected for is not looked at."""
        stranger = self.stranger()
        bad, good = banana.encode([b"nosuch"]), banana.encode(call(b"getUser", b"moshez"))
        self.refused(stranger, bad + good + b"\xff" * 20_000)
        self.assertEqual(stranger.wire.value(), b"")

    def test_silence(self) -> None:
        """A client that calls nothing in ten seconds is disconnected, greeting or not; one that called may stay."""
        for greeted in (False, True):
            stranger = self.stranger(greeted=greeted)
            self.house.clock.advance(FIRST_CALL - 1)
            self.assertFalse(stranger.ended)
            self.house.clock.advance(1)
            self.assertTrue(stranger.ended)
        client = self.stranger()
        client.send(call(b"getUsers"))
        self.house.clock.advance(10_000)
        self.assertFalse(client.ended)

    def test_a_machine_that_is_gone(self) -> None:
        """A client that is silent because its machine is gone is noticed in the end: TCP keeps asking for it."""
        stranger = Stranger(self.house, TcpWire)
        self.assertIs(stranger.wire.keep_alive, True)

    def test_nothing_is_left_of_a_connection(self) -> None:
        """When a connection ends, no timer and no place of it is left."""
        stranger = self.stranger()
        producer: Any = stranger.wire.producer
        producer.pauseProducing()
        stranger.lose()
        self.assertEqual(self.house.clock.getDelayedCalls(), [])
        self.assertEqual(self.house.factory.brokers, set())
        self.assertEqual(self.house.admission.total, 0)

    @given(st.lists(st.binary(max_size=300), max_size=6), st.booleans())
    def test_any_bytes(self, pieces: list[bytes], greeted: bool) -> None:
        """Any bytes, in any pieces, log no traceback and leave nothing behind."""
        stranger = Stranger(house := PbHouse(self))
        if greeted:
            stranger.greet()
        for piece in pieces:
            stranger.protocol.dataReceived(piece)
        self.clean(house, stranger)

    @given(st.lists(st.one_of(expressions, messages), max_size=6))
    def test_any_expressions(self, sent: list[Any]) -> None:
        """Any expressions log no traceback and leave nothing behind."""
        stranger = Stranger(house := PbHouse(self))
        stranger.greet()
        stranger.send(*sent)
        house.say("moshez", "said meanwhile")
        self.clean(house, stranger)

    def clean(self, house: PbHouse, stranger: Stranger) -> None:
        stranger.lose()
        house.clock.advance(100)
        gc.collect(1)  # a failure that nobody took is logged when it is collected
        assert house.watches == 0
        assert not house.factory.brokers
        assert self.flushLoggedErrors() == []


class LimitTests(SynchronousTestCase):
    """How much one client may ask."""

    def test_rate(self) -> None:
        """Who calls too often is told so by an error, and may go on later."""
        house = PbHouse(self, Limits(rate=1, burst=2))
        client = Client(house)
        self.assertEqual(client.call("getUsers"), [])
        self.assertEqual(client.call("getUsers"), [])
        kind, sentence = client.refused("getUsers")
        self.assertEqual(kind, "TooMany")
        self.assertIn("Too many requests from your address", sentence)
        house.turn(1)
        self.assertEqual(client.call("getUsers"), [])

    def test_connections(self) -> None:
        """One address may hold so many connections."""
        house = PbHouse(self, Limits(per_address=1))
        client = Client(house)
        address = IPv4Address("TCP", "192.0.2.1", 4712)
        self.assertIsNone(house.guard.buildProtocol(address))
        client.leave()
        self.assertIsNotNone(house.guard.buildProtocol(address))

    def test_calls_under_way(self) -> None:
        """A hundred calls may wait for the store at once on a connection; one more is refused, the others are not."""
        house = PbHouse(self)
        waiting: list[Deferred[Any]] = []

        async def wait(name: str) -> Any:
            waiting.append(Deferred())
            return await waiting[-1]

        self.patch(house.statuses, "get", wait)
        client = Client(house)
        asked = [client.calling("getUser", "moshez") for _ in range(MOST_CALLS)]
        self.assertEqual(client.refused("getUser", "moshez")[0], "TooMany")
        house.add("moshez", "Happy")
        record = house.statuses._directory.get("moshez")
        for each in waiting:
            each.callback(record)
        house.turn()
        self.assertEqual({self.successResultOf(each) for each in asked}, {"Happy"})

    def test_a_client_that_does_not_read(self) -> None:
        """Calls of a client that does not read wait; it is not read from, and cut off after a minute."""
        house = PbHouse(self, UNLIMITED)
        stranger = Stranger(house)
        stranger.greet()
        producer: Any = stranger.wire.producer
        producer.pauseProducing()
        self.assertEqual(stranger.wire.producerState, "producing")
        stranger.send(call(b"getUsers"), call(b"getUsers", request=2))
        self.assertEqual(stranger.wire.producerState, "paused")
        self.assertEqual(stranger.wire.value(), b"")
        producer.resumeProducing()
        self.assertEqual([answer[1] for answer in stranger.got()], [1, 2])
        self.assertEqual(stranger.wire.producerState, "producing")
        house.clock.advance(100)
        self.assertFalse(stranger.ended)
        producer.pauseProducing()
        house.clock.advance(59)
        self.assertFalse(stranger.ended)
        house.clock.advance(1)
        self.assertTrue(stranger.ended)


class DrainTests(SynchronousTestCase):
    """How the service stops."""

    def setUp(self) -> None:
        self.house = PbHouse(self)
        self.house.add("moshez", "Happy")
        self.go: Deferred[None] = Deferred()
        get = self.house.statuses.get

        async def wait(name: str) -> Any:
            await self.go
            return await get(name)

        self.patch(self.house.statuses, "get", wait)

    def test_calls_under_way_are_answered(self) -> None:
        """A call under way is answered before its connection is closed; no new one is."""
        client, idle = Client(self.house), Client(self.house)
        asked = client.calling("getUser", "moshez")
        self.house.turn()
        drained = self.house.guard.drain(10)
        late = client.calling("getUsers")
        self.house.turn()
        self.assertTrue(idle.broker.disconnected)
        self.assertNoResult(drained)
        self.go.callback(None)
        self.house.turn()
        self.assertEqual(self.successResultOf(asked), "Happy")
        self.failureResultOf(late)
        self.successResultOf(drained)

    def test_a_client_that_leaves_early(self) -> None:
        """A client that is gone before its answer is ready disturbs nobody."""
        client = Client(self.house)
        asked = client.calling("getUser", "moshez")
        self.house.turn()
        client.leave()
        self.failureResultOf(asked)
        self.go.callback(None)
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_what_was_written_is_sent(self) -> None:
        """A transport that is closed waits for no more from us, only until all was sent."""
        stranger = Stranger(self.house)
        stranger.greet()
        drained = self.house.guard.drain(10)
        self.assertTrue(stranger.wire.disconnecting)
        self.assertFalse(stranger.wire.aborted)
        self.assertIsNone(stranger.wire.producer)
        stranger.lose()
        self.successResultOf(drained)

    def test_nobody_there(self) -> None:
        """Without clients the service stops at once."""
        self.successResultOf(self.house.guard.drain(10))
