"""What is answered to a question: who is looked up, and in which words it is said."""

from __future__ import annotations

import re

from attrs import frozen
from fingerpost.errors import FingerpostError, NoSuchUser, TemporarilyUnavailable
from fingerpost.interfaces import IStatuses
from fingerpost.model import Record
from fingerpost.ops.outcomes import Outcome
from fingerpost.phrases import echoed

from fingerpost_irc.render import one_of, status_of

__all__ = ["HELP", "Answer", "Answers"]

HELP = (
    "Send me a login or a name, and I say that person's status. In a channel, put my nick and a colon in front: "
    "my-nick: moshez"
)
_ASKING = re.compile(r"^(?:finger|status of) ", re.IGNORECASE)
_MOST_NAMES = 5  # people named where several may be meant


@frozen
class Answer:
    """A line, what became of the question by it, and whom it was about."""

    text: str
    outcome: Outcome = Outcome.ANSWERED
    about: str = ""


class Answers:
    """Turns what somebody asks into the line that answers it."""

    def __init__(self, statuses: IStatuses) -> None:
        self._statuses = statuses

    async def answer(self, asked: str) -> Answer:
        """The answer, in one line of whatever length."""
        name = _name(asked)
        if name.lower() in {"", "help"}:
            return Answer(HELP)
        try:
            return Answer(await self._answer(name), Outcome.ANSWERED, name)
        except TemporarilyUnavailable:
            sentence = "temporarily unavailable, please try again in a moment."
            return Answer(f"Status of {echoed(name)}: {sentence}", Outcome.UNAVAILABLE, name)
        except FingerpostError as error:
            return Answer(f"Status of {echoed(name)}: {error}", Outcome.of(error), name)

    async def _answer(self, name: str) -> str:
        found = await self._matching(name)
        if not found:
            raise NoSuchUser
        if len(found) == 1:
            return status_of(found[0])
        return one_of(name, [record.login for record in found[:_MOST_NAMES]], len(found) > _MOST_NAMES)

    async def _matching(self, name: str) -> list[Record]:
        """The person of this login or alias, or else everybody of this name."""
        try:
            return [await self._statuses.get(name)]
        except NoSuchUser:
            return await self._statuses.find(name, _MOST_NAMES + 1)


def _name(asked: str) -> str:
    """The name in `moshez`, `moshez?`, `finger moshez` and `status of moshez`."""
    return _ASKING.sub("", " ".join(asked.rstrip("? ").split()))
