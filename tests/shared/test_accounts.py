"""Accounts as the store's sockets have them: who may do what, what everybody else is told, and what is kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from attrs import evolve
from fingerpost import adminwire, wire
from fingerpost.accounts import Scope
from fingerpost.errors import FingerpostError, NoSuchUser, NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.interfaces import Proof
from fingerpost.model import Audience, Person, Status
from fingerpost.ops.events import Event
from fingerpost.store.accounts.accounts import ProofsConfig
from fingerpost.store.accounts.passwords import Argon2Config
from fingerpost.store.administering import AdminSocket
from fingerpost.store.dossier import Entry
from fingerpost.store.edits import SourceSaid
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.interfaces import Framed
from fingerpost.store.responders import ReadSocket
from fingerpost.store.writing import WriteSocket
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.logger import globalLogPublisher
from twisted.protocols.amp import AMP, UnhandledCommand
from twisted.test.iosim import connectedServerAndClient
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import CHEAP, House, peer

WORDS = str(NotAllowed())


class Accounts(SynchronousTestCase):
    """A store, somebody who may write to it, and an administrator."""

    def setUp(self) -> None:
        self.house = House(self.engine())
        self.writer = self.connect(WriteSocket)
        self.admin = self.connect(AdminSocket)
        self.counts: dict[tuple[str, str], int] = {}
        self.house.accounts.proving.counted = self.count
        self.events: list[dict[str, Any]] = []
        observer: Any = self.events.append
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def engine(self) -> Any:
        return None

    def count(self, kind: str, outcome: str) -> None:
        self.counts[kind, outcome] = self.counts.get((kind, outcome), 0) + 1

    def connect(self, protocol: type[ReadSocket]) -> AMP:
        factory = self.house.factory(protocol)
        client, _, pump = connectedServerAndClient(lambda: factory.buildProtocol(None), AMP)
        self.house.pumps.append(pump)
        self.ask(client, wire.Hello, version=1, client="finger-setter")
        return client

    def ask(self, amp: AMP, command: type, **arguments: object) -> Any:
        answers: list[Any] = []
        asked: Deferred[Any] = amp.callRemote(command, **arguments)
        asked.addBoth(answers.append)
        self.house.turn()
        (answer,) = answers
        if hasattr(answer, "raiseException"):
            answer.raiseException()
        return answer

    def add(self, login: str = "moshez", **fields: str) -> None:
        self.ask(self.admin, adminwire.AddUser, name=login, fields=dumped(fields), op_id="")

    def token(self, login: str = "moshez", scopes: str = "status:set", expires: Any = None) -> tuple[str, str]:
        """The id and the secret of a new token."""
        answer = self.ask(self.admin, adminwire.IssueToken, name=login, scopes=scopes, label="laptop", expires=expires)
        return answer["id"], answer["token"]

    def password(self, password: str | None, login: str = "moshez") -> None:
        self.ask(self.admin, adminwire.SetPassword, name=login, password=password)

    def set_status(self, proof: Proof, login: str = "moshez", text: str = "here") -> Any:
        return self.ask(self.writer, wire.SetStatus, name=login, proof=str(proof), op_id="", text=text, via="finger")

    def refusal(self, proof: Proof, login: str = "moshez") -> str:
        """The words in which a proof is refused."""
        with self.assertRaises(NotAllowed) as caught:
            self.set_status(proof, login)
        return str(caught.exception)

    def logged(self, event: Event) -> list[dict[str, Any]]:
        return [entry for entry in self.events if entry.get("message_id") == event]


def dumped(fields: dict[str, Any]) -> bytes:
    """Fields as they travel."""
    return json.dumps(fields).encode()


def token(secret: str) -> Proof:
    """A token as a proof."""
    return Proof("token", secret)


def password(secret: str, login: str = "moshez") -> Proof:
    """A name and a password as a proof."""
    return Proof("password", f"{login}:{secret}")


class ProofTests(Accounts):
    """What proves who somebody is."""

    def test_token(self) -> None:
        """A token sets the status of whom it was issued for; it is `fp_` and 256 random bits."""
        self.add()
        _, secret = self.token()
        self.assertRegex(secret, r"^fp_[A-Za-z0-9_-]{43}$")
        self.assertIn(b"here", self.set_status(token(secret))["change"])
        self.assertEqual(self.counts, {("token", "accepted"): 1})

    def test_password(self) -> None:
        """A password does everything for its own name, whichever way its letters are composed."""
        self.add()
        self.password("caf\u00e9 au lait")
        self.assertIn(b"here", self.set_status(password("cafe\u0301 au lait"))["change"])
        self.assertIn(b"here", self.set_status(password("caf\u00e9 au lait"))["change"])

    def test_whose(self) -> None:
        """`Verify` says whose proof it is, and what for."""
        self.add()
        self.password("correct horse")
        _, secret = self.token(scopes="status:set profile:set")
        for proof in (token(secret), password("correct horse"), peer("moshez")):
            answer = self.ask(self.writer, wire.Verify, proof=str(proof))
            self.assertEqual(answer, {"login": "moshez", "scopes": "profile:set status:set"})

    def test_refused_in_the_same_words(self) -> None:
        """Whatever is wrong with a proof, whoever shows it hears the same; the reason is in the log."""
        self.house.accounts.configure(evolve(CHEAP, attempts=100))
        self.add()
        self.add("shawn")
        self.password("correct horse")
        _, other = self.token("shawn")
        revoked_id, revoked = self.token()
        self.ask(self.admin, adminwire.RevokeToken, id=revoked_id)
        soon = self.house.store.now() + timedelta(seconds=10)
        _, expired = self.token(expires=soon)
        _, narrow = self.token(scopes="profile:set")
        self.house.clock.advance(10)
        reasons = {
            "no such token": token("fp_nothing"),
            "has expired": token(expired),
            "was revoked": token(revoked),
            "and not for status:set": token(narrow),
            "it is shawn's": token(other),
            "wrong password": password("wrong horse"),
            "no password of that name": password("correct horse", "shawn"),
            "letters a-z": Proof("password", "\x00:x"),
            "not allowed": Proof("certificate", "x"),
        }
        for reason, proof in reasons.items():
            self.events.clear()
            self.assertEqual(self.refusal(proof), WORDS, reason)
            (entry,) = self.logged(Event.PROOF_REFUSED)
            if reason != "letters a-z":
                self.assertIn(reason, entry["finger_reason"])
            self.assertEqual((entry["finger_service"], entry["finger_user"] != ""), ("finger-setter", True))
        self.assertEqual(sum(n for (_, outcome), n in self.counts.items() if outcome == "refused"), len(reasons))
        self.assertNotIn(b"here", bytes(self.house.store.engine.read(["moshez"])[0] or b""))

    def test_unknown_user(self) -> None:
        """A name that nobody has is refused like a wrong password, and costs as much, whatever the hash did."""
        self.house.accounts.configure(evolve(CHEAP, attempts=100))
        passwords: Any = self.house.accounts._passwords
        extra: list[int] = []
        passwords._toil = lambda work, given: extra.append(work)
        self.add()
        self.password("correct horse")
        for login, spared in (("nosuch", 64), ("moshez", 0)):
            self.assertEqual(self.refusal(password("x", login), login), WORDS)
            self.assertEqual(extra.pop(), spared)
        for memory, known, unknown in ((640, 576, 640), (8, 576, 640)):
            costs = Argon2Config(time_cost=1, memory_cost=memory, parallelism=1)
            self.house.accounts.configure(evolve(CHEAP, attempts=100, argon2=costs))
            for login, spared in (("moshez", known), ("nosuch", unknown)):
                self.refusal(password("x", login), login)
                self.assertEqual(extra.pop(), spared)
        self.assertEqual(extra, [])

    def test_scopes(self) -> None:
        """A token for the profile changes that, and not the status; one for everything does so for everybody."""
        self.add()
        _, profile = self.token(scopes=Scope.PROFILE)
        fields = dumped({"office": "Room 1"})
        made = self.ask(
            self.writer, wire.UpdateProfile, name="moshez", proof=str(token(profile)), op_id="", fields=fields
        )
        self.assertIn(b"Room 1", made["change"])
        self.refusal(token(profile))
        self.add("root")
        _, everything = self.token("root", "admin")
        self.assertIn(b"here", self.set_status(token(everything))["change"])

    def test_what_nobody_would_write(self) -> None:
        """Whatever a value holds, whoever sent it is told, and others go on over the same connection."""
        proof = str(peer("moshez"))
        asked = {"name": "moshez", "proof": proof, "op_id": ""}
        late = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))
        for fields in (b"[" * 50_000, b'{"plan": NaN}', b'{"plan": 7}', b'{"links": ["x"]}', b"{", b'"x"', b"\xff"):
            with self.assertRaises(NotAccepted):
                self.ask(self.writer, wire.UpdateProfile, **asked, fields=fields)
        for audiences in (b'{"plan":' + b"[" * 50_000, b'{"plan": 7}', b"[]"):
            with self.assertRaises(NotAccepted):
                self.ask(self.writer, wire.SetVisibility, **asked, audiences=audiences)
        with self.assertRaises(NotAccepted):
            self.ask(self.writer, wire.SetStatus, **asked, text="x", via="cli", expires=late)
        with self.assertRaises(NotAccepted):
            self.ask(self.writer, wire.ClearStatus, name="moshez", proof=proof, op_id="x" * 65)
        self.set_status(peer("moshez"))

    def test_a_defect_ends_no_connection(self) -> None:
        """What nobody thought of is told to whoever asked, and logged; the connection stays for the others."""

        def broken(*arguments: object) -> Any:
            raise RuntimeError("a bug")

        self.house.store.find = broken  # type: ignore[assignment,method-assign]
        with self.assertRaises(FingerpostError) as caught:
            self.ask(self.writer, wire.FindRecords, text="x", limit=5)
        self.assertIn("its log says why", str(caught.exception))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.set_status(peer("moshez"))

    def test_a_token_tells_nothing(self) -> None:
        """Whoever has only a token to set the status learns nothing by it that is not for every member."""
        self.add(home_phone="555-2", office="Room 1")
        _, secret = self.token()
        proof = token(secret)
        made = self.set_status(proof)["change"]
        self.assertEqual((b"here" in made, b"555-2" in made), (True, False))
        seen = self.ask(self.writer, wire.GetRecord, name="moshez", proof=str(proof))["change"]
        self.assertEqual((b"Room 1" in seen, b"555-2" in seen), (True, False))
        with self.assertRaises(NotAllowed):
            self.ask(self.writer, wire.Explain, name="moshez", asker="world", proof=str(proof))

    def test_peers(self) -> None:
        """The word of a process is taken only if its user is trusted."""
        self.set_status(peer("moshez"))
        self.house.uid = 4711
        self.writer = self.connect(WriteSocket)
        self.assertEqual(self.refusal(peer("moshez")), WORDS)
        self.assertIn("uid 4711", self.logged(Event.PROOF_REFUSED)[0]["finger_reason"])

    def test_the_read_socket_takes_no_proof(self) -> None:
        """Whoever may only read can't try passwords out."""
        reader = self.connect(ReadSocket)
        self.set_status(peer("moshez"))
        with self.assertRaises(NotAllowed):
            self.ask(reader, wire.GetRecord, name="moshez", proof=str(password("guess")))
        with self.assertRaises(UnhandledCommand):
            self.ask(reader, wire.Verify, proof=str(password("guess")))
        self.assertEqual(self.counts, {("peer", "accepted"): 1})

    def test_a_broken_checker(self) -> None:
        """Where proofs can't be checked at all, whoever asks is told to try again, and nothing is held against them."""

        class Broken:
            credentialInterfaces = ()

            def requestAvatarId(self, credentials: object) -> None:
                raise RuntimeError("the directory server is on fire")

        self.house.accounts._own.requestAvatarId = Broken().requestAvatarId  # type: ignore[assignment,method-assign]
        for _ in range(20):
            with self.assertRaises(TemporarilyUnavailable):
                self.set_status(password("x"))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 20)

    @given(st.text(max_size=60))
    def test_any_proof(self, text: str) -> None:
        """Whatever is sent as a proof, the answer is one of ours."""
        self.house.clock.advance(60)
        try:
            self.ask(self.writer, wire.Verify, proof=text.encode("utf-8", "replace").decode())
        except FingerpostError as error:
            assert str(error)
        except UnicodeError:
            pass


