"""Saved files made into reloads (the watcher is connected here)."""

import asyncio


class Reloads:
    """Runs beside the store."""

    def __init__(self, *_: object) -> None:
        self._closing = asyncio.Event()

    def adopt(self, _: object) -> None:
        """Watch what this system wants watched."""

    async def run(self) -> None:
        """Until `close`."""
        await self._closing.wait()

    def close(self) -> None:
        """Let `run` return."""
        self._closing.set()
