"""Passwords as argon2id hashes (RFC 9106), made and compared in threads: each takes tens of milliseconds."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHash, VerificationError
from argon2.low_level import hash_secret_raw
from attrs import field, frozen
from attrs.validators import ge
from twisted.internet.defer import Deferred

from fingerpost.errors import NotAccepted
from fingerpost.store.interfaces import IThreads

__all__ = ["Argon2Config", "Passwords", "as_bytes"]

_LONGEST = 1024  # characters
_SHORTEST = 8
_SALT = bytes(16)  # of a hash that nobody keeps


def as_bytes(password: str) -> bytes:
    """A password in the form that is hashed, however a keyboard composes its letters."""
    return unicodedata.normalize("NFC", password).encode()


@frozen
class Argon2Config:
    """The cost of a hash: passes, KiB of memory, and lanes; by default RFC 9106's second recommendation."""

    time_cost: int = field(default=3, validator=ge(1))
    memory_cost: int = field(default=65536, validator=ge(8))
    parallelism: int = field(default=4, validator=ge(1))

    def __attrs_post_init__(self) -> None:
        if self.memory_cost < 8 * self.parallelism:
            raise ValueError(f"memory_cost is {self.memory_cost} KiB, but has to be 8 for each of parallelism")

    @property
    def work(self) -> int:
        """Passes times KiB of memory, to which the time of a hash is nearly in proportion."""
        return self.time_cost * self.memory_cost

    def hasher(self) -> PasswordHasher:
        """What makes such hashes."""
        return PasswordHasher(self.time_cost, self.memory_cost, self.parallelism, type=Type.ID)


class Passwords:
    """Hashes passwords, and compares them; what does not match costs the same, whatever there was to compare with.

    Otherwise the time would tell whether a name has a password, and since when: one that was hashed at another cost
    than is now configured is compared at that.
    """

    def __init__(self, threads: IThreads, config: Argon2Config) -> None:
        self._threads = threads
        self._dearest = 0
        self.configure(config)

    def configure(self, config: Argon2Config) -> None:
        """Make hashes of another cost from now on."""
        self._config = config
        self._hasher = config.hasher()
        self._dearest = max(self._dearest, config.work)

    def hashed(self, password: str) -> Deferred[str]:
        """The hash of a new password; raises `NotAccepted` where it is too short or too long."""
        if not _SHORTEST <= len(password) <= _LONGEST:
            raise NotAccepted(f"password: it has to have {_SHORTEST} to {_LONGEST} characters")
        return self._threads.run(self._hasher.hash, as_bytes(password))

    def matches(self, hashed: str, password: bytes) -> Deferred[bool]:
        """Whether a password is the one of a hash; nothing matches where there is none ("")."""
        return self._threads.run(self._matches, hashed, password[: 4 * _LONGEST])

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made at another cost than is now configured."""
        return self._hasher.check_needs_rehash(hashed)

    def _matches(self, hashed: str, password: bytes) -> bool:
        done = _work(hashed)
        self._dearest = max(self._dearest, done)
        try:
            if hashed and self._hasher.verify(hashed, password):
                return True
        except (VerificationError, InvalidHash):
            pass
        self._toil(self._dearest - done, password)
        return False

    def _toil(self, work: int, password: bytes) -> None:
        """As much work as was spared, for nothing."""
        passes, lanes = self._config.time_cost, self._config.parallelism
        if work >= passes * 8 * lanes:
            hash_secret_raw(password, _SALT, passes, work // passes, lanes, 32, Type.ID)


def _work(hashed: str) -> int:
    """What it costs to compare with a hash: passes times KiB of memory."""
    try:
        parameters = extract_parameters(hashed)
    except InvalidHash:
        return 0
    return parameters.time_cost * parameters.memory_cost
