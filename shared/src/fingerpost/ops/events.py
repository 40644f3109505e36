"""The events that an operator acts on: each has a MESSAGE_ID, which `deploy/systemd/fingerpost.catalog` explains.

An id says what happened, whatever the words of the message; it never changes, and is never used for something else.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Event"]


class Event(StrEnum):
    """MESSAGE_ID by name (made with `journalctl --new-id128`); log with `message_id=Event.NAME`."""

    # A service and systemd
    STARTED = "b618f853112e4feb9d63e11d376b543f"
    STOPPED = "8b7cc11d37ee4e0a8d645e3ce18ef88c"
    NOT_ANSWERING = "98226a8a16974bf498fd75c3384ff616"
    ANSWERING = "3df7aa73864249a7bc81e9c7138cd43d"
    CANNOT_START = "ecc4cbbde7d84d9780fdc63440d9e33f"
    LOG_DROPPED = "177b896dfb8c4753ae5f9455eed55b01"

    # Configuration
    CONFIGURATION_RELOADED = "700850fdaad74b54a5f7706c276f0f2e"
    CONFIGURATION_REFUSED = "7431f444c893485e8c02d9bb0167c8d1"
    RESTART_NEEDED = "a022bcc18463457c97ca595a5958bb0e"

    # A frontend and its store
    STORE_AWAY = "1c5c3a4a346d4a84b92bee246be1567d"
    STORE_BACK = "74b74fa9987d45fb81ccd7302f2c9a73"
    STORE_REFUSES = "0364282c009746ee98f563a404d273d1"
    RECORDS_RELOADED = "7d4a8ebd72c346258e2c36343ed46288"

    # Clients
    CONNECTION_LIMIT = "837962bf48984f5fa010941f2e1bbc22"
    PROOF_REFUSED = "8ce09af5a2904423842fa96b9f9116fa"
    PROOF_THROTTLED = "6ef56273c8ff4f9f843a0f727bc7bdea"

    # The administrator
    ACCOUNT_CHANGED = "fdf864f1d7f74e99b81c6721d84ecde3"
    BACKUP_MADE = "f7bacc626071433ea2c2f714bd41ce50"
    STORE_RESTORED = "c7a6e4b5abfa4a40a92db3872ac20776"

    # The store's disk and sources
    WRITE_FAILED = "225bf39637404e20bb1b0ac550238182"
    WRITE_RECOVERED = "05153bc4202447f5a9299ec383d9c41d"
    DATABASE_UNREADABLE = "c40a409800044ca7a49fe0dd69da3b96"
    DATABASE_READABLE = "587b8046fa7446f98a353f109945f44a"
    SOURCE_FAILING = "00819bffea8e46c6ae40e8d93eccbb49"
    SOURCE_RECOVERED = "1b89b25ac96a45cf96765c52d8c6e65e"

    # TLS
    CERTIFICATE_UNUSABLE = "33627b6a137a441dbfdc6acd721d4bce"
    CERTIFICATE_EXPIRING = "a17d0fe52b9e419288c65ea90c273848"

    # IRC
    IRC_AWAY = "bdaec309d69c433fa8c38d515caff0e1"
    IRC_REFUSED = "de43f619f2244c1ebe0ca6a7067091e3"
    IRC_BACK = "fb886a9d171f4c3085fdfe6577f6fa22"
