"""Real servers for tests: started from a temporary folder on loopback, ended by their own pid.

Every `start_*` is a context manager that yields a `Peer` which already answers. A missing program
skips the test with one line (`need`). Debian's own services are never used.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK = "127.0.0.1"
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def need(program: str) -> str:
    """Path of the program; skips the test when it is not installed."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{program} is not installed")
    return found


def free_port(host: str = LOOPBACK) -> int:
    """A TCP port nobody listens on at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


@dataclass
class Peer:
    """A running server process."""

    process: subprocess.Popen[bytes]
    host: str
    port: int
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid


@contextlib.contextmanager
def start(
    command: Sequence[str | Path],
    folder: Path,
    port: int,
    host: str = LOOPBACK,
    user: str | None = None,
) -> Iterator[Peer]:
    """Run a server in the foreground until the block ends; waits (5 s at most) until it listens."""
    log = folder / f"{Path(str(command[0])).name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdin=subprocess.PIPE,  # some servers leave when their input ends
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user if user and os.geteuid() == 0 else None,
        )
    try:
        _wait_until_listening(process, host, port, log)
        yield Peer(process, host, port, log)
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()


def _wait_until_listening(
    process: subprocess.Popen[bytes], host: str, port: int, log: Path
) -> None:
    end = time.monotonic() + 8
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"server ended: {log.read_text(errors='replace')[-800:]}")
        with contextlib.suppress(OSError), socket.create_connection((host, port), 0.5):
            return
        time.sleep(0.02)
    raise RuntimeError(f"server does not listen: {log.read_text(errors='replace')[-800:]}")


@contextlib.contextmanager
def start_nginx(
    folder: Path, servers: str, port: int, host: str = LOOPBACK, http: str = ""
) -> Iterator[Peer]:
    """nginx with the given `server { … }` blocks; `port` is one of those they listen on.

    `http` holds further lines of the http block. Relative paths are taken from `folder`.
    """
    program = need("nginx")
    folder.chmod(0o755)
    (folder / "nginx-tmp").mkdir(exist_ok=True)
    temporary = "\n".join(
        f"{name}_temp_path {folder}/nginx-tmp/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    owner = "user root;" if os.geteuid() == 0 else ""
    conf = folder / f"nginx-{port}.conf"
    conf.write_text(
        f"daemon off; master_process off; {owner} pid {folder}/nginx-{port}.pid;\n"
        f"error_log stderr warn;\nevents {{ worker_connections 256; }}\n"
        f"http {{\naccess_log off;\n{temporary}\n{http}\n{servers}\n}}\n",
        encoding="utf-8",
    )
    with start([program, "-p", f"{folder}/", "-c", conf], folder, port, host) as peer:
        yield peer


@contextlib.contextmanager
def start_openssl(
    folder: Path, cert: Path, *options: str, key: Path | None = None, host: str = LOOPBACK
) -> Iterator[Peer]:
    """`openssl s_server -www` with the options, e.g. "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"."""
    program = need("openssl")
    port = free_port(host)
    keys: list[str | Path] = ["-cert", cert, "-key", key or cert.with_suffix(".key")]
    command = [program, "s_server", "-accept", f"{host}:{port}", "-www", "-quiet"]
    with start([*command, *keys, *options], folder, port, host) as peer:
        yield peer


@contextlib.contextmanager
def start_sshd(folder: Path, host: str = LOOPBACK) -> Iterator[Peer]:
    """OpenSSH's server with a host key of its own."""
    program, keygen = need("sshd"), need("ssh-keygen")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port, key = free_port(host), folder / "ssh_host_key"
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    conf = folder / "sshd_config"
    conf.write_text(f"Port {port}\nListenAddress {host}\nHostKey {key}\nPidFile none\nUsePAM no\n")
    with start([program, "-D", "-e", "-f", conf], folder, port, host) as peer:
        yield peer


@contextlib.contextmanager
def start_rsyslog(folder: Path, rules: str) -> Iterator[tuple[Peer, Path]]:
    """rsyslogd with its own configuration; the peer and the socket that programs log to.

    `rules`: RainerScript after the input, e.g. an omfwd action.
    """
    program, port = need("rsyslogd"), free_port()
    socket_, conf = folder / "log.sock", folder / "rsyslog.conf"
    conf.write_text(
        f'''global(workDirectory="{folder}" net.enableDNS="off")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{socket_}" CreatePath="off")
module(load="imtcp")
input(type="imtcp" address="{LOOPBACK}" port="{port}")
{rules}
''',
        encoding="utf-8",
    )
    with start([program, "-n", "-f", conf, "-i", folder / "rsyslog.pid"], folder, port) as peer:
        yield peer, socket_


