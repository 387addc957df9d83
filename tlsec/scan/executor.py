"""Run leased jobs here: probes in one event loop, the database in one thread beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import connection

from tlsec.facts import Failed, Locator, Reason, Target, Vantage
from tlsec.inventory import record
from tlsec.probe.base import Probe, Result
from tlsec.probe.gateway import Gateway, GatewayError, Stopped
from tlsec.scan import lease
from tlsec.scan.models import Job

T = TypeVar("T")
CONCURRENT = 60
JOB_SECONDS = 100.0
FLUSH_JOBS, FLUSH_SECONDS = 80, 0.4


@dataclass(frozen=True, slots=True)
class Finished:
    """A job and what it brought; `results` carry their own start and end."""

    job: Job
    version: int  # of the probe
    results: list[tuple[Result, datetime, datetime]]
    refused: bool = False


@dataclass
class Executor:
    """`store` keeps finished jobs in one transaction; `records` reads what needs no socket."""

    run: int
    gateway: Gateway
    probes: Mapping[str, Probe]
    vantages: Callable[[str], Vantage]
    store: Callable[[list[Finished]], int]
    records: Callable[[Target], Result]
    progress: Callable[[int, int], None] = lambda done, added: None
    concurrent: int = CONCURRENT
    _db: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "tlsec-db"))
    _done: list[Finished] = field(default_factory=list)

    async def work(self) -> bool:
        """Until no job is left, or the stop switch is pulled. True when all was done."""
        owner = lease.me()
        running: set[asyncio.Task[Finished | None]] = set()
        last_flush = time.monotonic()
        try:
            while not self.gateway.stopped:
                if len(running) <= self.concurrent // 2:
                    free = self.concurrent - len(running)
                    jobs = await self._in_db(lease.take, self.run, free, owner, datetime.now(UTC))
                    running |= {asyncio.create_task(self._one(job)) for job in jobs}
                    if not running and not self._done:
                        if not await self._others_work():
                            return True
                        await asyncio.sleep(1)
                        continue
                if running:
                    finished, running = await asyncio.wait(
                        running, timeout=FLUSH_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                    self._done += [f for task in finished if (f := task.result()) is not None]
                late = time.monotonic() - last_flush > FLUSH_SECONDS
                if self._done and (late or not running or len(self._done) >= FLUSH_JOBS):
                    await self._flush()
                    last_flush = time.monotonic()
            return False
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await self._flush()
            await self._in_db(lease.release, self.run, owner)
            await self._in_db(lambda: connection.close())
            self._db.shutdown()

    async def _others_work(self) -> bool:
        counts = await self._in_db(lease.counts, self.run)
        return bool(counts.get(Job.State.LEASED) or counts.get(Job.State.WAITING))

    async def _in_db(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._db, function, *arguments)

    async def _flush(self) -> None:
        batch, self._done = self._done, []
        if batch:
            added = await self._in_db(self.store, batch)
            self.progress(len(batch), added)

    async def _one(self, job: Job) -> Finished | None:
        target = self._target(job)
        if job.probe == record.ID:
            started = datetime.now(UTC)
            result = await self._in_db(self.records, target)
            return Finished(job, record.VERSION, [(result, started, datetime.now(UTC))])
        probe = self.probes[job.probe]
        if target.address:
            try:
                self.gateway.permit(target.address, target.port)
            except GatewayError as error:
                moment = datetime.now(UTC)
                result = Result(place(probe.locator, target), error.failed)
                return Finished(job, probe.version, [(result, moment, moment)], refused=True)
        return await self._probe(job, probe, target)

    async def _probe(self, job: Job, probe: Probe, target: Target) -> Finished | None:
        results: list[tuple[Result, datetime, datetime]] = []
        started = datetime.now(UTC)
        failed: Failed | None = None
        try:
            async with asyncio.timeout(JOB_SECONDS):
                async for result in probe.run(target, self.gateway):
                    moment = datetime.now(UTC)
                    results.append((result, started, moment))
                    started = moment
        except Stopped:
            return None
        except TimeoutError:
            failed = Failed(Reason.TIMEOUT, "job")
        except Exception as error:
            failed = Failed(Reason.BUG_IN_PROBE, f"{type(error).__name__}: {error}"[:300])
        if self.gateway.stopped:
            return None  # what a stop cut short is not an answer of the target
        if failed and not results:
            result = Result(place(probe.locator, target), failed)
            results.append((result, started, datetime.now(UTC)))
        return Finished(job, probe.version, results)

    def _target(self, job: Job) -> Target:
        t = job.target
        return Target(
            asset=t["asset"],
            vantage=self.vantages(t["vantage"]),
            address=t.get("address", ""),
            port=t.get("port", 0),
            host=t.get("host", ""),
            path=t.get("path", "/"),
            tls=t.get("tls", False),
            ports=tuple(t.get("ports", ())),
            resolvers=tuple(t.get("resolvers", ())),
            own_domains=tuple(t.get("own_domains", ())),
        )


def place(fields: tuple[str, ...], target: Target) -> Locator:
    """The locator of a target for a probe that could not say it itself."""
    values: dict[str, str | int] = {
        "asset": target.asset,
        "address": target.address,
        "port": target.port or (target.ports[0] if target.ports else 0),
        "proto": target.proto,
        "scheme": "https" if target.tls else "http",
        "host": target.host,
        "name": target.host,
        "path": target.path,
        "vantage": target.vantage.id,
    }
    return {field_: values[field_] for field_ in fields}
