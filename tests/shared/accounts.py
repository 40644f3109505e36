"""What tests of accounts have in common: a store, somebody who may write to it, and an administrator."""

from __future__ import annotations

import json
from typing import Any

from fingerpost import adminwire, wire
from fingerpost.errors import NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.ops.events import Event
from fingerpost.store.administering import AdminSocket
from fingerpost.store.responders import ReadSocket
from fingerpost.store.writing import WriteSocket
from twisted.internet.defer import Deferred
from twisted.logger import globalLogPublisher
from twisted.protocols.amp import AMP
from twisted.test.iosim import connectedServerAndClient
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House

__all__ = ["WORDS", "Accounts", "dumped", "password", "token"]

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
