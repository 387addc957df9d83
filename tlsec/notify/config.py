"""notify.yaml of a workspace: channels, who is told by which, quiet hours and the times of digests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from tlsec import marked_yaml
from tlsec.i18n import _, listed
from tlsec.marked_yaml import Fault, Faulty, Marked
from tlsec.notify import ladder as ladders
from tlsec.notify.channel_config import (
    KINDS,
    ChannelConfig,
    HttpConfig,
    LocalConfig,
    SmtpConfig,
    Strict,
)
from tlsec.notify.hours import Clock, Hours, following
from tlsec.notify.ladder import Ladder, Limit
from tlsec.notify.message import Urgency
from tlsec.notify.secret import Secret, SecretRef, Unready

FILE = "notify.yaml"
LOCAL = "local"  # the channel that is always there


class AudienceRule(Strict):
    """Who is told by which channels. `urgent`: channels that urgent notices go to besides."""

    role: str = "*"
    unit: str = "*"
    channels: tuple[str, ...] = Field(strict=False, min_length=1)
    urgent: tuple[str, ...] = Field(default=(), strict=False)


class _File(Strict):
    channels: list[Any] = Field(default_factory=list)
    audiences: tuple[AudienceRule, ...] = Field(default=(), strict=False)
    home: tuple[str, ...] = Field(default=(), strict=False)
    console: str = Field(default="", pattern=r"^(https?://[^\s@?#]+)?$")
    quiet: Hours | None = None
    digest: tuple[Clock, ...] = Field(default=(), strict=False)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a notice is for, written `role`, `role@unit` or `person:id`."""

    role: str = ""
    unit: str = ""
    person: str = ""

    @classmethod
    def of(cls, text: str) -> Audience:
        if text.startswith("person:"):
            return cls(person=text.removeprefix("person:"))
        role, _at, unit = text.partition("@")
        return cls(role=role, unit=unit)


