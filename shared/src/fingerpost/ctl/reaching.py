"""How a command reaches the store: which socket, one connection, and Twisted's reactor run once for it.

The endpoint is made of its class, not of a string: a string makes Twisted look for plugins, which takes longer than
all the rest. Twisted is imported when it is needed, so that `--help` is quick.
"""

from __future__ import annotations

import errno
import os
import pwd
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from attrs import frozen

from fingerpost.ctl.problems import ForAdministrators, Silent, Unreachable

if TYPE_CHECKING:
    from twisted.internet.interfaces import IStreamClientEndpoint

    from fingerpost.ctl.store import Administration

__all__ = ["ADMIN_SOCKET", "USER_SOCKET", "Reach", "Reaches", "connected"]

ADMIN_SOCKET = "/run/fingerpost/admin.sock"
USER_SOCKET = "/run/fingerpost/user.sock"
_CONNECT_WITHIN = 10.0
_LONGEST = 107  # bytes of a socket's path (unix(7))

T = TypeVar("T")


class Reaches(Protocol):
    """A way to the store. `login` is whose process this is."""

    @property
    def login(self) -> str:
        """The login of the user of this process."""

    def run(self, work: Callable[[Administration], Coroutine[Any, Any, T]]) -> T:
        """What some work with the store returns or raises."""

    def for_administrators(self) -> None:
        """Raises `ForAdministrators` where this way is none for them."""


@frozen
class Reach:
    """See `Reaches`: by a socket of this machine."""

    socket: str
    login: str

    @classmethod
    def of_this_process(cls, socket: str | None) -> Reach:
        """By the socket that was named, or the one for root or for everybody else."""
        uid = os.geteuid()
        try:
            login = pwd.getpwuid(uid).pw_name.lower()
        except KeyError:
            login = ""  # what needs a name says so
        return cls(socket or (USER_SOCKET if uid else ADMIN_SOCKET), login)

    def for_administrators(self) -> None:
        """See `Reaches`."""
        if self.socket == USER_SOCKET:
            raise ForAdministrators(hint="run it as root: `sudo fingerctl ...`")

    def run(self, work: Callable[[Administration], Coroutine[Any, Any, T]]) -> T:
        """See `Reaches`."""
        if len(os.fsencode(self.socket)) > _LONGEST:
            raise Unreachable(f"--socket: the path of a socket has at most {_LONGEST} bytes, not {self.socket}.")
        from twisted.internet import reactor
        from twisted.internet.endpoints import UNIXClientEndpoint

        async def asked() -> T:
            store = await connected(UNIXClientEndpoint(reactor, self.socket), reactor, self.socket, self.login)
            try:
                return await work(store)
            finally:
                store.protocol.drop()

        return _run(reactor, asked)


async def connected(endpoint: IStreamClientEndpoint, reactor: Any, path: str, login: str) -> Administration:
    """The store at an endpoint, which is the socket of a path, when it has greeted."""
    from twisted.internet.defer import TimeoutError as TimedOut
    from twisted.internet.error import ConnectError
    from twisted.internet.protocol import Factory

    from fingerpost.connection import StoreProtocol
    from fingerpost.ctl.store import Administration

    factory: Any = Factory.forProtocol(lambda: StoreProtocol(lambda command, outcome: None))
    factory.noisy = False
    try:
        protocol: Any = await endpoint.connect(factory).addTimeout(_CONNECT_WITHIN, reactor)
    except TimedOut:
        raise Silent from None
    except ConnectError as refused:
        raise _unreachable(path, refused.osError) from None
    store = Administration(protocol, reactor, login)
    await store.greet()
    return store


def _unreachable(path: str, number: int | None) -> Unreachable:
    unit = "finger-store-admin.socket" if path == ADMIN_SOCKET else "finger-setter-user.socket"
    who = "setter" if path == USER_SOCKET else "status store"
    if number == errno.ENOENT:
        return Unreachable(f"The {who} is not running: there is no {path}.", _start(path, unit))
    if number in (errno.EACCES, errno.EPERM):
        return Unreachable(f"You may not open {path}.", "run it as root: `sudo fingerctl ...`")
    if number == errno.EAGAIN:
        return Unreachable(f"The {who} does not take any more connections at {path}.", "try again in a moment")
    return Unreachable(f"The {who} is not running: nobody answers at {path}.", _start(path, unit, "restart"))


def _start(path: str, unit: str, how: str = "start") -> str:
    return f"`systemctl {how} {unit}`" if path in (ADMIN_SOCKET, USER_SOCKET) else "start it, or name another --socket"


def _run(reactor: Any, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run the reactor until the work is done. ^C cancels it, a second one ends it wherever it is."""
    from twisted.internet.defer import Deferred
    from twisted.logger import globalLogBeginner
    from twisted.python.failure import Failure

    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)  # errors are told as sentences, by whoever asked
    results: list[Any] = []
    interrupted = False
    working: Deferred[Any]

    def begin() -> None:
        nonlocal working
        working = Deferred.fromCoroutine(work())
        working.addBoth(results.append).addBoth(lambda _: reactor.stop())

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        reactor.callFromThread(lambda: working.cancel())

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        reactor.callWhenRunning(begin)
        reactor.run(installSignalHandlers=False)
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    result = results[0]
    if isinstance(result, Failure):
        result.raiseException()
    found: T = result
    return found
