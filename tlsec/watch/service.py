"""The watch as it runs: content and register read anew from time to time, the loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from tlsec import content, workspace
from tlsec.facts import Scope
from tlsec.i18n import _
from tlsec.inventory.lookup import Lookup
from tlsec.marked_yaml import Faulty
from tlsec.policy import thresholds
from tlsec.policy.thresholds import Thresholds
from tlsec.probe.gateway import Gateway
from tlsec.probe.http_page import Limits
from tlsec.probe.http_visit import HttpVisit
from tlsec.register import posture
from tlsec.scan import runs
from tlsec.scan.runs import Ground
from tlsec.watch import ladder as ladders
from tlsec.watch import monitors as monitors_
from tlsec.watch import sample
from tlsec.watch import spots as spots_
from tlsec.watch.keeping import Keeper
from tlsec.watch.ladder import Ladder
from tlsec.watch.loop import Beats, Look, Loop, Second, Timing
from tlsec.watch.monitors import Monitors
from tlsec.watch.spots import Spot
from tlsec.watch.uplink import Lines

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Content:
    """Everything the watch goes by, as it was read at one moment."""

    ground: Ground
    ladder: Ladder
    thresholds: Thresholds
    monitors: Monitors
    spots: list[Spot]
    scopes: Sequence[Scope]

    @classmethod
    def read(cls, root: Path, now: datetime) -> Content:
        """Raises Faulty."""
        return cls.on(Ground.of(workspace.read(root), now), now)

    @classmethod
    def on(cls, ground: Ground, now: datetime) -> Content:
        """The same on a ground that is there already."""
        folders = content.policies(ground.workspace.root)
        ladder, lines = ladders.load(folders), thresholds.load(folders)
        found = monitors_.check(ground.workspace.root, ground.policy, ground.lookup, lines)
        spots = spots_.build(found.monitors, ground.lookup, ground.policy, ladder, raised(now), now)
        return cls(ground, ladder, lines, found, spots, ground.lookup.scopes())

    def again(self, now: datetime) -> Content:
        """The register and the monitors as they are now, with the same policy and workspace."""
        ground = replace(self.ground, lookup=Lookup(now))
        return Content.on(ground, now)


def raised(now: datetime) -> dict[str, bool]:
    """Systems in a key period; "" for a period of everything."""
    found: dict[str, bool] = {}
    for row in posture.live(now):
        found |= dict.fromkeys(row.systems or [""], True)
    return found


def busy() -> str:
    """Who serves at this moment, "" for nobody: it is the one writer of the watch's tables."""
    from tlsec.scan.models import Lease

    row = Lease.objects.filter(name="schedule", until__gt=_now()).first()
    return row.owner if row else ""


