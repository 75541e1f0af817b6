"""A request body, hashed while it arrives and kept until it is sent on."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from aiohttp import StreamReader

IN_MEMORY = 1 << 20
PIECE = 1 << 18


class Spool:
    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._hash = hashlib.sha256()
        self.size = 0

    async def fill(self, stream: StreamReader) -> None:
        async for piece in stream.iter_chunked(PIECE):
            self._hash.update(piece)
            self.size += len(piece)
            if self.size > IN_MEMORY:
                await asyncio.to_thread(self._file.write, piece)
            else:
                self._file.write(piece)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    async def pieces(self) -> AsyncIterator[bytes]:
        self._file.seek(0)
        while True:
            if self.size > IN_MEMORY:
                piece = await asyncio.to_thread(self._file.read, PIECE)
            else:
                piece = self._file.read(PIECE)
            if not piece:
                return
            yield piece

    def close(self) -> None:
        self._file.close()
