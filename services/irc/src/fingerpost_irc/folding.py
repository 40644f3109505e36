"""When two nicks or channel names are the same one (RFC 2812 §2.2).

Always by RFC 1459's rule, whatever CASEMAPPING the server has: the difference is four punctuation characters, and to
take one such name for another has no worse effect than a question that is answered, or is not.
"""

from __future__ import annotations

import string

__all__ = ["fold"]

_LOWER = str.maketrans(string.ascii_uppercase + "[]\\~", string.ascii_lowercase + "{}|^")


def fold(name: str) -> str:
    """A nick or a channel's name as names are compared."""
    return name.translate(_LOWER)
