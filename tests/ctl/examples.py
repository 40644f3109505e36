"""The examples of a man page, as they are to be run: lines between .EX and .EE that begin with `# ` or `$ `."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from attrs import frozen

__all__ = ["Example", "examples"]

_ROFF = {r"\-": "-", r"\(aq": "'", r"\(dq": '"', r"\e": "\\", r"\&": ""}
_ENDS = {"|", ";", "&&", "||", ">", ">>", "<", "&"}


@frozen
class Example:
    """A line for a shell. `as_root` is whether it is root's, else it is anybody's who has a login on the machine.

    Examples of one page are run in order and in one folder: some need what an earlier one has made.
    """

    line: str
    as_root: bool

    def arguments(self, program: str) -> list[list[str]]:
        """What the line gives to a program, each time that it names it outside of a substitution."""
        words = shlex.shlex(self.line, posix=True, punctuation_chars="|;&<>")
        words.whitespace_split = True
        found: list[list[str]] = []
        taking = False
        for word in words:
            if word in _ENDS:
                taking = False
            elif taking:
                found[-1].append(word)
            elif word == program:
                taking = True
                found.append([])
        return found


def examples(page: str) -> Iterator[Example]:
    """The examples in a man page's source."""
    for block in re.findall(r"^\.EX\n(.*?)^\.EE$", page, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line[:2] in ("# ", "$ "):
                yield Example(_plain(line[2:]), line[0] == "#")


def _plain(text: str) -> str:
    return re.sub(r"\\(?:\(..|.)", lambda found: _ROFF[found[0]], text)