class ThrottleTests(Accounts):
    """Who guesses is slowed down."""

    def setUp(self) -> None:
        super().setUp()
        self.add()
        self.password("correct horse")

    def exhaust(self) -> None:
        for _ in range(5):
            self.assertEqual(self.refusal(password("guess")), WORDS)

    def test_a_name_is_throttled_and_recovers(self) -> None:
        """After some failures even the right password waits; later it is taken again."""
        self.exhaust()
        self.assertEqual(
            self.refusal(password("correct horse")),
            "Too many wrong attempts for this name; please try again in 12 seconds.",
        )
        self.assertEqual(self.counts["password", "throttled"], 1)
        self.house.clock.advance(12)
        self.set_status(password("correct horse"))

    def test_said_once(self) -> None:
        """That a name is throttled is in the log once, however often it is tried."""
        self.exhaust()
        for _ in range(50):
            self.refusal(password("guess"))
        (entry,) = self.logged(Event.PROOF_THROTTLED)
        self.assertEqual((entry["finger_user"], entry["finger_kind"]), ("moshez", "password"))

    def test_others_are_not_held_up(self) -> None:
        """Whoever guesses a name's password holds up neither its tokens, nor the kernel's word, nor other names."""
        self.add("shawn")
        self.password("other horse", "shawn")
        _, secret = self.token()
        self.exhaust()
        self.set_status(token(secret))
        self.set_status(peer("moshez"))
        self.set_status(password("other horse", "shawn"), "shawn")

    def test_unknown_names_are_throttled_alike(self) -> None:
        """A name that nobody has is throttled like one that somebody has."""
        self.exhaust()
        for _ in range(5):
            self.assertEqual(self.refusal(password("guess", "nosuch"), "nosuch"), WORDS)
        self.assertEqual(self.refusal(password("guess", "nosuch"), "nosuch"), self.refusal(password("guess")))

    def test_a_frontend_is_throttled(self) -> None:
        """Whoever guesses a little at every name is slowed down by where they come from."""
        self.house.accounts.configure(evolve(CHEAP, frontend_attempts=10))
        self.house.clock.advance(1)
        for number in range(10):
            self.assertEqual(self.refusal(password("guess", f"u{number}"), f"u{number}"), WORDS)
        self.assertIn("from there", self.refusal(password("guess", "u11"), "u11"))

    def test_tokens_of_nobody(self) -> None:
        """Tokens that are tried out without a name, or for names that nobody has, hold up no right one."""
        self.house.accounts.configure(evolve(CHEAP, frontend_attempts=10))
        self.house.clock.advance(1)
        for _ in range(12):
            with self.assertRaises(NotAllowed):
                self.ask(self.writer, wire.Verify, proof=str(token("fp_guess")))
        for number in range(12):
            self.assertIn("from there", self.refusal(token("fp_guess"), f"u{number}"))
        _, secret = self.token()
        self.set_status(token(secret))
        self.assertEqual(self.ask(self.writer, wire.Verify, proof=str(token(secret)))["login"], "moshez")
        self.assertEqual(self.counts["token", "refused"], 10)

    def test_peers_pay_nothing_back(self) -> None:
        """However many are let in by the kernel's word, whoever guesses is counted all the same."""
        self.house.accounts.configure(evolve(CHEAP, frontend_attempts=10))
        self.house.clock.advance(1)
        for number in range(10):
            self.refusal(password("guess", f"u{number}"), f"u{number}")
            self.set_status(peer("shawn"), "shawn")
        self.assertIn("from there", self.refusal(password("guess", "u10"), "u10"))

    def test_right_ones_are_not_counted(self) -> None:
        """Somebody who is right every time is never held up."""
        for _ in range(50):
            self.set_status(password("correct horse"))

    def test_many_at_once(self) -> None:
        """Attempts that are under way at the same time are no way around."""
        waiting: list[Any] = []
        passwords: Any = self.house.accounts._passwords
        passwords._threads = Held(waiting)
        answers: list[Any] = []
        for _ in range(20):
            asked = self.writer.callRemote(wire.Verify, proof=str(password("guess")))
            asked.addBoth(answers.append)
        self.house.turn()
        self.assertEqual((len(waiting), len(answers)), (5, 15))
        for held in waiting:
            held.callback(False)
        self.house.turn()
        self.assertEqual(len(answers), 20)


