"""Asks a Fingerpost service over Perspective Broker, and shows what people say from then on.

Run it with an endpoint and a user: `python pbclient.py tcp:127.0.0.1:8889 moshez`.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from fingerpost_pb.client import Entry
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString
from twisted.internet.task import react
from twisted.spread import pb

say = partial(print, flush=True)


async def ask(reactor: Any, endpoint: str, user: str) -> None:
    """Make each call once."""
    factory = pb.PBClientFactory()
    await clientFromString(reactor, endpoint).connect(factory)
    root = await factory.getRootObject()
    await tell(root, "getUser", user)
    await tell(root, "getUsers")
    await tell(root, "getRecord", user)
    await watch(root)


async def tell(root: Any, name: str, *arguments: str) -> None:
    """Make a call, and show the answer or the error."""
    try:
        say(f"{name}:", await root.callRemote(name, *arguments))
    except pb.RemoteError as error:
        say(f"{name}:", error.remoteType.decode(), error)


async def watch(root: Any) -> None:
    """Show the live list, and its changes until the service closes the connection."""
    try:
        live = await root.callRemote("getLive")  # kept current for as long as this name holds it
    except pb.RemoteError as error:
        say("getLive:", error.remoteType.decode(), error)
        return
    for login, entry in live.statuses.items():
        say(f"{login} says: {entry.text}")
    live.watch(show)

    gone: Deferred[None] = Deferred()
    root.notifyOnDisconnect(lambda _: gone.callback(None))
    await gone
    say("The connection has ended.")


def show(login: str, entry: Entry | None) -> None:
    """Show a change of the live list."""
    say(f"{login} has left the list" if entry is None else f"{login} now says: {entry.text}")


if __name__ == "__main__":
    react(lambda reactor, *arguments: Deferred.fromCoroutine(ask(reactor, *arguments)), sys.argv[1:])
