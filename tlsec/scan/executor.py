"""Run leased jobs here: probes in one event loop, the database in one thread beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import connection

from tlsec.facts import Failed, Locator, Reason, Target, Vantage, locator_key
from tlsec.i18n import _
from tlsec.inventory import record
from tlsec.probe.base import Probe, Result
from tlsec.probe.gateway import Gateway, GatewayError, Stopped
from tlsec.scan import jobs, lease
from tlsec.scan.models import Job

T = TypeVar("T")
CONCURRENT = 60
JOB_SECONDS = 100.0
FLUSH_JOBS, FLUSH_SECONDS = 80, 0.4
IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Finished:
    """A job and what it brought; `results` carry their own start and end."""

    job: Job
    version: int  # of the probe
    results: list[tuple[Result, datetime, datetime]]
    state: str = Job.State.DONE


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
                        await asyncio.sleep(IDLE_SECONDS)
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
        await self._in_db(lease.release_dead, self.run, datetime.now(UTC))
        counts = await self._in_db(lease.counts, self.run)
        return bool(counts.get(Job.State.LEASED) or counts.get(Job.State.WAITING))

    async def _in_db(self, function: Callable[..., T], *arguments: Any) -> T:
        here = copy_context()  # the language of the user goes along
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._db, lambda: here.run(function, *arguments))

    async def _flush(self) -> None:
        batch, self._done = self._done, []
        if batch:
            added = await self._in_db(self.store, batch)
            self.progress(len(batch), added)

    async def _one(self, job: Job) -> Finished | None:
        """A job to its end, whatever happens in it; None when the stop switch cut it short."""
        if job.tries > lease.MAX_TRIES:
            lost = Failed(Reason.LOST, _("任务中断 {n} 次，已放弃").format(n=lease.MAX_TRIES))
            return self._failed(job, lost, Job.State.LOST)
        try:
            return await self._attempt(job)
        except Stopped:
            return None
        except Exception as error:
            return self._failed(job, _bug(error), Job.State.DONE)

    async def _attempt(self, job: Job) -> Finished | None:
        target = jobs.target(job.target, self.vantages(job.target["vantage"]))
        if job.probe == record.ID:
            started = datetime.now(UTC)
            result = await self._in_db(self.records, target)
            return Finished(job, record.VERSION, [(result, started, datetime.now(UTC))])
        if target.address:
            try:
                self.gateway.permit(target.address, target.port)
            except GatewayError as error:
                return self._failed(job, error.failed, Job.State.REFUSED)
        return await self._probe(job, self.probes[job.probe], target)

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
            failed = _bug(error)
        if self.gateway.stopped:
            return None  # what a stop cut short is not an answer of the target
        if failed:
            moment = datetime.now(UTC)
            answered = {locator_key(result.locator) for result, *_times in results}
            for locator in _unanswered(job, probe.locator, target, answered):
                results.append((Result(locator, failed), started, moment))
        return Finished(job, probe.version, results)

    def _failed(self, job: Job, failed: Failed, state: str) -> Finished:
        """A job that never ran: each place it should have looked at says why."""
        probe = self.probes.get(job.probe)
        fields = probe.locator if probe else record.LOCATOR
        moment = datetime.now(UTC)
        target = jobs.target(job.target, Vantage(job.target["vantage"]))
        places = _unanswered(job, fields, target, set())
        results = [(Result(place_, failed), moment, moment) for place_ in places]
        return Finished(job, probe.version if probe else record.VERSION, results, state)


def _bug(error: Exception) -> Failed:
    return Failed(Reason.BUG_IN_PROBE, f"{type(error).__name__}: {error}"[:300])


def _unanswered(
    job: Job, fields: tuple[str, ...], target: Target, answered: set[str]
) -> Iterator[Locator]:
    """Places of a job that brought nothing. Of many ports: the declared ones, or else the first."""
    if not target.ports:
        if locator_key(locator := place(fields, target)) not in answered:
            yield locator
        return
    declared = tuple(job.target.get("declared", ()))
    silent = {
        port: locator
        for port in target.ports
        if locator_key(locator := place(fields, replace(target, port=port))) not in answered
    }
    wanted = [port for port in declared if port in silent] or list(silent)[:1]
    yield from (silent[port] for port in wanted)


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
