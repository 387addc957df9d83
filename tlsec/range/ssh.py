"""SSH server of the jump host: a real handshake, and no way to log in."""

from __future__ import annotations

import asyncio
import socket

import asyncssh

from tlsec.range.ground import Ground, Stop


class _Nobody(asyncssh.SSHServer):
    """Offers public keys and knows none."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        del conn
        self._ground.count()

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return False


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """Serve SSH with a fresh Ed25519 host key; asyncssh's own strong algorithms."""
    acceptor = await asyncssh.listen(
        sock=sock,
        server_factory=lambda: _Nobody(ground),
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        server_version="lanze-bastion",
        allow_pty=False,
        agent_forwarding=False,
        gss_host=None,
        login_timeout=10,
        keepalive_interval=0,
    )

    async def stop() -> None:
        acceptor.close()
        async with asyncio.timeout(1):
            await acceptor.wait_closed()

    return stop
