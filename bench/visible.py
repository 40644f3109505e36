"""How long it takes until a status that was set is seen in each protocol, from the moment it is sent to the setter.

Each protocol is measured beside asking it about somebody who says nothing new, since that much any look takes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

from fingerpost_pb.client import LiveStatuses
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import react
from twisted.protocols.basic import LineReceiver
from twisted.spread import pb
from twisted.web.client import Agent, HTTPConnectionPool, readBody
from twisted.web.xmlrpc import Proxy

from bench.kit import UNLIMITED, folder, free_port, running, twistd
from tests.integration.ircd import IRCServer

SETS = 1000

Look = Callable[[str], Awaitable[bool]]
_number = count()


class _Asking(Protocol):
    """Sends a question, says that it was all, and collects the answer."""

    transport: Any

    def __init__(self, question: bytes) -> None:
        self.question = question
        self.answer = b""
        self.done: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        self.transport.write(self.question)
        self.transport.loseWriteConnection()

    def dataReceived(self, data: bytes) -> None:
        self.answer += data

    def connectionLost(self, reason: Any = None) -> None:
        self.done.callback(self.answer)


async def ask(reactor: Any, endpoint: str, question: bytes) -> bytes:
    """The whole answer to a question on a connection of its own."""
    factory: Any = Factory.forProtocol(partial(_Asking, question))
    asking: Any = await clientFromString(reactor, endpoint).connect(factory)
    answer: bytes = await asking.done
    return answer


class _Listener(LineReceiver):
    """Somebody in a channel, who notes when they heard what."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}
        self.joined: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.sendLine(b"NICK listener\r\nUSER listener 0 * :Listener\r\nJOIN #test")

    def lineReceived(self, line: bytes) -> None:
        if line.startswith(b"PING"):
            self.sendLine(line.replace(b"PING", b"PONG", 1))
        elif b" JOIN " in line and line.startswith(b":fingerpost!"):
            self.joined.callback(None)
        self.heard[line.decode().rpartition(": ")[2]] = time.perf_counter()


async def polled(put: Callable[[str], Awaitable[None]], look: Look) -> float:
    """Milliseconds until a look sees what was put."""
    text = f"number {next(_number)}"
    started = time.perf_counter()
    await put(text)
    while not await look(text):
        pass
    return (time.perf_counter() - started) * 1000


async def told(reactor: Any, put: Callable[[str], Awaitable[None]], heard: dict[str, float]) -> float:
    """Milliseconds until a program is told what was put."""
    text = f"number {next(_number)}"
    started = time.perf_counter()
    await put(text)
    while text not in heard:
        turn: Deferred[None] = Deferred()
        reactor.callLater(0.0001, turn.callback, None)
        await turn
    return (heard[text] - started) * 1000


def shown(what: str, waits: list[float], looks: list[float] | None = None) -> None:
    """Print the middle and the end of what was measured."""
    parts = quantiles(waits, n=100)
    look = "" if looks is None else f", one look p50 {quantiles(looks, n=100)[49]:.2f} ms"
    print(f"{what}: p50 {parts[49]:.2f} ms, p99 {parts[98]:.2f} ms over {len(waits)} sets{look}")


async def measure(reactor: Any, where: Path, ports: dict[str, int]) -> None:
    """Print how long each protocol takes."""
    finger = f"tcp:127.0.0.1:{ports['finger']}"
    agent = Agent(reactor, pool=HTTPConnectionPool(reactor))
    proxy = Proxy(f"http://127.0.0.1:{ports['web']}/RPC2".encode())
    factory: Any = pb.PBClientFactory()
    await clientFromString(reactor, f"tcp:127.0.0.1:{ports['pb']}").connect(factory)
    root = await factory.getRootObject()
    live: LiveStatuses = await root.callRemote("getLive")
    updates: dict[str, float] = {}
    live.watch(lambda login, entry: updates.update({entry.text: time.perf_counter()} if entry else {}))
    listening: Any = Factory.forProtocol(_Listener)
    listener: Any = await clientFromString(reactor, f"tcp:127.0.0.1:{ports['irc']}").connect(listening)
    await listener.joined

    async def put(text: str) -> None:
        answer = await ask(reactor, f"unix:{where}/set.sock", f"moshez\n{text}\n".encode())
        assert answer.startswith(b"OK"), answer

    async def by_finger(text: str) -> bool:
        return text.encode() in await ask(reactor, finger, b"moshez\r\n")

    async def by_page(text: str) -> bool:
        address = f"http://127.0.0.1:{ports['web']}/moshez".encode()
        return bool(text.encode() in await readBody(await agent.request(b"GET", address)))

    async def by_rpc(text: str) -> bool:
        return bool(text == await proxy.callRemote("getUser", "moshez"))

    async def by_pb(text: str) -> bool:
        return bool(text == await root.callRemote("getUser", "moshez"))

    for what, look in (("finger", by_finger), ("a page", by_page), ("XML-RPC", by_rpc), ("PB, asked", by_pb)):
        waits, looks = [], []
        for _ in range(SETS):
            waits.append(await polled(put, look))
            started = time.perf_counter()
            await look("")
            looks.append((time.perf_counter() - started) * 1000)
        shown(what, waits, looks)
    for what, heard in (("PB, live list", updates), ("IRC, announced", listener.heard)):
        shown(what, [await told(reactor, put, heard) for _ in range(SETS)])


def main() -> None:
    """Run every daemon and an IRC server, and measure."""
    ports = {name: free_port() for name in ("finger", "web", "pb", "irc")}
    network = {"name": "bench", "server": "127.0.0.1", "port": ports["irc"], "tls": False, "burst": 10**6}
    config: dict[str, object] = {
        "users": "moshez: Happy and well\n",
        "store__yaml": {
            "engine": "sqlite:status.db",
            "listen": {name: f"unix:{name}.sock:mode=600" for name in ("read", "write")},
            "sources": [{"type": "file", "path": "users"}],
        },
        "setter__yaml": {"listen": "unix:set.sock:mode=600", "store": "unix:write.sock", "limits": UNLIMITED},
        "irc__yaml": {"store": "unix:read.sock", "networks": [{**network, "channels": [{"name": "#test"}]}]},
    }
    for name in ("finger", "web", "pb"):
        listen = f"tcp:{ports[name]}:interface=127.0.0.1"
        config[f"{name}__yaml"] = {"listen": listen, "store": "unix:read.sock", "limits": UNLIMITED}
    with folder(**config) as where, ExitStack() as stack:
        server = IRCServer(where, ports["irc"])
        stack.callback(server.stop)
        for name in ("store", "setter", "finger", "web", "pb", "irc"):
            plugin = "finger" if name == "finger" else f"finger-{name}"
            port = ports[name] if name in {"finger", "web", "pb"} else None
            stack.enter_context(running(twistd(plugin, "--config", f"{name}.yaml"), where, port))
        react(lambda reactor: Deferred.fromCoroutine(measure(reactor, where, ports)))


if __name__ == "__main__":
    main()
