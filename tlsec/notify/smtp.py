"""Mail by SMTP: STARTTLS or TLS with a checked certificate, a bound on the whole talk and on what is read."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

from tlsec.i18n import _
from tlsec.notify import redact
from tlsec.notify.channel_config import SmtpConfig
from tlsec.notify.config import Setup
from tlsec.notify.ladder import Times
from tlsec.notify.message import SOON, Message, Sent
from tlsec.notify.secret import Unready

TALK_TURNS = 3  # a talk has several turns: its bound is so many times that of one request


class Smtp:
    def __init__(self, config: SmtpConfig, setup: Setup) -> None:
        self.id = config.id
        self._config, self._setup = config, setup

    def send(self, message: Message, now: datetime) -> Sent:
        to = [address for address in message.to if usable(address)]
        if not to:
            return Sent(False, _("没有可用的邮箱地址"))
        try:
            password = self._setup.secret(self.id, "password")
        except Unready as error:
            return Sent(False, str(error))
        mail = self._mail(message, to, now)
        talk = self._talk()
        try:
            with self._connected(talk):
                if password:
                    talk.login(self._config.user, password.reveal())
                refused = talk.send_message(mail, self._config.sender, to)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return self._failed(error, talk.given)
        if refused:
            return Sent(True, _("有 {n} 个收件人被拒").format(n=len(refused)))
        return Sent(True)

    def _mail(self, message: Message, to: list[str], now: datetime) -> EmailMessage:
        most = self._setup.limit(self.id).text_bytes
        mail = EmailMessage(policy=POLICY)
        mail["From"] = Address(_("网络安全通知"), addr_spec=self._config.sender)
        mail["To"] = ", ".join(to)
        mail["Subject"] = redact.flat(message.title)[:150]
        mail["Date"] = now
        domain = self._config.sender.rpartition("@")[2]
        # the same for every try, so that mail systems can drop a repeat
        mail["Message-ID"] = f"<{message.id or 'tlsec'}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.urgency == "urgent":
            mail["X-Priority"], mail["Importance"] = "1", "high"
        end = f"\n\n{message.link}" if message.link else ""
        mail.set_content(redact.cut(message.text, most) + end + "\n", charset="utf-8")
        return mail

    def _talk(self) -> _Talk:
        config = self._config
        ca = self._setup.root / config.ca if config.ca else None
        return _Talk(config.host, self._setup.ladder.times, ca, config.security)

    @contextmanager
    def _connected(self, talk: _Talk) -> Iterator[None]:
        config, times = self._config, self._setup.ladder.times
        guard = threading.Timer(TALK_TURNS * times.total_seconds, talk.cut)
        guard.daemon = True
        guard.start()
        try:
            code, _greeting = talk.connect(config.host, config.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, b"")
            if config.security == "starttls":
                talk.starttls(context=talk.trust)
            yield
            talk.leave()
        finally:
            guard.cancel()
            talk.close()

    def _failed(self, error: Exception, given: bool) -> Sent:
        """In words of ours: what a mail server says may repeat the password or an address."""
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return Sent(
                False, _("邮件系统拒绝了用户名或口令（{code}）").format(code=error.smtp_code)
            )
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _why in error.recipients.values()]
            later = any(400 <= code < 500 for code in codes)
            text = _("收件人全部被拒（{code}）").format(code=max(codes, default=0))
            return Sent(False, text, SOON if later else None)
        if isinstance(error, smtplib.SMTPResponseException):
            code = error.smtp_code
            text = _("邮件系统应答 {code}").format(code=code)
            # 421, 450, 451, 452: busy or too many; a 5xx stays
            return Sent(False, text, SOON if not 500 <= code < 600 else None)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return Sent(False, _("邮件系统不支持所设的加密或登录方式"))
        if isinstance(error, ssl.SSLCertVerificationError):
            return Sent(False, _("对方证书不可信"), SOON)
        if isinstance(error, TimeoutError):
            return Sent(False, _("对方没有及时应答"), SOON, perhaps=given)
        if isinstance(error, ValueError):
            return Sent(False, _("邮件地址写法不对"))
        return Sent(False, _("连接不上，或中途断开"), SOON, perhaps=given)


class _Talk(smtplib.SMTP):
    """An SMTP client that reads at most so many bytes and can be cut off from another thread.

    `given`: the text of the mail went out, so that no answer may still mean yes.
    """

    timeout: float

    def __init__(self, host: str, times: Times, ca: Path | None, security: str) -> None:
        super().__init__(local_hostname="localhost")  # an own name would tell of the inner network
        self.timeout, self._times = times.connect_seconds, times
        self._host = host  # what the certificate has to be for
        self._ca, self._at_once = ca, security == "tls"
        self._cut = self.given = False

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._ca) if self._ca else None)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        plain.settimeout(self._times.total_seconds)
        self.sock = plain  # known from here on, so that it can be cut during the handshake
        if self._at_once:
            self.sock = self.trust.wrap_socket(plain, server_hostname=host)
        return self.sock

    def getreply(self) -> tuple[int, bytes]:
        if self._cut or self.sock is None:
            raise TimeoutError
        if self.file is None:
            self.file = _Capped(self.sock.makefile("rb"), self._times.answer_bytes)
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected:
            if self._cut:
                raise TimeoutError from None
            raise
        except smtplib.SMTPResponseException as error:  # a line without an end, not a reply
            raise OSError from error

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.given = True
        return super().data(msg)

    def cut(self) -> None:
        """End the talk now; whoever waits in it gets an error."""
        self._cut = True
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def leave(self) -> None:
        """QUIT; the mail is accepted by now, whatever comes back."""
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            return


class _Capped:
    """The server's lines, up to a bound over all of them."""

    def __init__(self, file: Any, most: int) -> None:
        self._file, self._left = file, most

    def readline(self, size: int = -1) -> bytes:
        line: bytes = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("too much")
        return line

    def close(self) -> None:
        self._file.close()


def usable(address: str) -> bool:
    """Plain user@host: no name, no list, no line end that would make a header of its own."""
    user, at, domain = address.rpartition("@")
    plain = address.isascii() and address.isprintable()
    return bool(user and at and domain and plain and not set(' ,;:<>()[]"\\') & set(address))
