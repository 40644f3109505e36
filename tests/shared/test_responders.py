"""The store's sockets: who may ask what, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fingerpost import wire
from fingerpost.errors import FingerpostError, HelloFirst, NotAccepted, NotAllowed, Resync
from fingerpost.interfaces import NewStatus
from fingerpost.store.expiry import end_expired
from fingerpost.store.responders import ReadSocket
from fingerpost.store.threads import AtOnce
from fingerpost.store.writing import WriteSocket
from twisted.internet.defer import Deferred
from twisted.protocols.amp import AMP, UnhandledCommand
from twisted.test.iosim import connectedServerAndClient
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House, counted, peer, said


class SocketTests(SynchronousTestCase):
    """A peer that speaks plain AMP."""

    def setUp(self) -> None:
        self.house = House()

    def connect(self, protocol: type[ReadSocket], hello: bool = True) -> AMP:
        factory = self.house.factory(protocol)
        client, _, pump = connectedServerAndClient(lambda: factory.buildProtocol(None), AMP)
        self.house.pumps.append(pump)
        if hello:
            self.ask(client, wire.Hello, version=1, client="test")
        return client

    def ask(self, amp: AMP, command: type, **arguments: object) -> dict[str, object]:
        answers: list[object] = []
        asked: Deferred[object] = amp.callRemote(command, **arguments)
        asked.addBoth(answers.append)
        self.house.turn()
        (answer,) = answers
        if hasattr(answer, "raiseException"):
            answer.raiseException()
        assert isinstance(answer, dict)
        return answer

    def test_hello_first(self) -> None:
        """Nothing is answered before `Hello`, which tells epoch and revision."""
        client = self.connect(ReadSocket, hello=False)
        with self.assertRaises(HelloFirst):
            self.ask(client, wire.GetRecord, name="moshez")
        answer = self.ask(client, wire.Hello, version=1, client="test")
        self.assertEqual((answer["epoch"], answer["revision"]), (self.house.store.engine.epoch, 0))

    def test_hello_waits_for_the_sources(self) -> None:
        """Whoever comes before the sources were read waits for that, and so hears of everybody."""
        self.house.store.hold()
        client = self.connect(ReadSocket, hello=False)
        answers: list[object] = []
        client.callRemote(wire.Hello, version=1, client="test").addBoth(answers.append)
        self.house.turn()
        self.assertEqual(answers, [])
        self.house.store.release()
        self.house.turn()
        self.assertEqual(len(answers), 1)

    def test_wrong_version(self) -> None:
        """A peer of an unknown version is told which one is spoken."""
        client = self.connect(ReadSocket, hello=False)
        with self.assertRaises(HelloFirst) as caught:
            self.ask(client, wire.Hello, version=0, client="test")
        self.assertIn("version 1", str(caught.exception))

    def test_no_tls(self) -> None:
        """A peer can't have the store make certificates and keys for a connection on this machine."""
        client = self.connect(ReadSocket)
        answers: list[Any] = []
        client.callRemoteString(b"StartTLS").addBoth(answers.append)
        self.house.turn()
        self.assertTrue(answers[0].check(UnhandledCommand), answers)

    def test_the_read_socket_cannot_write(self) -> None:
        """On the read socket there is no command that changes anything."""
        client = self.connect(ReadSocket)
        name = {"name": "a", "proof": "peer:a", "op_id": ""}
        for command, arguments in (
            (wire.SetStatus, {**name, "text": "x", "via": "cli"}),
            (wire.ClearStatus, name),
            (wire.UpdateProfile, {**name, "fields": b"{}"}),
            (wire.Verify, {"proof": "peer:a"}),
        ):
            with self.assertRaises(UnhandledCommand):
                self.ask(client, command, **arguments)
        self.assertEqual(self.house.store.engine.revision, 0)

    def test_untrusted_peer(self) -> None:
        """A process of a user whom the store does not trust can vouch for nobody."""
        self.house.uid = 4242
        with self.assertRaises(NotAllowed):
            self.house.result(self.house.client().set_status("a", said("x"), peer("a")))

    def test_counted(self) -> None:
        """Each command is counted by what became of it."""
        client = self.connect(WriteSocket)
        self.ask(client, wire.FindRecords, text="moshez", limit=5)
        for command, arguments in ((wire.GetRecord, {"name": "nobody"}), (wire.ListRecords, {"order": "x"})):
            with self.assertRaises(FingerpostError):
                self.ask(
                    client, command, **{"after": "", "limit": 5, **arguments} if "order" in arguments else arguments
                )
        self.assertEqual(counted(self.house.requests), {"answered": 2, "not_found": 1, "refused": 1})

    def test_wrong_arguments(self) -> None:
        """Arguments that make no sense are refused in words."""
        client = self.connect(WriteSocket)
        for command, arguments in (
            (wire.ListRecords, {"after": "", "limit": 5, "order": "size"}),
            (wire.ListRecords, {"after": "x", "limit": 5, "order": "latest"}),
            (wire.UpdateProfile, {"name": "a", "proof": "peer:a", "op_id": "", "fields": b"["}),
            (
                wire.SetStatus,
                {"name": "a", "proof": "peer:a", "op_id": "", "text": "x", "via": "cli", "availability": "dead"},
            ),
        ):
            with self.assertRaises(NotAccepted):
                self.ask(client, command, **arguments)

    def test_subscribe_to_another_store(self) -> None:
        """A cursor of another epoch, or from the future, asks for a fresh load."""
        client = self.connect(ReadSocket)
        for epoch, since in (("other", 0), (self.house.store.engine.epoch, 5)):
            with self.assertRaises(Resync):
                self.ask(client, wire.Subscribe, epoch=epoch, since=since)

    def test_store_that_is_closing(self) -> None:
        """A set that reaches a stopping store is asked again of the next one, and made once."""
        setter = self.house.client()
        self.house.store.finish()
        records: list[Any] = []
        Deferred.fromCoroutine(setter.set_status("a", said("x"), peer("a"))).addBoth(records.append)
        self.house.turn()
        self.assertEqual(records, [])
        self.house.stop()
        self.house.start(self.house.store.engine)
        self.house.turn(1)
        self.assertEqual([record.status.text for record in records], ["x"])
        self.assertEqual(self.house.store.engine.revision, 1)

    def test_answer_that_was_lost(self) -> None:
        """A set whose answer was lost with the connection is asked again, and is not made a second time."""
        engine = self.house.store.engine
        setter = self.house.client()
        write = engine.write

        def write_and_die(*arguments: Any) -> Any:
            result = write(*arguments)
            self.patch(engine, "write", write)
            self.house.stop()
            self.house.start(engine)
            return result

        self.patch(engine, "write", write_and_die)
        record = self.house.result(setter.set_status("a", said("x"), peer("a")), 2)
        self.assertEqual((record.status.text, engine.revision), ("x", 1))

    def test_expired_statuses_end(self) -> None:
        """A status with an end is gone after it, and every follower is told."""
        at_once: Any = AtOnce()
        setter, replica = self.house.client(), self.house.replica()
        until = self.house.store.now() + timedelta(minutes=5)
        self.house.result(setter.set_status("a", said("at work"), peer("a")))
        self.house.turn(1)
        self.house.result(setter.set_status("a", NewStatus("lunch", "cli", expires_at=until), peer("a")))
        self.assertEqual(self.house.result(end_expired(self.house.store, at_once)), 0)
        self.assertEqual(self.house.result(replica.get("a")).status.text, "lunch")
        self.house.turn(300)
        self.assertEqual(self.house.result(end_expired(self.house.store, at_once)), 1)
        self.assertEqual(self.house.result(replica.get("a")).status.text, "at work")
