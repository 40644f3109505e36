"""What only the administrator may do, and what people may know of each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from attrs import evolve
from fingerpost import adminwire, wire
from fingerpost.errors import NoSuchUser, NotAccepted, NotAllowed, TemporarilyUnavailable
from fingerpost.model import Audience, Person, Status
from fingerpost.ops.events import Event
from fingerpost.store.accounts.accounts import ProofsConfig
from fingerpost.store.accounts.passwords import Argon2Config
from fingerpost.store.administering import AdminSocket
from fingerpost.store.dossier import Entry
from fingerpost.store.edits import SourceSaid
from fingerpost.store.interfaces import Framed
from twisted.internet.defer import Deferred, succeed
from twisted.protocols.amp import UnhandledCommand

from tests.kit import CHEAP, peer
from tests.shared.accounts import WORDS, Accounts, dumped, password, token


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

    def test_a_token_on_a_full_disk(self) -> None:
        """Where it can't be written down that a token was used, it is good all the same."""
        self.add()
        _, secret = self.token()

        def full(id: str, at: object) -> None:
            raise TemporarilyUnavailable("The disk is full.")

        self.house.store.engine.secrets.used = full
        answer = self.ask(self.writer, wire.Verify, proof=str(token(secret)))
        self.assertEqual(answer["login"], "moshez")

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
        for text in ("at home", "at work"):
            self.house.clock.advance(1)
            self.set_status(peer("moshez"), text=text)
        audiences = dumped({"history": "member"})
        proof = str(peer("moshez"))
        self.ask(self.writer, wire.SetVisibility, name="moshez", proof=proof, op_id="", audiences=audiences)
        sent = self.feed()
        self.assertEqual((b"at home" in sent, b"at work" in sent, b"Room 1" in sent), (False, True, True))
        audiences = dumped({"office": "member"})
        self.ask(self.writer, wire.SetVisibility, name="moshez", proof=proof, op_id="", audiences=audiences)
        sent = self.feed()
        self.assertEqual((b"Room 1" in sent, b"Room 2" in sent), (False, True))

    def feed(self) -> bytes:
        """Everything that the feed sends to whoever follows it from its beginning."""
        sent: list[bytes] = []

        def send(first: int, last: int, changes: Sequence[Framed]) -> Deferred[None]:
            sent.extend(map(bytes, changes))
            return succeed(None)

        store = self.house.store
        self.house.result(store.subscribe(store.engine.epoch, 0, send, lambda: None)).wake()
        self.house.turn()
        return b"".join(sent)

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
