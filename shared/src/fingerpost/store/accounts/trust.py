"""Whose word the store takes for a login: the users whose processes are asked about it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable

from attrs import frozen

__all__ = ["Trust"]


@frozen
class Trust:
    """The users whose word the store takes for a login (`Proof.kind` "peer"); its own user is always one."""

    uids: frozenset[int]

    @classmethod
    def in_users(cls, names: Iterable[str]) -> tuple[Trust, list[str]]:
        """Trust in the named users of this machine, and the names that are no users here."""
        uids, unknown = {os.geteuid()}, []
        for name in names:
            try:
                uids.add(pwd.getpwnam(name).pw_uid)
            except KeyError:
                unknown.append(name)
        return cls(frozenset(uids)), unknown
