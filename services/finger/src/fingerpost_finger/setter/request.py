"""A request to set a status: bytes to a value."""

from __future__ import annotations

from attrs import field, frozen
from fingerpost.errors import FingerpostError

__all__ = ["MAX_LINE", "BadRequest", "Request", "lines", "parse"]

MAX_LINE = 2048  # bytes: 280 characters of four bytes, and room to say how much too long a status is
_EXPECTED = "a user, a status, and over TCP a token, each on its line"


class BadRequest(FingerpostError):
    """This is not a request to set a status."""


@frozen
class Request:
    """Whose status is to be what ("" clears it), and the token that allows it, if one was given."""

    user: str
    status: str
    token: str = field(default="", repr=False)


def lines(data: bytes, ended: bool) -> list[bytes]:
    """The whole lines in what has come, the last one without an end counting if no more will come; CRLF or LF ends one.

    Raises `BadRequest` where a line is too long.
    """
    *whole, rest = data.split(b"\n")
    if ended and rest:
        whole.append(rest)
    for number, line in enumerate([*whole, rest], start=1):
        if len(line) > MAX_LINE:
            raise BadRequest(f"line {number} is longer than {MAX_LINE} bytes")
    return [line.removesuffix(b"\r") for line in whole]


def parse(given: list[bytes]) -> Request:
    """The request that two or three lines make; raises `BadRequest`."""
    if len(given) < 2:
        missing = "a user and a status" if not given else "a status"
        raise BadRequest(f"{missing} was expected: {_EXPECTED}")
    if len(given) > 3:
        raise BadRequest("there is input after the three lines; a status is one line")
    try:
        user, status, *token = (line.decode("utf-8").strip(" \t") for line in given)
    except UnicodeDecodeError:
        raise BadRequest("this is not UTF-8") from None
    if not user:
        raise BadRequest("the first line is empty; it names the user")
    if token == [""]:
        raise BadRequest("the third line is empty; it is for a token")
    return Request(user, status, *token)
