"""A small SMTP server: enough of RFC 5321 to take mail, with a behaviour at each turn that a test may replace."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.notify import servers


@dataclass
class Mail:
    """What was accepted, and how a session goes: `replies` overrides the answer to a verb."""

    replies: dict[str, bytes] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None
    implicit: bool = False
    password: str = ""
    port: int = 0
    accepted: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    clear: list[bytes] = field(default_factory=list)  # lines that came before TLS

    def __call__(self, connection: socket.socket) -> None:
        if self.implicit:
            assert self.trust
            connection = self.trust.wrap_socket(connection, server_side=True)
        _Session(self, connection).run()


class _Session:
    def __init__(self, mail: Mail, connection: socket.socket) -> None:
        self.mail, self.connection = mail, connection
        self.file = connection.makefile("rb")
        self.secured, self.known, self.to = mail.implicit, not mail.password, []

    def say(self, text: bytes) -> None:
        self.connection.sendall(text + b"\r\n")

    def run(self) -> None:
        self.say(self.mail.replies.get("connect", b"220 mail.test ESMTP"))
        while line := self.file.readline(2000):
            if not self.secured:
                self.mail.clear.append(line)
            verb = line.split()[0].decode().upper() if line.split() else ""
            if verb in self.mail.replies:
                self.say(self.mail.replies[verb])
            elif not self.turn(verb, line):
                return

    def turn(self, verb: str, line: bytes) -> bool:
        if verb in ("EHLO", "HELO"):
            words = [b"mail.test", b"SIZE 1000000", b"8BITMIME"]
            words += [b"STARTTLS"] if self.mail.trust and not self.secured else []
            words += [b"AUTH PLAIN"] if self.secured else []
            self.say(b"\r\n".join(b"250-" + w for w in words[:-1]) + b"\r\n250 " + words[-1])
        elif verb == "STARTTLS":
            self.say(b"220 go")
            assert self.mail.trust
            self.connection = self.mail.trust.wrap_socket(self.connection, server_side=True)
            self.file, self.secured = self.connection.makefile("rb"), True
        elif verb == "AUTH":
            given = base64.b64decode(line.split()[2]).split(b"\0")[2].decode()
            self.known = given == self.mail.password
            bad = b"535 5.7.8 wrong password " + given.encode()  # servers do such things
            self.say(b"235 ok" if self.known else bad)
        elif verb == "RCPT":
            self.to.append(line.split(b"<")[1].split(b">")[0].decode())
            self.say(b"250 ok")
        elif verb == "DATA":
            self.say(b"354 go on")
            body = b""
            while (part := self.file.readline()) not in (b".\r\n", b""):
                body += part.removeprefix(b".")
            self.mail.accepted.append((self.to, message_from_bytes(body, policy=policy.default)))
            self.say(b"250 queued")
        elif verb == "QUIT":
            self.say(b"221 bye")
            return False
        else:
            self.say(b"250 ok")
        return True


@contextmanager
def running(mail: Mail | Callable[[socket.socket], None]) -> Iterator[int]:
    with servers.raw(mail) as port:
        yield port
