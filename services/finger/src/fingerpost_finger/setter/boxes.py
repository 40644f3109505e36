"""AMP boxes to questions, and answers to boxes.

Twisted's `AMP` is not used for that towards strangers: it logs a traceback for whatever they get wrong, and would start
TLS for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen
from fingerpost.errors import FingerpostError, NotAccepted
from twisted.protocols.amp import (
    ANSWER,
    ASK,
    COMMAND,
    ERROR,
    ERROR_CODE,
    ERROR_DESCRIPTION,
    UNHANDLED_ERROR_CODE,
    AmpBox,
    Command,
)

__all__ = ["Malformed", "Question", "question"]


class Malformed(FingerpostError):
    """This is no question."""


class Unknown(Command):
    """Whatever is asked by a name that no command has."""

    errors: ClassVar = {FingerpostError: UNHANDLED_ERROR_CODE}


@frozen
class Question:
    """A command as somebody asks it."""

    command: type[Command]
    tag: bytes
    box: AmpBox

    def arguments(self) -> dict[str, Any]:
        """What the command is given; raises `FingerpostError` where that, or the command, can't be understood."""
        if self.command is Unknown:
            raise FingerpostError("there is no such command here")
        try:
            arguments: dict[str, Any] = self.command.parseArguments(self.box, None)
            self.command.makeArguments(arguments, None)  # there are dates that can be read, and not be written
        except Exception:  # the parsers raise whatever a wrong value makes them stumble over
            raise NotAccepted(f"these are not the arguments of {self.command.__name__}") from None
        return arguments

    def answer(self, answer: dict[str, Any]) -> AmpBox:
        """The box that answers."""
        box: AmpBox = self.command.makeResponse(answer, None)
        box[ANSWER] = self.tag
        return box

    def refusal(self, error: FingerpostError) -> AmpBox:
        """The box that says what went wrong."""
        code = next(code for kind, code in self.command.errors.items() if isinstance(error, kind))
        return AmpBox({ERROR: self.tag, ERROR_CODE: code, ERROR_DESCRIPTION: str(error).encode()})


def question(box: AmpBox, commands: Mapping[bytes, type[Command]]) -> Question:
    """What a box asks of some commands, by their names; raises `Malformed`."""
    if COMMAND not in box or ASK not in box:
        raise Malformed
    return Question(commands.get(box[COMMAND], Unknown), box[ASK], box)
