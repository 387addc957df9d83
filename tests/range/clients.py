"""Small real clients: what a visitor at a paper address sees of the range."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from tlsec.range import control
from tlsec.range.mapping import translate
from tlsec.range.state import RangeState

SCANNER = "192.0.2.170"


@dataclass
class Seen:
    """One answer of a web server."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Town:
    """A running range and where its data lies."""

    data: Path
    state: RangeState

    def switch(self, name: str | int, broken: bool) -> None:
        control.switch(self.data, name, broken)

    @contextlib.contextmanager
    def switched(self, name: str | int, broken: bool):
        """Another state of one trouble for a while."""
        trouble = control.trouble(name).name
        before = control.status(self.data).troubles[trouble]
        self.switch(name, broken)
        try:
            yield
        finally:
            self.switch(name, before)

    def dial(self, address: str, port: int, source: str = SCANNER) -> socket.socket:
        """A TCP connection from one paper address to another."""
        return socket.create_connection(
            self.state.translate(address, port), timeout=3, source_address=translate(source, 0)
        )

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.state.ca))

    def tls(
        self, address: str, port: int, host: str, context: ssl.SSLContext | None = None
    ) -> ssl.SSLSocket:
        sock = self.dial(address, port)
        try:
            return (context or self.trust()).wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def get(
        self,
        address: str,
        port: int,
        host: str = "",
        path: str = "/",
        *,
        method: str = "GET",
        source: str = SCANNER,
        headers: dict[str, str] | None = None,
    ) -> Seen:
        """One request; encrypted and verified against the range's root when a host is given."""
        sock: socket.socket = self.dial(address, port, source)
        if host:
            sock = self.trust().wrap_socket(sock, server_hostname=host)
        with sock:
            lines = [f"{method} {path} HTTP/1.1", f"Host: {host or address}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            response = http.client.HTTPResponse(sock, method=method)
            response.begin()
            text = response.read().decode()
            return Seen(response.status, response.headers, text)

    def talk(self, address: str, port: int, line: bytes = b"", limit: int = 4096) -> bytes:
        """Send (or only listen) and take the first answer; b"" when the server hangs up."""
        with self.dial(address, port) as sock:
            if line:
                sock.sendall(line)
            return sock.recv(limit)

    async def reach(self, source: str, address: str, port: int, patience: float = 0.35) -> str:
        """open, closed or silent, as seen from a paper or loopback address."""
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        try:
            sock.bind((source if source.startswith("127.") else translate(source, 0)[0], 0))
            await asyncio.wait_for(
                loop.sock_connect(sock, self.state.translate(address, port)), patience
            )
        except TimeoutError:
            return "silent"
        except ConnectionRefusedError:
            return "closed"
        finally:
            sock.close()
        return "open"
