"""Whose proof is this: what the store accepts as a reason to act for a name."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable

from attrs import frozen

from fingerpost.errors import NotAllowed
from fingerpost.interfaces import Proof
from fingerpost.text import check_login

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

    def login(self, proof: Proof, peer: int | None) -> str:
        """The login that a proof, presented by a process of the uid `peer`, is good for; raises `NotAllowed`."""
        if proof.kind == "peer" and peer in self.uids:
            return check_login(proof.secret)
        raise NotAllowed
