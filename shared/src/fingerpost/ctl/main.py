"""The program's first moments, in which ^C ends it as quietly as later: what takes long to load is loaded here."""

from __future__ import annotations

import os
import signal
from types import FrameType

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the program."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # else whoever started it wants none of ^C
        signal.signal(signal.SIGINT, _end)
    from fingerpost.ctl.program import fingerctl

    signal.signal(signal.SIGINT, usual)
    fingerctl(prog_name="fingerctl")


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
