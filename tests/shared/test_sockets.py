"""Inherited sockets, real ones: what systemd made of them stays as it was."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fingerpost.ops import services, sockets
from fingerpost.ops.services import endpoints
from fingerpost.ops.sockets import InheritedEndpoint, NotInherited, inherited, peer_uid
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase


class NamesTests(SynchronousTestCase):
    """Which descriptors are whose."""

    def test_by_name(self) -> None:
        """Descriptors count from 3 in the order of their names, and one name may have several."""
        self.assertEqual(inherited({"LISTEN_FDNAMES": "a:b:a"}), {"a": (3, 5), "b": (4,)})
        self.assertEqual(inherited({}), {})
        self.assertEqual(inherited({"LISTEN_FDNAMES": ""}), {})

    def test_missing(self) -> None:
        """A name that was not inherited is refused with what to look at."""
        endpoint = InheritedEndpoint(reactor, "finger", {})  # type: ignore[arg-type]
        failure = self.failureResultOf(endpoint.listen(Factory()), NotInherited)
        self.assertIn("FileDescriptorName=finger", failure.getErrorMessage())

    def test_peer_uid(self) -> None:
        """The user behind a UNIX connection is known, and behind any other it is not."""
        one, two = socket.socketpair(socket.AF_UNIX)
        with one, two, socket.socket(socket.AF_INET) as tcp:
            self.assertEqual(peer_uid(one), os.geteuid())
            self.assertIsNone(peer_uid(tcp))


class Greeter(Protocol):
    """Says who it thinks has come."""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(repr(self.transport.getPeer()).encode())
        self.transport.loseConnection()


class Reader(Protocol):
    """Reads to the end."""

    def __init__(self) -> None:
        self.data = b""
        self.done: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        self.done.callback(self.data)


class InheritedTests(TestCase):
    """Listening on sockets that somebody else made."""

    def inherit(self, *made: socket.socket) -> InheritedEndpoint:
        """An endpoint of the sockets, as if they had been passed from descriptor 3 on."""
        fds = tuple(os.dup(one.fileno()) for one in made)
        for fd in fds:
            self.addCleanup(os.close, fd)
        self.patch(sockets, "inherited", lambda environ: {"finger": fds})
        return InheritedEndpoint(reactor, "finger", {})  # type: ignore[arg-type]

    async def greeting(self, endpoint: Any) -> bytes:
        reader = Reader()
        await connectProtocol(endpoint, reader)
        return await reader.done

    def tcp(self, family: int, host: str) -> socket.socket:
        made = socket.socket(family)
        self.addCleanup(made.close)
        made.bind((host, 0))
        made.listen(7)
        return made

    def listening(self, *made: socket.socket) -> Callable[[], Any]:
        factory: Any = Factory.forProtocol(Greeter)
        factory.noisy = False
        port = self.successResultOf(self.inherit(*made).listen(factory))
        return port.stopListening

    async def test_several_of_one_name(self) -> None:
        """IPv4 and IPv6 sockets of one name are all served, each in its own family."""
        four, six = self.tcp(socket.AF_INET, "127.0.0.1"), self.tcp(socket.AF_INET6, "::1")
        stop = self.listening(four, six)
        for made, host in ((four, "127.0.0.1"), (six, "::1")):
            endpoint = HostnameEndpoint(reactor, host, made.getsockname()[1])
            self.assertIn(f"host='{host}'".encode(), await self.greeting(endpoint))
        await stop()

    async def test_unix_socket_is_left_alone(self) -> None:
        """The path, mode and socket of an inherited UNIX socket stay as they were, and it can be inherited again."""
        path = str(Path(mkdtemp()) / "set.sock")
        made = socket.socket(socket.AF_UNIX)
        self.addCleanup(made.close)
        made.bind(path)
        os.chmod(path, 0o600)
        made.listen(7)
        for _ in range(2):
            stop = self.listening(made)
            self.assertIn(b"UNIXAddress", await self.greeting(UNIXClientEndpoint(reactor, path)))
            await stop()
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_not_a_socket(self) -> None:
        """A descriptor that is no socket is refused."""
        with open(os.devnull) as file:
            self.patch(sockets, "inherited", lambda environ: {"finger": (file.fileno(),)})
            endpoint = InheritedEndpoint(reactor, "finger", {})  # type: ignore[arg-type]
            self.failureResultOf(endpoint.listen(Factory()), NotInherited)


class PlacesTests(SynchronousTestCase):
    """Where a service listens."""

    def places(
        self, passed: dict[str, tuple[int, ...]], listen: tuple[str, ...] | None = None, name: str = "web-tls"
    ) -> int:
        self.patch(services, "inherited", lambda environ: passed)
        return len(endpoints(Clock(), listen, name, "tcp:8443"))

    def test_default(self) -> None:
        """Outside systemd a service listens where it usually does, also if its metrics socket is passed."""
        self.assertEqual((self.places({}), self.places({"metrics": (3,)})), (1, 1))

    def test_closed(self) -> None:
        """A port whose socket systemd did not pass, though it passed others, is closed; what is configured is not."""
        self.assertEqual(self.places({"web": (3,)}), 0)
        self.assertEqual(self.places({"web": (3,), "web-tls": (4,)}), 1)
        self.assertEqual(self.places({"web": (3,), "metrics": (4,)}, name="metrics"), 1)
        self.assertEqual(self.places({"web": (3,)}, ("tcp:443", "tcp:8443")), 2)
