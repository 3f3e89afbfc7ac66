"""Redis as enterprises run it, from real Valkey processes on loopback ports: Sentinels over a master and a replica, a
cluster of three nodes, and TLS that asks for a certificate.

The Valkey of the wheel has Sentinel and cluster mode but no TLS of its own, so a small proxy ends TLS, as a load balancer
does. Every process ends with whoever started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from promptops_server.infra.redis_process import find_binary
from support.doorway import Doorway, relay
from support.server import free_port


def until(met: Callable[[], object], what: str, timeout: float = 30.0) -> None:
    """Wait; fail saying what did not come about. A Redis that does not answer yet counts as not met."""
    ends = time.monotonic() + timeout
    while time.monotonic() < ends:
        with contextlib.suppress(redis.RedisError, OSError):
            if met():
                return
        time.sleep(0.02)
    raise AssertionError(f"in {timeout:g} s it did not come about that {what}")


def _ends_with_us() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass
class Node:
    """One Valkey process; `settings` are lines of its configuration."""

    folder: Path
    settings: tuple[str, ...] = ()
    sentinel: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Node:
        """Start and wait until it answers (also when it asks for a password)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "node.conf"
        if not file.exists():  # a Sentinel writes into its own
            lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}"]
            lines += (
                [] if self.sentinel else ['save ""', "appendonly no", "repl-diskless-sync-delay 0"]
            )
            file.write_text("\n".join([*lines, *self.settings]) + "\n")
        command = [str(find_binary()), str(file), *(["--sentinel"] if self.sentinel else [])]
        with (self.folder / "log").open("ab") as out:
            self.process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, preexec_fn=_ends_with_us
            )
        until(self._answers, f"the node on {self.port} answers")
        return self

    def _answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(1) in (b"+", b"-")

    def client(self, **options: object) -> redis.Redis:
        """A plain client of this node."""
        return redis.Redis(port=self.port, decode_responses=True, **options)  # type: ignore[call-overload,no-any-return]

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


class SentinelSet:
    """A master, a replica, and three Sentinels that agree within half a second."""

    service = "prompts"

    def __init__(self, folder: Path) -> None:
        self.first = Node(folder / "first").start()
        self.second = Node(folder / "second", (f"replicaof 127.0.0.1 {self.first.port}",)).start()
        watching = (
            f"sentinel monitor {self.service} 127.0.0.1 {self.first.port} 2",
            f"sentinel down-after-milliseconds {self.service} 500",
            f"sentinel failover-timeout {self.service} 3000",
        )
        self.sentinels = [Node(folder / f"s{n}", watching, True).start() for n in range(3)]
        until(self._ready, "the Sentinels know the replica and each other")

    def _ready(self) -> bool:
        return all(
            (found := s.client().sentinel_master(self.service))["num-slaves"] == 1
            and found["num-other-sentinels"] == 2
            for s in self.sentinels
        ) and "slave0" in self.first.client().info("replication")

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{s.port}" for s in self.sentinels)
        return f"redis+sentinel://{hosts}/{self.service}"

    @property
    def master(self) -> Node:
        """Who the Sentinels say it is."""
        _, port = self.sentinels[0].client().sentinel_get_master_addr_by_name(self.service)
        return self.first if port == self.first.port else self.second

    def has_replica(self) -> bool:
        """Whether the Sentinels know a replica that could take over."""
        found = self.sentinels[0].client().sentinel_slaves(self.service)
        return any(
            not (one["is_sdown"] or one["is_odown"]) and one["flags"] == "slave" for one in found
        )

    def hand_over(self) -> None:
        """A planned failover."""
        self.sentinels[0].client().execute_command("SENTINEL", "FAILOVER", self.service)

    def stop(self) -> None:
        for node in (*self.sentinels, self.first, self.second):
            node.kill()


class Cluster:
    """Three primaries that share the slots."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [
            Node(
                folder / f"n{n}",
                ("cluster-enabled yes", f"cluster-port {free_port()}", "cluster-node-timeout 2000"),
            ).start()
            for n in range(3)
        ]
        first, *others = self.nodes
        share = 16384 // 3 + 1
        for n, node in enumerate(self.nodes):
            client = node.client()
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            client.execute_command(
                "CLUSTER", "ADDSLOTSRANGE", n * share, min((n + 1) * share, 16384) - 1
            )
        bus = first.settings[1].split()[1]
        for node in others:
            node.client().execute_command("CLUSTER", "MEET", "127.0.0.1", first.port, bus)
        until(
            lambda: (
                all(
                    "cluster_state:ok"
                    in (info := str(n.client().execute_command("CLUSTER INFO"))).replace("'", "")
                    or "'cluster_state': 'ok'" in info
                    for n in self.nodes
                )
                and all(
                    len(n.client().execute_command("CLUSTER", "SLOTS")) == 3 for n in self.nodes
                )
            ),
            "every node sees the whole cluster",
        )

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{n.port}" for n in self.nodes)

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


class Pki:
    """An authority and certificates it signed, as PEM files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._certificate("test authority", self._key, ca=True))

    def certificate(self, name: str) -> tuple[Path, Path]:
        """A certificate of 127.0.0.1 in this name, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert_file.write_bytes(self._certificate(name, key))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return cert_file, key_file

    def _certificate(self, name: str, key: ec.EllipticCurvePrivateKey, ca: bool = False) -> bytes:
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return built.public_bytes(serialization.Encoding.PEM)


class TlsEnd(Doorway):
    """TLS in front of a Redis on this machine.

    Args:
        inside: the Redis: a port, or the path of a socket.
        clients: a client needs a certificate of the authority.
    """

    def __init__(self, folder: Path, inside: int | str, *, clients: bool = True) -> None:
        self.pki = Pki(folder)
        self._inside = inside
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pki.certificate("redis"))
        if clients:
            context.load_verify_locations(self.pki.ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
        self._context = context
        super().__init__()

    def url(self, client: str = "app") -> str:
        """An address that brings the client's certificate along."""
        cert_file, key_file = self.pki.certificate(client)
        files = f"ca_file={self.pki.ca_file}&cert_file={cert_file}&key_file={key_file}"
        return f"rediss://127.0.0.1:{self.port}/0?{files}"

    def stop(self) -> None:
        """As the other topologies are ended."""
        self.close()

    def carry(self, client: socket.socket) -> None:
        # Fails with a client that does not trust us, or whom we do not.
        with (
            self._context.wrap_socket(client, server_side=True) as outside,
            self._redis() as redis_,
        ):
            relay(outside, redis_)

    def _redis(self) -> socket.socket:
        if isinstance(self._inside, int):
            return socket.create_connection(("127.0.0.1", self._inside))
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(self._inside)
        return inside