class Held:
    """Threads in which every call waits."""

    def __init__(self, waiting: list[Any]) -> None:
        self._waiting = waiting

    def run(self, call: object, *args: object) -> Deferred[Any]:
        """See `IThreads`."""
        self._waiting.append(Deferred())
        held: Deferred[Any] = self._waiting[-1]
        return held


class AdminTests(Accounts):
    """What only the administrator may."""

    def test_for_root_alone(self) -> None:
        """Whoever is neither root nor the store's own user is refused at the door."""
        self.house.uid = 4711
        with self.assertRaises(NotAllowed) as caught:
            self.connect(AdminSocket)
        self.assertIn("root", str(caught.exception))
        self.house.uid = 0
        self.connect(AdminSocket)

    def test_not_on_the_write_socket(self) -> None:
        """A service that may write can't make itself a token."""
        for command, arguments in (
            (adminwire.IssueToken, {"name": "moshez", "scopes": "admin", "label": ""}),
            (adminwire.SetPassword, {"name": "moshez", "password": "correct horse"}),
            (adminwire.RemoveUser, {"name": "moshez", "op_id": ""}),
            (adminwire.Export, {"after": ""}),
        ):
            with self.assertRaises(UnhandledCommand):
                self.ask(self.writer, command, **arguments)

    def test_add(self) -> None:
        """Somebody who is added is known at once, and can't be added again."""
        self.add(full_name="Moshe Zadka")
        self.assertIn(b"Moshe Zadka", self.ask(self.writer, wire.GetRecord, name="moshez")["change"])
        with self.assertRaises(NotAccepted) as caught:
            self.add()
        self.assertIn("already", str(caught.exception))
        self.assertEqual(self.logged(Event.ACCOUNT_CHANGED)[0]["finger_change"], "added")

    def test_remove(self) -> None:
        """Of somebody who is removed nothing is left: no record, no history, nothing that proves anything."""
        self.add()
        self.set_status(peer("moshez"))
        self.password("correct horse")
        _, secret = self.token()
        self.assertEqual(self.ask(self.admin, adminwire.RemoveUser, name="moshez", op_id=""), {"sources": ""})
        with self.assertRaises(NoSuchUser):
            self.ask(self.writer, wire.GetRecord, name="moshez")
        self.assertEqual(self.refusal(token(secret)), WORDS)
        self.assertEqual(self.refusal(password("correct horse")), WORDS)
        self.add()
        self.assertEqual(self.ask(self.writer, wire.GetHistory, name="moshez", limit=5)["statuses"], b"[]")
        with self.assertRaises(NoSuchUser):
            self.ask(self.admin, adminwire.RemoveUser, name="nosuch", op_id="")

    def test_removed_and_still_hidden(self) -> None:
        """Somebody who is hidden, and still known from a source when removed, is not shown by that."""
        entry = Entry("file", 0, Person("moshez"), Status("from file", self.house.store.now(), "file"))
        said = SourceSaid("file", entry, self.house.store.now())
        self.house.result(self.house.store.write("moshez", said))
        proof = str(peer("moshez"))
        self.ask(self.writer, wire.SetVisibility, name="moshez", proof=proof, op_id="", hidden=True)
        self.assertEqual(self.ask(self.admin, adminwire.RemoveUser, name="moshez", op_id=""), {"sources": "file"})
        with self.assertRaises(NoSuchUser):
            self.ask(self.writer, wire.GetRecord, name="moshez")

    def test_accounts_are_of_people(self) -> None:
        """Nobody who is not known gets a password or a token."""
        with self.assertRaises(NoSuchUser):
            self.token("nosuch")
        with self.assertRaises(NoSuchUser):
            self.password("correct horse", "nosuch")

    def test_bad_wishes(self) -> None:
        """What can't be is refused in words: scopes, times, passwords, and ids that are none."""
        self.add()
        for scopes in ("", "everything"):
            with self.assertRaises(NotAccepted):
                self.token(scopes=scopes)
        with self.assertRaises(NotAccepted):
            self.token(expires=self.house.store.now())
        for bad in ("short", "x" * 1025):
            with self.assertRaises(NotAccepted):
                self.password(bad)
        with self.assertRaises(NotAccepted):
            self.ask(self.admin, adminwire.RevokeToken, id="nothing")

    def test_password_taken_away(self) -> None:
        """A password that is taken away is none."""
        self.add()
        self.password("correct horse")
        self.password(None)
        self.assertEqual(self.refusal(password("correct horse")), WORDS)

    def test_tokens_are_listed(self) -> None:
        """A list of tokens says whose, what for, until when, and when last used; never the token."""
        self.add()
        self.add("shawn")
        number, secret = self.token(expires=self.house.store.now() + timedelta(days=1))
        self.token("shawn")
        listed = self.ask(self.admin, adminwire.ListTokens, name="moshez", after="")["tokens"]
        self.assertIn(number.encode(), listed)
        self.assertNotIn(b"used_at", listed)
        self.assertNotIn(secret.encode(), listed)
        self.house.clock.advance(100)
        self.set_status(token(secret))
        (used,) = re.findall(
            rb'"used_at":"([^"]*)"', self.ask(self.admin, adminwire.ListTokens, name="", after="")["tokens"]
        )
        self.assertEqual(used.decode(), self.house.store.now().isoformat())

    def test_many_tokens(self) -> None:
        """However many tokens there are, they are listed page by page."""
        self.add()
        ids = {self.token()[0] for _ in range(450)}
        found, after = set(), ""
        while True:
            page = self.ask(self.admin, adminwire.ListTokens, name="", after=after)
            found |= set(re.findall(r'"id":"(\w+)"', page["tokens"].decode()))
            after = page["next"]
            if not after:
                break
        self.assertEqual(found, ids)

    def test_in_anybodys_name(self) -> None:
        """The administrator may set anybody's status, and see and explain all of everybody."""
        self.add(home_phone="555-2")
        proof = str(peer("moshez"))
        self.ask(self.admin, wire.SetVisibility, name="moshez", proof=proof, op_id="", hidden=True)
        self.assertIn(b"555-2", self.ask(self.admin, wire.GetRecord, name="moshez", proof=proof)["change"])
        explained = self.ask(self.admin, wire.Explain, name="moshez", asker="world", proof=str(peer("root")))
        self.assertIn(b'"hidden":true', explained["explanation"])

    def test_by_alias(self) -> None:
        """The administrator finds people by their aliases too, and nobody under a name that nobody has."""
        self.add()
        fields = dumped({"aliases": ["moshe"]})
        self.ask(self.admin, wire.UpdateProfile, name="moshez", proof=str(peer("moshez")), op_id="", fields=fields)
        root = str(peer("root"))
        self.assertIn(b'"moshez"', self.ask(self.admin, wire.GetRecord, name="Moshe", proof=root)["change"])
        explained = self.ask(self.admin, wire.Explain, name="moshe", asker="world", proof=root)["explanation"]
        self.assertIn(b'"moshez"', explained)
        for command, more in (
            (wire.GetRecord, {}),
            (wire.GetHistory, {"limit": 5}),
            (wire.Explain, {"asker": "world"}),
        ):
            with self.assertRaises(NoSuchUser):
                self.ask(self.admin, command, name="nosuch", proof=root, **more)

    def test_costlier_hashes(self) -> None:
        """When the cost of hashes is raised, a password is hashed anew the next time that it is given."""
        self.add()
        self.password("correct horse")
        secrets = self.house.store.engine.secrets
        self.assertIn("t=1", secrets.password("moshez"))
        dearer = Argon2Config(time_cost=2, memory_cost=64, parallelism=1)
        self.house.accounts.configure(evolve(CHEAP, argon2=dearer))
        self.set_status(password("correct horse"))
        self.assertIn("t=2", secrets.password("moshez"))
        self.set_status(password("correct horse"))

    def test_another_checker(self) -> None:
        """A checker that is configured knows passwords too; the store's own are asked first."""
        passwords = Path(mkdtemp()) / "passwords"
        passwords.write_text("shawn:from elsewhere\n")
        self.house.accounts.configure(evolve(CHEAP, checkers=(f"file:{passwords}",)))
        self.add()
        self.password("correct horse")
        self.set_status(password("from elsewhere", "shawn"), "shawn")
        self.set_status(password("correct horse"))
        self.assertEqual(self.refusal(password("x", "shawn"), "shawn"), WORDS)

    def test_checkers_that_are_none(self) -> None:
        """A checker that does not exist, or checks something else, is a mistake in the configuration."""
        for description in ("nosuch:x", "anonymous", "memory:odd"):
            with self.assertRaises(ValueError):
                ProofsConfig(checkers=(description,))

    def test_members(self) -> None:
        """Who has proved to be anybody here sees what is for members, and of oneself everything."""
        self.add(office="Room 1", home_phone="555-2")
        self.add("shawn")
        audiences = dumped({"office": "member"})
        self.ask(
            self.writer, wire.SetVisibility, name="moshez", proof=str(peer("moshez")), op_id="", audiences=audiences
        )
        self.assertNotIn(b"Room 1", self.ask(self.writer, wire.GetRecord, name="moshez")["change"])
        seen = self.ask(self.writer, wire.GetRecord, name="moshez", proof=str(peer("shawn")))["change"]
        self.assertEqual((b"Room 1" in seen, b"555-2" in seen), (True, False))
        own = self.ask(self.writer, wire.GetRecord, name="moshez", proof=str(peer("moshez")))["change"]
        self.assertIn(b"555-2", own)

    def test_the_past_of_the_feed(self) -> None:
        """Whoever follows the feed from its beginning is not sent what was seen once, and may not be seen now."""
        self.add(office="Room 1")
        self.add("shawn", office="Room 2")
        audiences = dumped({"office": "member"})
        proof = str(peer("moshez"))
        self.ask(self.writer, wire.SetVisibility, name="moshez", proof=proof, op_id="", audiences=audiences)
        sent: list[bytes] = []

        def send(first: int, last: int, changes: Sequence[Framed]) -> Deferred[None]:
            sent.extend(map(bytes, changes))
            return succeed(None)

        store = self.house.store
        self.house.result(store.subscribe(store.engine.epoch, 0, send, lambda: None)).wake()
        self.house.turn()
        self.assertEqual((len(sent), b"Room 1" in b"".join(sent), b"Room 2" in b"".join(sent)), (3, False, True))

    def test_hidden_from_members(self) -> None:
        """Somebody hidden is nobody to members too, with and without history."""
        self.add()
        self.ask(self.writer, wire.SetVisibility, name="moshez", proof=str(peer("moshez")), op_id="", hidden=True)
        for command, arguments in ((wire.GetRecord, {}), (wire.GetHistory, {"limit": 5})):
            for login in ("moshez", "nosuch"):
                with self.assertRaises(NoSuchUser) as caught:
                    self.ask(self.writer, command, name=login, proof=str(peer("shawn")), **arguments)
                self.assertEqual(str(caught.exception), str(NoSuchUser()))
        self.assertIn(b'"hidden":true', self.explained("moshez"))

    def explained(self, login: str, asker: str = "world") -> bytes:
        found: bytes = self.ask(self.writer, wire.Explain, name=login, asker=asker, proof=str(peer(login)))[
            "explanation"
        ]
        return found

    def test_explained_to_oneself_alone(self) -> None:
        """Nobody is told what another one keeps back; an asker that is none is refused."""
        self.add()
        with self.assertRaises(NotAllowed):
            self.ask(self.writer, wire.Explain, name="moshez", asker="world", proof=str(peer("shawn")))
        for asker in ("nobody", "everybody"):
            with self.assertRaises(NotAccepted):
                self.explained("moshez", asker)
        self.assertIn(f'"asker":"{Audience.MEMBER}"'.encode(), self.explained("moshez", "member"))


