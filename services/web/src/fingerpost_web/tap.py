"""Wires the web service."""

from __future__ import annotations

from attrs import frozen
from fingerpost.ops.frontend import ReadingConfig, ReadingFrontend

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig):
    """See `web.yaml`."""


class Service(ReadingFrontend):
    """The web service."""

    tapname = "finger-web"


make = Service
