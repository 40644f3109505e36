"""Which part of what is said on IRC is a question to the bot; whatever is not is left alone."""

from __future__ import annotations

import re

from fingerpost_irc.folding import fold

__all__ = ["asked_in_channel", "asked_in_private"]

# Colours with their numbers, and every other control. Twisted's `stripFormatting` recurses without end at some of them.
_FORMATTING = re.compile("\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\x00-\x1f\x7f-\x9f]")
# How a bot of this kind begins what it says: two of them that take it for a question would never stop.
_AUTOMATIC = re.compile(r"status of [^:]+: ", re.IGNORECASE)


def asked_in_private(text: str, nick: str, prefix: str) -> str | None:
    """The question in a private message; there the bot need not be addressed, but may be."""
    plain = _plain(text)
    if plain is None:
        return None
    addressed = _addressed(plain, nick, prefix)
    return plain if addressed is None else addressed


def asked_in_channel(text: str, nick: str, prefix: str) -> str | None:
    """The question in what was said in a channel: behind `nick:` or `nick,`, or behind the prefix, if there is one."""
    plain = _plain(text)
    return None if plain is None else _addressed(plain, nick, prefix)


def _plain(text: str) -> str | None:
    """The text without colours and controls; None for what another bot has said."""
    plain = _FORMATTING.sub("", text).strip()
    return None if not plain or _AUTOMATIC.search(plain) else plain


def _addressed(plain: str, nick: str, prefix: str) -> str | None:
    rest = plain[len(nick) :]
    if fold(plain[: len(nick)]) == fold(nick) and rest[:1] in {":", ","}:
        return rest[1:].strip()
    first, _, rest = plain.partition(" ")
    return rest.strip() if prefix and first.lower() == prefix.lower() else None
