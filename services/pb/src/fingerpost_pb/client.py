"""The live list as a PB client has it. Importing this module is all that a client program needs to do.

The list is current for as long as the program keeps the object, and the connection lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.spread import pb

from fingerpost_pb.latest import Entry, Latest

__all__ = ["LIVE", "Entry", "LiveStatuses"]

LIVE = b"fingerpost.LiveStatuses"  # what the list is called on the wire

Heard = Callable[[str, Entry | None], None]


class LiveStatuses(pb.RemoteCache):
    """The answer to `getLive`: who has said something last, kept current by the server."""

    def setCopyableState(self, state: Mapping[str, Any]) -> None:
        """See `RemoteCopy`."""
        self._latest = Latest(state["limit"], (Entry(*entry[:5]) for entry in state["statuses"]))
        self._watching: list[Heard] = []

    @property
    def statuses(self) -> dict[str, Entry]:
        """The entries as they are now, by login, the latest first."""
        return {entry.login: entry for entry in self._latest}

    def watch(self, heard: Heard) -> Callable[[], None]:
        """Have `heard(login, entry)` called with each change, None for who has left; call what is returned to stop."""
        self._watching.append(heard)
        return lambda: self._watching.remove(heard)

    # What the server calls

    def observe_changed(self, given: tuple[str, ...]) -> None:
        """Somebody has said something; whoever is the oldest one too many by that leaves."""
        entry = Entry(*given[:5])
        fell = self._latest.put(entry)
        self._tell(entry.login, entry)
        if fell is not None:
            self._tell(fell.login, None)

    def observe_removed(self, login: str) -> None:
        """Somebody is no longer among the latest."""
        if self._latest.remove(login):
            self._tell(login, None)

    def _tell(self, login: str, entry: Entry | None) -> None:
        for heard in tuple(self._watching):
            heard(login, entry)


pb.setUnjellyableForClass(LIVE, LiveStatuses)
