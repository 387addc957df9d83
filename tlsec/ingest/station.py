"""The ingest process: listeners and followed files on one side, the register on the other, until told to end.

One batch at a time is stored, in a thread of its own. A batch that fails is tried again until it is stored:
meanwhile the inbox fills and senders wait. What is in hand when the end is asked for is stored first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from tlsec.i18n import _
from tlsec.ingest import posts
from tlsec.ingest.inbox import Delivery, Inbox
from tlsec.ingest.limits import Limits
from tlsec.ingest.listen import Listening
from tlsec.ingest.settings import Settings
from tlsec.ingest.tail import Mark, Tail

# Stores a batch, whole or not at all; raises when it could not.
Store: TypeAlias = Callable[[Sequence[Delivery], Mapping[str, int]], None]
_LOOK_SECONDS = 0.5  # how often a followed file is looked at
_RETRY_SECONDS = (0.5, 1, 2, 5, 10, 30)


@dataclass
class Station:
    """`store` runs in a thread; so does `idle` when nothing waits, again while it says that there is more.

    `marks` tells where to go on in a file; `say` tells the operator.
    """

    settings: Settings
    limits: Limits
    root: Path
    store: Store
    idle: Callable[[], bool]
    marks: Callable[[str, str], Mark | None]
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    _said: str = ""

    async def run(self, ending: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Until `ending` is set. Raises CannotListen or Faulty before anything is taken."""
        inbox = Inbox(self.limits.listening)
        shared = Listening(inbox, self.settings.sources, self.limits, self.clock)
        with ThreadPoolExecutor(1, "register") as thread, ThreadPoolExecutor(2, "files") as files:
            tails = []
            try:
                for listener in self.settings.listeners:
                    if listener.kind == "http":
                        await posts.serve(listener, self.settings, shared, self.root)
                    else:
                        await shared.open(listener, self.root)
                storing = asyncio.create_task(self._storing(inbox, thread))
                for id, source in self.settings.sources.items():
                    if source.tail:
                        path = self.root / source.tail
                        tails.append(asyncio.create_task(self._follow(id, path, inbox, files)))
                ready()
                ended = asyncio.create_task(ending.wait())
                await asyncio.wait([ended, storing, *tails], return_when=asyncio.FIRST_COMPLETED)
                ended.cancel()
            finally:
                for task in tails:
                    task.cancel()
                await asyncio.gather(*tails, return_exceptions=True)
                await shared.close()
                inbox.close()
            await storing
        for name, n in shared.strangers.items():
            self.say(_("{name}：不认识的发送者 {n} 次，没有收").format(name=name, n=n))

    async def _storing(self, inbox: Inbox, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not inbox.busy and await self._idle(thread):
                pass
            if not (batch := await inbox.batch()):
                return
            lost = inbox.lost()
            for tried in range(10**9):
                try:
                    await loop.run_in_executor(thread, self.store, batch, lost)
                except Exception as error:  # whatever it is, nothing may be lost by it
                    wait = _RETRY_SECONDS[min(tried, len(_RETRY_SECONDS) - 1)]
                    self._tell(error)
                    await asyncio.sleep(wait)
                else:
                    break
            for delivery in batch:
                if delivery.done is not None and not delivery.done.done():
                    delivery.done.set_result(True)

    async def _idle(self, thread: ThreadPoolExecutor) -> bool:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, self.idle)
        except (
            Exception
        ) as error:  # what waits is in the database: tried again after the next batch
            self._tell(error)
            return False

    def _tell(self, error: Exception) -> None:
        text = _("入库出错，稍后再试（{error}）")
        self.say(text.format(error=f"{type(error).__name__}: {error}"))

    async def _follow(
        self, source: str, path: Path, inbox: Inbox, files: ThreadPoolExecutor
    ) -> None:
        loop = asyncio.get_running_loop()
        mark = await loop.run_in_executor(files, self.marks, source, str(path))
        tail = Tail(path, self.limits.reading.line_bytes, mark)
        try:
            while True:
                lines = await loop.run_in_executor(files, self._look, tail, path)
                for line, at in lines:
                    await inbox.put(Delivery(source, line, self.clock(), mark=at))
                if not lines:
                    await asyncio.sleep(_LOOK_SECONDS)
        finally:
            tail.close()

    def _look(self, tail: Tail, path: Path) -> list[tuple[bytes, Mark]]:
        """New lines of a file; one that cannot be read at the moment is told and looked at again."""
        try:
            return tail.read(self.limits.listening.batch_events)
        except OSError as error:
            if str(error) != self._said:
                self._said = str(error)
                text = _("跟读 {name} 出错，稍后再试（{error}）")
                self.say(text.format(name=path, error=error.strerror))
            return []
