"""What notify.yaml says of a channel: one model a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tlsec.i18n import _
from tlsec.notify.secret import SecretRef


def _url(value: str) -> str:
    """An address without anything secret in it: tokens have fields of their own."""
    parts = urlsplit(value)
    if parts.username or parts.password:
        raise ValueError(_("地址里不得写用户名口令"))
    if parts.query:
        raise ValueError(_("地址里不得带参数，令牌另写在 token"))
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(_("应为 https:// 开头的地址"))
    return value


Url: TypeAlias = Annotated[str, AfterValidator(_url)]
Id: TypeAlias = Annotated[str, Field(pattern=r"^[\w.-]{1,40}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ChannelConfig(Strict):
    """What every channel has. `fallback`: the channel that takes over; `to`: fixed addresses."""

    id: Id
    kind: str
    title: str = ""
    fallback: str = ""
    to: tuple[str, ...] = Field(default=(), strict=False)
    per_minute: int | None = Field(default=None, ge=1)
    reserved: int | None = Field(default=None, ge=0)

    secret_fields: ClassVar[tuple[str, ...]] = ()


class HttpConfig(ChannelConfig):
    """`ca`: file of trusted roots, relative to the workspace. `cleartext`: http is meant."""

    url: Url
    ca: str = ""
    proxy: str = ""
    cleartext: bool = False


class DingTalkConfig(HttpConfig):
    kind: Literal["dingtalk"]
    url: Url = "https://oapi.dingtalk.com/robot/send"
    token: SecretRef
    secret: SecretRef | None = None
    secret_fields: ClassVar[tuple[str, ...]] = ("token", "secret")


class WeComConfig(HttpConfig):
    kind: Literal["wecom"]
    url: Url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    token: SecretRef
    secret_fields: ClassVar[tuple[str, ...]] = ("token",)


class FeishuConfig(HttpConfig):
    kind: Literal["feishu"]
    url: Url = "https://open.feishu.cn/open-apis/bot/v2/hook/"
    token: SecretRef
    secret: SecretRef | None = None
    secret_fields: ClassVar[tuple[str, ...]] = ("token", "secret")


class WebhookConfig(HttpConfig):
    kind: Literal["webhook"]
    secret: SecretRef | None = None
    secret_fields: ClassVar[tuple[str, ...]] = ("secret",)


class SmsConfig(HttpConfig):
    """A gateway by HTTP. Values of `fields`, `headers`: text with {mobile} {title} {text} {key} {template}
    {token} {time}. `accepted`: path of a field of the JSON answer, and the values that mean yes.
    """

    kind: Literal["sms"]
    token: SecretRef | None = None
    body: Literal["json", "form"] = "json"
    fields: dict[str, str] = Field(min_length=1)
    headers: dict[str, str] = Field(default_factory=dict)
    templates: dict[Literal["urgent", "normal", "digest"], str] = Field(default_factory=dict)
    accepted: dict[str, list[str]] = Field(default_factory=dict)
    text_characters: int = Field(default=140, ge=20, le=1000)
    secret_fields: ClassVar[tuple[str, ...]] = ("token",)


class SmtpConfig(ChannelConfig):
    kind: Literal["smtp"]
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    user: str = ""
    password: SecretRef | None = None
    ca: str = ""
    secret_fields: ClassVar[tuple[str, ...]] = ("password",)


class SyslogConfig(ChannelConfig):
    kind: Literal["syslog"]
    host: str = Field(min_length=1)
    port: int = Field(default=514, ge=1, le=65535)
    transport: Literal["udp", "tcp", "tls"] = "tls"
    facility: int = Field(default=13, ge=0, le=23)  # 13: log audit
    app: str = Field(default="tlsec", pattern=r"^[!-~]{1,48}$")
    ca: str = ""


class LocalConfig(ChannelConfig):
    """`folder` of the line file and the sheets; `screen`: a terminal device, or stderr; "" for none."""

    kind: Literal["local"]
    folder: str = "data/notices"
    screen: str = "stderr"
    bell: bool = True
    sheets: Literal["urgent", "all", "none"] = "urgent"


KINDS: Mapping[str, type[ChannelConfig]] = {
    "dingtalk": DingTalkConfig,
    "wecom": WeComConfig,
    "feishu": FeishuConfig,
    "smtp": SmtpConfig,
    "sms": SmsConfig,
    "syslog": SyslogConfig,
    "webhook": WebhookConfig,
    "local": LocalConfig,
}
