"""How the store is reached, and what is said where it is not."""

from __future__ import annotations

import errno
import os
from typing import Any
from unittest import mock

from fingerpost.ctl.problems import ForAdministrators, Silent, StoreFailed, StoreGone, Unreachable, told
from fingerpost.ctl.reaching import ADMIN_SOCKET, USER_SOCKET, Reach, connected
from fingerpost.ctl.store import Administration
from fingerpost.errors import FingerpostError, NotAllowed
from fingerpost.store.administering import AdminSocket
from fingerpost.store.writing import WriteSocket
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit import House


class Endpoint:
    """See `IStreamClientEndpoint`: one that gives what it was told to."""

    def __init__(self, result: Deferred[Any]) -> None:
        self.result = result

    def connect(self, factory: Any) -> Deferred[Any]:
        """See `IStreamClientEndpoint`."""
        return self.result


class ReachTests(SynchronousTestCase):
    """Which socket, and who asks."""

    def test_sockets(self) -> None:
        """Root has a socket of its own; whoever names one has that."""
        for uid, socket in ((0, ADMIN_SOCKET), (1, USER_SOCKET)):
            with mock.patch.object(os, "geteuid", return_value=uid):
                self.assertEqual(Reach.of_this_process(None).socket, socket)
                self.assertEqual(Reach.of_this_process("/x").socket, "/x")

    def test_login(self) -> None:
        """The login is that of the process, not what the environment says; it may have none."""
        with mock.patch.dict(os.environ, USER="somebody", LOGNAME="somebody"):
            self.assertNotEqual(Reach.of_this_process(None).login, "somebody")
        with mock.patch.object(os, "geteuid", return_value=4_000_000_000):
            self.assertEqual(Reach.of_this_process(None).login, "")

    def test_long_paths(self) -> None:
        """A path that no socket can have is refused in words."""

        async def work(store: Administration) -> None:
            """There is nothing to be done."""

        error = self.assertRaises(Unreachable, Reach("/" + "x" * 107, "ada").run, work)
        self.assertIn("at most 107 bytes", str(error))

    def test_for_administrators(self) -> None:
        """The socket of everybody takes no commands for administrators, and that is known beforehand."""
        error = self.assertRaises(ForAdministrators, Reach(USER_SOCKET, "ada").for_administrators)
        self.assertIn("sudo fingerctl", told(error).hint)
        for socket in (ADMIN_SOCKET, "/run/mine.sock"):
            Reach(socket, "ada").for_administrators()


class ConnectionTests(SynchronousTestCase):
    """A connection, or a sentence."""

    def failing(self, number: int, path: str) -> FingerpostError:
        """What is said where a connection fails by an errno."""
        endpoint: Any = Endpoint(fail(ConnectError(number, os.strerror(number))))
        work = Deferred.fromCoroutine(connected(endpoint, Clock(), path, "ada"))
        return self.failureResultOf(work).value

    def test_not_running(self) -> None:
        """Who is not running is named, with the command that starts them."""
        for number, how in ((errno.ENOENT, "start"), (errno.ECONNREFUSED, "restart")):
            error = self.failing(number, USER_SOCKET)
            self.assertIsInstance(error, Unreachable)
            self.assertIn("The setter is not running", str(error))
            self.assertIn(f"systemctl {how} finger-setter-user.socket", told(error).hint)
        error = self.failing(errno.ENOENT, ADMIN_SOCKET)
        self.assertIn("The status store is not running", str(error))
        self.assertIn("systemctl start finger-store-admin.socket", told(error).hint)
        self.assertIn("--socket", told(self.failing(errno.ENOENT, "/x")).hint)

    def test_refused(self) -> None:
        """Who may not open a socket is told so; one that is full asks for patience."""
        self.assertIn("sudo", told(self.failing(errno.EACCES, ADMIN_SOCKET)).hint)
        self.assertIn("any more", str(self.failing(errno.EAGAIN, USER_SOCKET)))

    def test_silent(self) -> None:
        """A socket where nothing happens, and a store that does not answer, are given up."""
        clock = Clock()
        endpoint: Any = Endpoint(Deferred())
        work = Deferred.fromCoroutine(connected(endpoint, clock, "/x", "ada"))
        clock.advance(11)
        self.assertIsInstance(self.failureResultOf(work).value, Silent)

    def store(self, house: House, protocol: Any) -> Administration:
        """A connection to a house."""
        house.protocol = protocol
        return house.result(connected(house, house.clock, "/x", "ada"))

    def test_no_answer(self) -> None:
        """A store that hangs is waited for as long as the command may take: a backup may take hours."""
        house = House()
        store = self.store(house, AdminSocket)
        asking = Deferred.fromCoroutine(store.tokens("", ""))
        house.clock.advance(31)
        error = self.failureResultOf(asking).value
        self.assertIsInstance(error, Silent)
        self.assertIn("30 seconds", str(error))
        taking = Deferred.fromCoroutine(store.import_rows([]))
        house.clock.advance(500)
        self.assertNoResult(taking)

    def test_lost(self) -> None:
        """A connection that is lost is said to be so, and not tried again."""
        house = House()
        store = self.store(house, AdminSocket)
        asking = Deferred.fromCoroutine(store.tokens("", ""))
        house.stop()
        self.assertIsInstance(self.failureResultOf(asking).value, StoreGone)

    def test_failed(self) -> None:
        """A store that fails at a command is said to do so, at once, and where to look."""

        class Hanging(AdminSocket):
            """One that hangs up then, as AMP has it."""

            def _done(self, result: Any, since: float) -> Any:
                return result

        for protocol in (AdminSocket, Hanging):
            house = House()
            store = self.store(house, protocol)
            with mock.patch.object(house.accounts.administration, "tokens", side_effect=ZeroDivisionError):
                error = self.assertRaises(StoreFailed, house.result, store.tokens("", ""))
            self.assertEqual((told(error).kind, told(error).code), ("failed", 70))
            self.assertIn("journalctl -u finger-store", told(error).hint)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_not_the_admin_socket(self) -> None:
        """Another socket does not know what administrators ask, and that is said in words."""
        house = House()
        store = self.store(house, WriteSocket)
        error = self.assertRaises(ForAdministrators, house.result, store.tokens("", ""))
        self.assertIsInstance(error, NotAllowed)
