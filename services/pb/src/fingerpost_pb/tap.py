"""Wires the pb service."""

from __future__ import annotations

from attrs import frozen
from fingerpost.ops.frontend import ReadingConfig, ReadingFrontend

__all__ = ["Config", "make"]


@frozen(kw_only=True)
class Config(ReadingConfig):
    """See `pb.yaml`."""


class Service(ReadingFrontend):
    """The pb service."""

    tapname = "finger-pb"


make = Service
