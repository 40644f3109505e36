"""What proves who somebody is, what everybody else is told, and what is kept of it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from attrs import evolve
from fingerpost import adminwire, wire
from fingerpost.accounts import Scope
from fingerpost.errors import FingerpostError, NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.interfaces import Proof
from fingerpost.ops.events import Event
from fingerpost.store.accounts.passwords import Argon2Config
from fingerpost.store.engine.sqlite import SQLiteEngine
from fingerpost.store.responders import ReadSocket
from fingerpost.store.writing import WriteSocket
from hypothesis import given
from hypothesis import strategies as st
from twisted.protocols.amp import UnhandledCommand

from tests.kit import CHEAP, peer
from tests.shared.accounts import WORDS, Accounts, dumped, password, token


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
