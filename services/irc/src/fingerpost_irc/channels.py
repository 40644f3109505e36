"""Where the bot stands with each configured channel: in it, refused, kicked out of it once or for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import define
from twisted.internet.interfaces import IReactorTime

from fingerpost_irc.configuration import Channel
from fingerpost_irc.folding import fold

__all__ = ["REST", "Channels"]

REST = 30.0  # seconds to stay away after a kick
_SOON = 3600.0  # a second kick within so many seconds means: stay out


@define
class _Place:
    channel: Channel
    joined: bool = False
    barred: bool = False
    refusal: str = ""
    kicked_at: float | None = None


class Channels:
    """The configured channels of one connection; any other is none of the bot's business."""

    def __init__(self, clock: IReactorTime, channels: Iterable[Channel]) -> None:
        self._clock = clock
        self._places = {fold(channel.name): _Place(channel) for channel in channels}

    def __contains__(self, name: object) -> bool:
        return fold(str(name)) in self._places

    def missing(self) -> Iterator[Channel]:
        """The channels to try to join now."""
        return (place.channel for place in self._places.values() if self._is_open(place))

    def announced_in(self) -> Iterator[str]:
        """The channels in which news are told."""
        return (place.channel.name for place in self._places.values() if place.joined and place.channel.announce)

    def joined(self, name: str) -> bool:
        """The bot is in a channel now; False where it should not be."""
        place = self._places.get(fold(name))
        if place is None:
            return False
        place.joined, place.refusal = True, ""
        return True

    def left(self, name: str) -> None:
        """The bot is no longer in a channel."""
        if place := self._places.get(fold(name)):
            place.joined = False

    def refused(self, name: str, reason: str, *, for_good: bool = False) -> bool:
        """A channel can't be joined; say whether that, with this reason, is new."""
        place = self._places.get(fold(name))
        if place is None or place.joined or place.refusal == reason:
            return False
        place.refusal, place.barred = reason, for_good
        return True

    def kicked(self, name: str) -> bool:
        """The bot was kicked; say whether it may come back after a rest, or is to stay out until it connects again."""
        place = self._places.get(fold(name))
        if place is None:
            return False
        now, before = self._clock.seconds(), place.kicked_at
        place.joined, place.kicked_at = False, now
        place.barred = before is not None and now - before < _SOON
        return not place.barred

    def _is_open(self, place: _Place) -> bool:
        rested = place.kicked_at is None or self._clock.seconds() - place.kicked_at >= REST
        return rested and not place.joined and not place.barred
