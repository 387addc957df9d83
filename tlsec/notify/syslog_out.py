"""Messages as syslog lines (RFC 5424) for a SIEM: UDP, TCP with counted frames (RFC 6587), TLS (RFC 5425).

Syslog has no answer: by UDP "sent" is all that can be known; by TCP and TLS the other side has to take the
line and close orderly after our end, or the try counts as failed.
"""

from __future__ import annotations

import os
import socket
import ssl
from datetime import UTC, datetime

from tlsec.i18n import _
from tlsec.notify import redact
from tlsec.notify.channel_config import SyslogConfig
from tlsec.notify.config import Setup
from tlsec.notify.message import SOON, Message, Sent

SEVERITIES = {"urgent": 1, "normal": 4, "digest": 5}
ENTERPRISE = "32473"  # the number that RFC 5612 keeps for examples: we have none of our own
_WAIT = 1.0  # seconds for the other side's orderly end


class SyslogOut:
    def __init__(self, config: SyslogConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        most = self._setup.limit(self.id).text_bytes
        frame = line(message, now, self._config, most)
        try:
            if self._config.transport == "udp":
                return self._udp(frame)
            return self._stream(frame)
        except ssl.SSLCertVerificationError:
            return Sent(False, _("对方证书不可信"), SOON)
        except TimeoutError:
            return Sent(False, _("对方没有及时应答"), SOON, perhaps=True)
        except (OSError, UnicodeError):
            return Sent(False, _("连接不上，或中途断开"), SOON)

    def _udp(self, frame: bytes) -> Sent:
        where = socket.getaddrinfo(self._config.host, self._config.port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _name, address = where[0]
        with socket.socket(family, kind, protocol) as out:
            out.settimeout(self._setup.ladder.times.total_seconds)
            out.sendto(frame, address)
        return Sent(True, _("UDP 无回执"))

    def _stream(self, frame: bytes) -> Sent:
        times, config = self._setup.ladder.times, self._config
        with socket.create_connection((config.host, config.port), times.connect_seconds) as plain:
            plain.settimeout(times.total_seconds)
            if config.transport == "tcp":
                return _through(plain, frame)
            ca = str(self._setup.root / config.ca) if config.ca else None
            trust = ssl.create_default_context(cafile=ca)
            with trust.wrap_socket(plain, server_hostname=config.host) as secured:
                return _through(secured, frame)


def _through(out: socket.socket, frame: bytes) -> Sent:
    """Send, say that this is all, and see whether the other side resets or ends in order."""
    out.sendall(str(len(frame)).encode() + b" " + frame)
    if isinstance(out, ssl.SSLSocket):
        # TLS 1.3 tells of a refusal only when one reads; a peer that stays silent has taken it
        out.settimeout(_WAIT / 4)
    else:
        out.shutdown(socket.SHUT_WR)
        out.settimeout(_WAIT)
    try:
        out.recv(1)
    except TimeoutError:
        return Sent(True, _("对方没有关闭连接，无回执"))
    return Sent(True)


def line(message: Message, now: datetime, config: SyslogConfig, most: int) -> bytes:
    """One line: header, structured data with key and urgency, text in UTF-8."""
    priority = config.facility * 8 + SEVERITIES[message.urgency]
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = "".join(c for c in socket.gethostname() if "!" <= c <= "~")[:255] or "-"
    data = (
        f'[tlsec@{ENTERPRISE} key="{escaped(message.key)}" urgency="{message.urgency}"'
        f' id="{escaped(message.id)}"]'
    )
    text = redact.cut(redact.flat(f"{message.title}：{message.text}"), most)
    head = f"<{priority}>1 {stamp} {host} {config.app} {os.getpid()} notice {data} "
    return head.encode() + b"\xef\xbb\xbf" + text.encode()


def escaped(text: str) -> str:
    """A parameter's value, RFC 5424 6.3.3."""
    flat = redact.flat(text)
    return flat.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