@dataclass
class Watch:
    """One watch over a workspace. `tell` says what a person should read."""

    root: Path
    tell: Tell = lambda text: None
    timing: Timing = field(default_factory=Timing)
    loop: Loop | None = None
    _stopped: bool = False

    def once(self, found: Content, spots: Sequence[Spot]) -> None:
        """One look at each of the spots, kept like any other."""
        keeper = Keeper(found.ground, found.ladder, found.thresholds)

        async def work() -> None:
            loop = self._loop(found, keeper)
            await loop.once(spots)

        asyncio.run(work())

    def run(self) -> None:
        """Until `stop`. Faulty content is told, and waited for."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """From any thread."""
        self._stopped = True
        if (loop := self.loop) is not None:
            loop.stop_soon()

    async def _run(self) -> None:
        found = await self._read_patiently()
        if found is None:
            return
        keeper = await asyncio.to_thread(Keeper, found.ground, found.ladder, found.thresholds)
        loop = self._loop(found, keeper)
        loop.take(found.spots)
        self.loop = loop
        if self._stopped:
            return
        renewing = asyncio.create_task(self._renew(loop, keeper, found))
        try:
            await loop.run()
        finally:
            renewing.cancel()
            self.loop = None

    async def _read_patiently(self) -> Content | None:
        said = ""
        while not self._stopped:
            try:
                return await asyncio.to_thread(_closing, Content.read, self.root, _now())
            except Faulty as error:
                if str(error) != said:
                    self.tell(str(error))
                said = str(error)
                await asyncio.sleep(1.0)
        return None

    async def _renew(self, loop: Loop, keeper: Keeper, found: Content) -> None:
        """Look at files, register and key periods again; what is faulty is told once and left as it was."""
        said, stamp = "", _stamp(self.root)
        while not self._stopped:
            await asyncio.sleep(found.ladder.pace.reload_seconds / self.timing.rate)
            try:
                now = self.timing.moment()
                if (new := _stamp(self.root)) != stamp:
                    fresh = await loop.in_db(Content.read, self.root, now)
                    stamp = new
                else:
                    fresh = await loop.in_db(found.again, now)
            except Faulty as error:
                if str(error) != said:
                    self.tell(str(error))
                said = str(error)
                continue
            said = ""
            await loop.in_db(keeper.renew, fresh.ground, fresh.ladder, fresh.thresholds)
            loop.gateway.scopes = fresh.scopes
            loop.lines.replace(_uplinks(fresh.monitors), fresh.ladder.uplink)
            if fresh.spots != found.spots:
                loop.take(fresh.spots)
            found = fresh

    def _loop(self, found: Content, keeper: Keeper) -> Loop:
        ground, ladder = found.ground, found.ladder
        gateway = Gateway(
            scopes=found.scopes,
            now=lambda: datetime.now(UTC),
            translate=runs.translate_for(ground.workspace),
        )
        limits = Limits(total=ladder.visit_seconds)
        probes = runs.probes_of(ground.workspace, bodies=True) | {"http.visit": HttpVisit(limits)}
        lines = Lines(_uplinks(found.monitors), ladder.uplink)

        def keep(looks: list[Look], beats: Beats, now: datetime) -> list[Second]:
            keeper.lines = lines.known()
            return keeper.keep(looks, beats, now)

        return Loop(
            probes, gateway, lines, ladder.pace, keep, ladder.confirm.second_after,
            self.tell, self.timing,
        )  # fmt: skip


def _uplinks(found: Monitors) -> dict[str, monitors_.Uplink]:
    return {each.vantage: each for each in found.uplinks}


def _now() -> datetime:
    return datetime.now(UTC)


def _keeper(found: Content) -> Keeper:
    """In a thread that ends, as below."""
    try:
        return Keeper(found.ground, found.ladder, found.thresholds)
    finally:
        connection.close()


def _closing(work: Callable[..., Content], *arguments: object) -> Content:
    """In a thread that ends: its database connection goes with it."""
    try:
        return work(*arguments)
    finally:
        connection.close()


def _stamp(root: Path) -> tuple[tuple[str, int], ...]:
    """Names and times of the files that content is read from."""
    files = [root / workspace.CONFIG, root / sample.FILE, root / "plans.yaml"]
    files += sorted((root / "policies").rglob("*.yaml"))
    return tuple((str(f), f.stat().st_mtime_ns) for f in files if f.is_file())


class Keeping:
    """The watch inside the serving process: begun while this process is elected, ended with it."""

    def __init__(self, root: Path, tell: Tell) -> None:
        self._root, self._tell = root, tell
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin, unless it goes on already; a watch that broke off is begun again."""
        if self._thread is not None and self._thread.is_alive():
            return
        watch = self._watch = Watch(self._root, self._tell)
        here = copy_context()  # the language of the user goes along
        self._thread = threading.Thread(
            target=here.run, args=(self._run, watch), name="tlsec-watch"
        )
        self._thread.start()

    def _run(self, watch: Watch) -> None:
        try:
            watch.run()
        except Exception as error:  # told, and begun again at the next look
            text = _("监测中断，稍后重新开始（{error}）")
            self._tell(text.format(error=f"{type(error).__name__}: {error}"))
        finally:
            connection.close()

    def stop(self) -> None:
        """End soon. From any thread."""
        if self._watch is not None:
            self._watch.stop()

    def end(self) -> None:
        """End and wait until everything seen is stored."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout=30)
