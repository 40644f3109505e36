"""Twenty clients that ask finger without a pause until their input ends, and what came of it; runs in the machine."""

import asyncio
import json
import sys
import time

CLIENTS = 20
QUERY, WANTED = b"moshez\r\n", b"Happy and well"


class Load:
    """Counts what the clients saw."""

    def __init__(self) -> None:
        self.asked = 0
        self.wrong: list[str] = []
        self.lost: list[str] = []
        self.slowest = 0.0
        self.over = False

    async def client(self) -> None:
        """Ask, again and again."""
        while not self.over:
            began = time.monotonic()
            try:
                answer = await asyncio.wait_for(self.ask(), 30)
            except OSError as error:
                self.lost.append(repr(error))
            else:
                if WANTED not in answer:
                    self.wrong.append(repr(answer))
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    async def ask(self) -> bytes:
        """One question, as finger asks it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", 79)
        try:
            writer.write(QUERY)
            return await reader.read()
        finally:
            writer.close()

    async def run(self) -> None:
        """Until the input ends."""
        clients = [asyncio.ensure_future(self.client()) for _ in range(CLIENTS)]
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        self.over = True
        await asyncio.gather(*clients)


if __name__ == "__main__":
    load = Load()
    asyncio.run(load.run())
    found = {"asked": load.asked, "slowest": load.slowest, "lost": load.lost[:20], "wrong": load.wrong[:20]}
    sys.stdout.write(json.dumps(found))