class KeptTests(Accounts):
    """What is in the file."""

    def engine(self) -> Any:
        self.folder = Path(mkdtemp())
        return SQLiteEngine(self.folder / "status.db")

    def test_no_usable_secret(self) -> None:
        """A stolen copy of the database has neither a token nor a password in it, nor does the log."""
        self.add()
        self.password("correct horse")
        _, secret = self.token()
        self.set_status(token(secret))
        self.set_status(password("correct horse"))
        self.house.store.engine.close()
        files = [path.read_bytes() for path in self.folder.iterdir()]
        self.assertTrue(any(b"moshez" in data for data in files))
        for kept in (secret, secret.removeprefix("fp_"), "correct horse"):
            self.assertFalse(any(kept.encode() in data for data in files))
            self.assertNotIn(kept, repr(self.events))

    def test_kept_over_a_restart(self) -> None:
        """Passwords and tokens are good after a restart too."""
        self.add()
        self.password("correct horse")
        _, secret = self.token()
        self.house.store.engine.close()
        self.house.start(SQLiteEngine(self.folder / "status.db"))
        self.writer = self.connect(WriteSocket)
        self.set_status(token(secret))
        self.set_status(password("correct horse"))
        self.addCleanup(self.house.store.engine.close)
        self.assertEqual(os.listdir(self.folder).count("status.db"), 1)
