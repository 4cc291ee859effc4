"""A TCP proxy that is as far away as one says."""

import asyncio
import threading


class Link:
    """Listens on loopback and delays everything by delay_s each way.

    The kernel answers a connection at once, so the round trip of the TCP
    handshake is added to the first bytes of the client.
    """

    def __init__(self, host, port, delay_s):
        self.target, self.delay_s = (host, port), delay_s
        self.connections = 0
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, args=(ready,),
                                       daemon=True)
        self.thread.start()
        ready.wait()

    def serve(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(self.accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def accept(self, reader, writer):
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(
                *self.target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self.carry(reader, far_writer, 2 * self.delay_s),
            self.carry(far_reader, writer, 0))

    async def carry(self, reader, writer, handshake_s):
        """Chunks leave in order, each delay_s after it came."""
        due = self.loop.time() + handshake_s
        queue = asyncio.Queue()

        async def leave():
            while True:
                when, chunk = await queue.get()
                await asyncio.sleep(max(0, when - self.loop.time()))
                if not chunk:
                    writer.close()
                    return
                writer.write(chunk)
        leaving = asyncio.ensure_future(leave())
        try:
            while True:
                chunk = await reader.read(65536)
                when = max(self.loop.time(), due) + self.delay_s
                queue.put_nowait((when, chunk))
                if not chunk:
                    break
        except OSError:
            queue.put_nowait((self.loop.time(), b""))
        await asyncio.wait([leaving])
