"""A TCP proxy that can cut every connection that it carries, as a failing switch or a restarted load balancer does."""

import asyncio
import contextlib
import socket
import struct
import threading

from tests.ports import free_port

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of none: closing sends RST and drops what is on its way
CHUNK = 65_536


class Proxy:
    """Carries what comes to ``port`` to another port of this machine, from a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name=f"proxy to {target}").start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._carry, "127.0.0.1", self.port), self._loop
        ).result()

    @property
    def busy(self) -> bool:
        """Whether it carries any connection to its end."""
        return len(self._writers) >= 2

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result() // 2

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _cut(self) -> int:
        count = len(self._writers)
        for writer in list(self._writers):
            _reset(writer)
        return count

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        carriers = asyncio.all_tasks() - {asyncio.current_task()}
        if carriers:
            await asyncio.wait(carriers, timeout=2)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)
            return
        ends = {writer, back}
        self._writers |= ends
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
