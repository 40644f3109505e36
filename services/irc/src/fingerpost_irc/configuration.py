"""The keys of `irc.yaml`: networks, and the channels in them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from attrs import field, frozen
from attrs.validators import ge, optional
from fingerpost.ops.frontend import ReadingConfig

__all__ = ["Channel", "Config", "Network", "Questions"]

_BROKEN = re.compile(r"[\x00-\x20\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")  # RFC 2812 §2.3.1
_CHANNEL = re.compile(r"[#&+!][^\x00-\x20\x7f,:]+")
_LONGEST_CHANNEL = 200


def _word(owner: object, attribute: object, value: str) -> None:
    if not value or _BROKEN.search(value):
        raise ValueError(f"expected one word, not {value!r}")


def _line(owner: object, attribute: object, value: str) -> None:
    if _CONTROL.search(value):
        raise ValueError("a line break or another control character is not allowed here")


def _nick(owner: object, attribute: object, value: str) -> None:
    if not _NICK.fullmatch(value):
        raise ValueError(f"{value!r} is no nick: letters, digits and any of []\\`_^{{|}}-, no digit or '-' first")


def _nicks(owner: object, attribute: object, value: Sequence[str]) -> None:
    for nick in value:
        _nick(owner, attribute, nick)


def _channel(owner: object, attribute: object, value: str) -> None:
    if not _CHANNEL.fullmatch(value) or len(value.encode()) > _LONGEST_CHANNEL:
        raise ValueError(f"{value!r} is no channel such as '#fingerpost' (in quotes, because # begins a comment)")


def _port(owner: object, attribute: object, value: int) -> None:
    if not 1 <= value <= 65535:
        raise ValueError(f"expected a port from 1 to 65535, not {value}")


def _prefix(owner: object, attribute: object, value: str) -> None:
    if _BROKEN.search(value):
        raise ValueError(f"expected one word such as '!finger', or '' for none, not {value!r}")


def _reply(owner: object, attribute: object, value: str) -> None:
    if value not in {"notice", "privmsg"}:
        raise ValueError(f"expected notice or privmsg, not {value!r}")


def _seconds(owner: object, attribute: object, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"expected a number of seconds above 0, not {value}")


def _user(owner: object, attribute: object, value: str) -> None:
    _word(owner, attribute, value)
    if "@" in value or value.startswith(":"):
        raise ValueError(f"{value!r} is no user name: it has an '@' in it, or begins with a colon")


def _unique(what: str, names: Sequence[str]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"two {what} are called '{twice[0]}'")


def _channels(owner: object, attribute: object, value: Sequence[Channel]) -> None:
    _unique("channels", [channel.name.lower() for channel in value])


def _networks(owner: object, attribute: object, value: Sequence[Network]) -> None:
    _unique("networks", [network.name for network in value])


@frozen(kw_only=True)
class Channel:
    """A channel to be in; `key` refers to its key, and `announce` tells news there."""

    name: str = field(validator=_channel)
    key: str | None = None
    announce: bool = True


@frozen(kw_only=True)
class Questions:
    """How often one host may ask: `burst` times at once, and then `rate` times a second; 0 is as often as it likes."""

    rate: float = field(default=0.25, validator=ge(0.0))
    burst: int = field(default=5, validator=ge(1))


@frozen(kw_only=True)
class Network:
    """A network to be on; `password` and `ca` refer to files or credentials, `reply` is notice or privmsg.

    `burst` lines are sent at once, and then one every `pace` seconds.
    """

    name: str = field(validator=_word)
    server: str = field(validator=_word)
    port: int | None = field(default=None, validator=optional(_port))
    tls: bool = True
    ca: str | None = None
    nick: str = field(default="fingerpost", validator=_nick)
    alternates: tuple[str, ...] = field(default=(), validator=_nicks)
    username: str = field(default="fingerpost", validator=_user)
    realname: str = field(default="Fingerpost bot: /msg me a login, and I say the status", validator=_line)
    password: str | None = None
    channels: tuple[Channel, ...] = field(default=(), validator=_channels)
    announce: bool = True
    prefix: str = field(default="", validator=_prefix)
    reply: str = field(default="privmsg", validator=_reply)
    burst: int = field(default=5, validator=ge(1))
    pace: float = field(default=2.0, validator=_seconds)
    questions: Questions = field(factory=Questions)

    def __attrs_post_init__(self) -> None:
        if self.ca is not None and not self.tls:
            raise ValueError("`ca` is of use with `tls: true` only")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; the port is the usual one where none is given."""
        return self.server, self.port or (6697 if self.tls else 6667)


@frozen(kw_only=True)
class Config(ReadingConfig):
    """See `irc.yaml`."""

    networks: tuple[Network, ...] = field(default=(), validator=_networks)
