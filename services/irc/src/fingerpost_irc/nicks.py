"""Which nick to try next: the configured ones, then a few with a digit, then none."""

from __future__ import annotations

from collections.abc import Sequence

from fingerpost_irc.folding import fold

__all__ = ["Nicks"]

_NUMBERED = 3
_SAFE = 9  # characters that every server takes (RFC 2812 §1.2.1); before the welcome nothing else is known


class Nicks:
    """Candidates for the time before the server has welcomed us; `wanted` is the one to come back to afterwards."""

    def __init__(self, nick: str, alternates: Sequence[str]) -> None:
        self.wanted = nick
        numbered = [f"{nick[: _SAFE - 1]}{number}" for number in range(1, _NUMBERED + 1)]
        self._left = list(dict.fromkeys([*alternates, *numbered]))

    def another(self) -> str | None:
        """The next one to try, None where all were refused."""
        return self._left.pop(0) if self._left else None

    def is_wanted(self, nick: str, length: int) -> bool:
        """Whether a nick is the configured one, perhaps cut by a server that has nicks of this length at most."""
        return fold(nick) in {fold(self.wanted), fold(self.wanted[:length])}
