"""A finger query: bytes to a value, as RFC 1288 §2.3 writes it and as clients really send it.

The grammar read literally has no plain `{U}{C}`; the RFC's prose and its examples 4.2 and 4.3 make it legal.
"""

from __future__ import annotations

import re

from attrs import frozen
from fingerpost.errors import FingerpostError

__all__ = ["MAX_LINE", "BadQuery", "Query", "first_line", "parse"]

MAX_LINE = 512  # bytes before the line end; §2.3 allows no limit on hosts, so the line's length is the bound

_IAC = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.*?\xff\xf0|[\xf0-\xf9])", re.DOTALL)  # Telnet, RFC 854
_SEPARATOR = re.compile(r"[ \t,]+")  # blanks by RFC 1288 and BSD, commas by RFC 742


class BadQuery(FingerpostError):
    """This is not a finger query."""


@frozen
class Query:
    """Who is asked about; no names and no hosts ask for the list ({C}), hosts ask to be forwarded ({Q2})."""

    names: tuple[str, ...] = ()
    verbose: bool = False
    hosts: tuple[str, ...] = ()


def first_line(data: bytes, ended: bool) -> bytes | None:
    """The query line in what has come so far, without its end; None while there is none yet.

    A line ends at CR, LF or the end of input: `echo` sends LF alone, Telnet a CR and NUL. Raises `BadQuery` where it
    is too long.
    """
    end = min((at for at in (data.find(b"\r"), data.find(b"\n")) if at >= 0), default=-1)
    line = data if end < 0 else data[:end]
    if len(line) > MAX_LINE:
        raise BadQuery(f"The query is longer than {MAX_LINE} bytes.")
    return line if end >= 0 or ended else None


def parse(line: bytes) -> Query:
    """The query of a line; raises `BadQuery`.

    `/W` counts in either case, and also behind the names, where RFC 1194 had it.
    """
    cleaned = _IAC.sub(b"", line)
    if b"\0" in cleaned:
        raise BadQuery("The query has a NUL in it.")
    try:
        text = cleaned.decode("utf-8")
    except UnicodeDecodeError:
        raise BadQuery("The query is not UTF-8.") from None
    tokens = [token for token in _SEPARATOR.split(text) if token]
    verbose = [token for token in tokens if token.upper() == "/W"]
    names, hosts = _split_hosts([token for token in tokens if token.upper() != "/W"])
    return Query(tuple(dict.fromkeys(names)), bool(verbose), hosts)


def _split_hosts(tokens: list[str]) -> tuple[list[str], tuple[str, ...]]:
    names: list[str] = []
    for token in tokens:
        name, at, rest = token.partition("@")
        if name:
            names.append(name)
        if at:
            return names, tuple(rest.split("@"))
    return names, ()