@dataclass(frozen=True)
class Setup:
    """All that is set for notices in one workspace."""

    root: Path
    ladder: Ladder
    channels: Mapping[str, ChannelConfig]
    audiences: Sequence[AudienceRule] = ()
    home: tuple[str, ...] = ()
    console: str = ""
    quiet: Hours | None = None
    digest: tuple[time, ...] = field(default=())

    def limit(self, channel: str) -> Limit:
        """The limit of a channel: its kind's, tightened by its own settings."""
        config = self.channels[channel]
        limit = self.ladder.limits[config.kind]
        most = config.per_minute or limit.per_minute
        kept = limit.reserved if config.reserved is None else config.reserved
        return limit.model_copy(update={"per_minute": most, "reserved": min(kept, most - 1)})

    def route(self, audience: str, urgency: Urgency) -> list[str]:
        """Channels for an audience: of the rule that names it most closely; the local one if none does."""
        who = Audience.of(audience)
        best, rank = None, -1
        for rule in self.audiences:
            if rule.role not in ("*", who.role) or rule.unit not in ("*", who.unit):
                continue
            score = 2 * (rule.role != "*") + (rule.unit != "*")
            if score > rank:
                best, rank = rule, score
        if best is None:
            return [LOCAL]
        extra = best.urgent if urgency == "urgent" else ()
        return list(dict.fromkeys((*best.channels, *extra)))

    def when(self, urgency: Urgency, now: datetime) -> datetime:
        """When a notice of this urgency may go out: now, or after the quiet hours, or at the next digest."""
        if urgency == "urgent":
            return now
        at = now
        if urgency == "digest":
            at = min((following(clock, now) for clock in self.digest), default=now)
        return self.quiet.closing(at) if self.quiet else at

    def secret(self, channel: str, name: str) -> Secret | None:
        """A secret of a channel; None where none is set. Raises Unready."""
        reference: SecretRef | None = getattr(self.channels[channel], name)
        return reference.read(self.root) if reference else None

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that can be had, for keeping them out of texts."""
        return tuple(self._secrets())

    def _secrets(self) -> Iterator[str]:
        for id_, config in self.channels.items():
            for name in config.secret_fields:
                try:
                    if found := self.secret(id_, name):
                        yield found.reveal()
                except Unready:
                    continue

    def unready(self, channel: str) -> str:
        """Why a channel cannot be used, "" when it can."""
        try:
            for name in self.channels[channel].secret_fields:
                self.secret(channel, name)
        except Unready as error:
            return str(error)
        return ""


def emergency(root: Path, folders: Sequence[Path]) -> Setup:
    """Only the local channel: for a workspace without notify.yaml, or with a faulty one."""
    return Setup(root, ladders.load(folders), {LOCAL: _local()})


def _local() -> LocalConfig:
    return LocalConfig(id=LOCAL, kind="local")


def load(root: Path, folders: Sequence[Path]) -> Setup:
    """notify.yaml over the ladder of the policy folders. Raises Faulty with every fault."""
    file = root / FILE
    if not file.is_file():
        return emergency(root, folders)
    ladder = ladders.load(folders)
    marked = marked_yaml.load(file, FILE)
    if marked.value is None:
        return emergency(root, folders)
    data = marked_yaml.parse(_File, marked)
    faults: list[Fault] = []
    channels = _channels(data.channels, marked, ladder, faults)
    faults += _misled(data, channels, marked, ladder)
    if faults:
        raise Faulty(faults)
    channels.setdefault(LOCAL, _local())
    return Setup(
        root, ladder, channels, data.audiences, data.home, data.console, data.quiet, data.digest
    )


def _channels(
    rows: list[Any], marked: Marked, ladder: Ladder, faults: list[Fault]
) -> dict[str, ChannelConfig]:
    found: dict[str, ChannelConfig] = {}
    for i, row in enumerate(rows):
        path = ("channels", i)
        kind = row.get("kind") if isinstance(row, dict) else None
        model = KINDS.get(kind) if isinstance(kind, str) else None
        if model is None:
            text = _("kind 只能是 {known}").format(known=listed(KINDS))
            faults.append(marked.fault((*path, "kind"), text))
            continue
        try:
            config = marked_yaml.parse(model, marked, path)
        except Faulty as error:
            faults += error.faults
            continue
        if config.id in found:
            faults.append(marked.fault((*path, "id"), _("{id} 重复").format(id=config.id)))
        if config.id == LOCAL and config.kind != "local":
            text = _("{id} 是本机通道的名字").format(id=LOCAL)
            faults.append(marked.fault((*path, "id"), text))
        faults += _loose(config, marked, path, ladder)
        found[config.id] = config
    return found


def _loose(
    config: ChannelConfig, marked: Marked, path: tuple[str | int, ...], ladder: Ladder
) -> Iterator[Fault]:
    limit = ladder.limits.get(config.kind)
    if limit is None:
        yield marked.fault(path, _("限额表里没有 {kind}").format(kind=config.kind))
        return
    if config.per_minute and config.per_minute > limit.per_minute:
        text = _("只能比限额表的每分钟 {n} 条更少").format(n=limit.per_minute)
        yield marked.fault((*path, "per_minute"), text)
    if (config.reserved or 0) >= (config.per_minute or limit.per_minute):
        yield marked.fault((*path, "reserved"), _("留给紧急通知的份额应小于每分钟上限"))
    if isinstance(config, HttpConfig) and config.url.startswith("http:") and not config.cleartext:
        text = _("明文 http 会泄露令牌和内容；确属内网所需，另写 cleartext: true")
        yield marked.fault((*path, "url"), text)
    if isinstance(config, SmtpConfig) and config.security == "none" and config.password:
        yield marked.fault((*path, "security"), _("不加密的邮件连接不得发送口令"))
    if isinstance(config, SmtpConfig) and bool(config.user) != bool(config.password):
        yield marked.fault((*path, "user"), _("user 与 password 要么都写，要么都不写"))


def _misled(
    data: _File, channels: Mapping[str, ChannelConfig], marked: Marked, ladder: Ladder
) -> Iterator[Fault]:
    """References to channels and roles that are not there, and fallbacks that lead back."""
    named = {row["id"] for row in data.channels if isinstance(row, dict) and "id" in row}
    known = {
        *channels,
        *map(str, named),
        LOCAL,
    }  # a channel with a fault of its own is not missing too
    unknown = _("没有通道 {id}，只有 {known}")
    for i, row in enumerate(data.channels):
        target = row.get("fallback") if isinstance(row, dict) else None
        if target and target not in known:
            text = unknown.format(id=target, known=listed(sorted(known)))
            yield marked.fault(("channels", i, "fallback"), text)
            continue
        seen = {row.get("id")} if isinstance(row, dict) else set()
        while target and target in channels:
            if target in seen:
                yield marked.fault(("channels", i, "fallback"), _("备用通道绕回了自己"))
                break
            seen.add(target)
            target = channels[target].fallback
    for i, rule in enumerate(data.audiences):
        if rule.role != "*" and rule.role not in ladder.roles:
            text = _("没有角色 {id}，只有 {known}").format(id=rule.role, known=listed(ladder.roles))
            yield marked.fault(("audiences", i, "role"), text)
        for name, ids in (("channels", rule.channels), ("urgent", rule.urgent)):
            for j, id_ in enumerate(ids):
                if id_ not in known:
                    text = unknown.format(id=id_, known=listed(sorted(known)))
                    yield marked.fault(("audiences", i, name, j), text)