@contextlib.contextmanager
def start_alertmanager(folder: Path, url: str, token: str) -> Iterator[Peer]:
    """Alertmanager that posts to `url` with a bearer token, grouping nothing and waiting for nothing."""
    program, port = need("prometheus-alertmanager"), free_port()
    conf = folder / "alertmanager.yml"
    conf.write_text(
        f"""route: {{receiver: us, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: us
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config: {{authorization: {{credentials: {token}}}}}
""",
        encoding="utf-8",
    )
    options = [
        f"--config.file={conf}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with start([program, *options], folder, port) as peer:
        yield peer


@contextlib.contextmanager
def start_redis(folder: Path, password: str = "", host: str = LOOPBACK) -> Iterator[Peer]:
    """redis-server, kept in memory, with or without a password."""
    program, port = need("redis-server"), free_port(host)
    options = ["--port", str(port), "--bind", host, "--save", "", "--appendonly", "no"]
    if password:
        options += ["--requirepass", password]
    with start([program, *options, "--dir", folder], folder, port, host) as peer:
        yield peer


@contextlib.contextmanager
def start_postgres(folder: Path, host: str = LOOPBACK) -> Iterator[Peer]:
    """PostgreSQL with a fresh cluster (it refuses to run as root: then as user postgres)."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not homes:
        pytest.skip("postgresql is not installed")
    user = "postgres" if os.geteuid() == 0 else None
    data, port = Path(folder) / "pg", free_port(host)
    data.mkdir()
    if user:
        owner = pwd.getpwnam(user)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        for parent in (folder, *folder.parents[:3]):
            if parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o111)
    initdb = homes[-1].with_name("initdb")
    subprocess.run(
        [initdb, "-D", data, "-A", "trust", "--no-sync", "--no-instructions"],
        check=True,
        cwd=data,
        user=user,
        stdout=subprocess.DEVNULL,
    )
    options = ["-p", str(port), "-h", host, "-k", "", "-F"]
    with start([homes[-1], "-D", data, *options], folder, port, host, user) as peer:
        yield peer


@dataclass
class Authority:
    """A certificate authority for one test; `issue` writes NAME.pem (leaf + chain) and NAME.key."""

    folder: Path
    name: str = "Test Root"
    issuer: Authority | None = None
    not_after: dt.datetime | None = None
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    cert: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        signer = self.issuer or self
        ca = x509.BasicConstraints(ca=True, path_length=None)
        builder = _builder(self.name, signer.name, self.key, None, self.not_after)
        builder = builder.add_extension(ca, critical=True)
        self.cert = builder.sign(signer.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.cert.public_bytes(serialization.Encoding.PEM)

    def issue(
        self,
        name: str,
        names: Sequence[str],
        *,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        key: PrivateKey | None = None,
        self_signed: bool = False,
        with_chain: bool = True,
        client: bool = False,
    ) -> Path:
        """A server's (or client's) certificate for DNS names and IP addresses; the path of NAME.pem."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        signer = None if self_signed else self
        builder = _builder(name, signer.name if signer else name, key, not_before, not_after)
        alternative = x509.SubjectAlternativeName([_general_name(text) for text in names])
        side = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        usage = x509.ExtendedKeyUsage([side])
        builder = builder.add_extension(alternative, False).add_extension(usage, False)
        cert = builder.sign(self.key if signer else key, hashes.SHA256())
        chain, authority = cert.public_bytes(serialization.Encoding.PEM), signer
        while with_chain and authority and authority.issuer:
            chain, authority = chain + authority.pem, authority.issuer
        path = self.folder / f"{name}.pem"
        path.write_bytes(chain)
        path.with_suffix(".key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return path


def odd_certificate(folder: Path, name: str, algorithm: str, *options: str) -> Path:
    """A self-signed certificate that only the openssl program makes: `algorithm` "sm2" or "rsa:1024",
    options such as "-md5". Returns NAME.pem next to NAME.key."""
    openssl, cert = need("openssl"), folder / f"{name}.pem"
    key = str(cert.with_suffix(".key"))
    if algorithm == "sm2":
        made = [openssl, "genpkey", "-algorithm", "SM2", "-out", key]
        subprocess.run(made, check=True, stderr=subprocess.DEVNULL)
    source = ["-key", key] if algorithm == "sm2" else ["-newkey", algorithm, "-keyout", key]
    command = [openssl, "req", "-x509", "-nodes", *source, *options, "-days", "90"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-out", str(cert)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return cert


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: str,
    issuer: str,
    key: PrivateKey,
    not_before: dt.datetime | None,
    not_after: dt.datetime | None,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    end = not_after or now + dt.timedelta(days=365)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or min(now, end) - dt.timedelta(days=30))
        .not_valid_after(end)
    )
