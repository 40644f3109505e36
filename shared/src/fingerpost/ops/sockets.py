"""Sockets inherited from systemd, as the endpoint string `fd:NAME`.

Twisted's own `systemd:` endpoints are not used, because (through 26.10) they set the mode of an inherited UNIX socket
to 0666, unlink its path on stop, shorten its backlog, serve only the last of several sockets of one name, and believe
the configured address family over the socket's own (twisted #10261). systemd-python only lists descriptors.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import frozen
from twisted.internet import tcp, unix
from twisted.internet.defer import Deferred, execute, gatherResults
from twisted.internet.interfaces import IListeningPort, IReactorSocket, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from zope.interface import implementer

from fingerpost.errors import FingerpostError

__all__ = ["InheritedEndpoint", "NotInherited", "inherited", "peer_uid"]

_FIRST = 3  # SD_LISTEN_FDS_START, sd_listen_fds(3)


class NotInherited(FingerpostError):
    """No socket of that name was inherited."""


def inherited(environ: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """The descriptors that systemd passed, by name (`FileDescriptorName=`); one name may have several.

    Only LISTEN_FDNAMES is read: Twisted removes LISTEN_PID and LISTEN_FDS from the environment when it is imported.
    """
    found: dict[str, tuple[int, ...]] = {}
    names = environ.get("LISTEN_FDNAMES", "")
    for fd, name in enumerate(names.split(":") if names else [], start=_FIRST):
        found[name] = (*found.get(name, ()), fd)
    return found


class _Port(unix.Port):
    """A UNIX port that leaves the path, its mode and the backlog to systemd, which made them."""

    _preexistingSocket: socket.socket | None
    _shouldShutdown = False  # a shutdown would reach through to systemd's copy of the socket

    def startListening(self) -> None:
        assert self.factory is not None
        self.factory.doStart()
        assert self._preexistingSocket is not None
        self.socket, self._preexistingSocket = self._preexistingSocket, None
        self.fileno = self.socket.fileno  # type: ignore[method-assign]
        self.connected = True
        self.numberAccepts = 100
        self.startReading()

    def connectionLost(self, reason: Any = None) -> None:
        tcp.Port.connectionLost(self, reason)


@implementer(IListeningPort)
@frozen(eq=False)
class _Ports:
    """Several listening ports as one."""

    ports: Sequence[IListeningPort]

    def startListening(self) -> None:
        """See `IListeningPort`; they listen already."""

    def stopListening(self) -> Deferred[Any]:
        """See `IListeningPort`."""
        return gatherResults([_stopped(port) for port in self.ports])

    def getHost(self) -> Any:
        """See `IListeningPort`: the address of the first."""
        return self.ports[0].getHost()


def _stopped(port: IListeningPort) -> Deferred[Any]:
    stopping = port.stopListening()
    return stopping if isinstance(stopping, Deferred) else execute(lambda: None)


@implementer(IStreamServerEndpoint)
@frozen(eq=False)
class InheritedEndpoint:
    """Listens on every inherited socket of one name, TCP or UNIX."""

    reactor: IReactorSocket
    name: str
    environ: Mapping[str, str]

    def listen(self, protocolFactory: Factory) -> Deferred[IListeningPort]:  # type: ignore[override]
        """See `IStreamServerEndpoint`; fails with `NotInherited`."""
        return execute(self._listen, protocolFactory)

    def _listen(self, factory: Factory) -> IListeningPort:
        fds = inherited(self.environ).get(self.name, ())
        if not fds:
            raise NotInherited(
                f"no socket named '{self.name}' was inherited; does its .socket say FileDescriptorName={self.name}?"
            )
        return cast(IListeningPort, _Ports([self._adopt(fd, factory) for fd in fds]))

    def _adopt(self, fd: int, factory: Factory) -> IListeningPort:
        try:
            with socket.socket(fileno=os.dup(fd)) as asked:  # the family is the socket's, whatever was configured
                family = asked.family
        except OSError as error:
            raise NotInherited(f"the inherited descriptor {fd} ('{self.name}') is no socket") from error
        os.set_blocking(fd, False)
        os.set_inheritable(fd, False)
        if family == socket.AF_UNIX:
            port = _Port._fromListeningDescriptor(self.reactor, fd, factory)
            port.startListening()
        else:
            port = self.reactor.adoptStreamPort(fd, family, cast(Any, factory))
        return cast(IListeningPort, port)


def peer_uid(connection: socket.socket) -> int | None:
    """The user at the other end of a UNIX connection, from SO_PEERCRED; None for any other socket."""
    if connection.family != socket.AF_UNIX:
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid
