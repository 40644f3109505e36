"""Wires the irc service."""

from __future__ import annotations

from attrs import frozen
from fingerpost.ops.frontend import ReadingConfig, ReadingFrontend

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig):
    """See `irc.yaml`."""


class Service(ReadingFrontend):
    """The irc service."""

    tapname = "finger-irc"


make = Service
