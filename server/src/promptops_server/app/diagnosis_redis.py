"""What `doctor` says of a Redis: memory, eviction, persistence, replication, TLS and users, each with plain advice.

The questions are asked of every server behind the address; what the answers mean is decided by plain functions. It holds
a projection that can be rebuilt at any time, so nothing here is about losing data: it is about releases that do not arrive.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

import redis

from promptops.delivery.redis_address import RedisAddress as Parsed
from promptops_server.app.findings import Finding, Level
from promptops_server.infra.redis import RedisAddress
from promptops_server.infra.redis_nodes import Node, nodes_of

Info = dict[str, Any]
_PENDING = "Releases would stay pending there."
OWN_USER = "promptops-server redis acl --server --apply makes one."


def redis_findings(address: RedisAddress) -> list[Finding]:
    """Ask every server; it may wait some seconds for one that does not answer."""
    where = address.without_password()
    try:
        with nodes_of(address) as nodes:
            found: list[Finding] = []
            infos: list[tuple[Node, Info]] = []
            for node in nodes:
                try:
                    info: Info = node.client.info()
                except redis.ResponseError as error:  # managed services forbid some commands
                    text = f"{node.name} answers, but does not tell how it is set up: {error}"
                    found.append(Finding("redis", "advice", text))
                except redis.RedisError as error:
                    found.append(_silent(node, error))
                else:
                    infos.append((node, info))
                    found += node_findings(node.name, info)
            found += _together(address.parsed, nodes, infos)
            if infos:
                found += _users(infos[0][0].client, address.parsed)
            return found
    except (redis.RedisError, OSError, ValueError) as error:
        text = f"{where} does not answer: {error}. {_PENDING}"
        return [Finding("redis", "failed", text)]


def _silent(node: Node, error: redis.RedisError) -> Finding:
    refused = isinstance(error, redis.AuthenticationError)
    does = "refuses user or password" if refused else "does not answer"
    level: Level = "failed" if node.role == "master" else "advice"
    more = f" {_PENDING}" if node.role == "master" else ""
    return Finding("redis", level, f"{node.name} {does}: {error}.{more}")


def node_findings(name: str, info: Info) -> list[Finding]:
    """What one server says of itself."""
    kind = str(info.get("server_name") or "redis").capitalize()
    version = str(info.get("valkey_version") or info.get("redis_version", ""))
    out = [Finding("redis", "ok", f"{name}: {kind} {version}")]
    if int(version.partition(".")[0] or 0) < 7:
        out.append(Finding("redis", "failed", f"{name}: {kind} {version} is too old; 7 or newer."))
    return [*out, *_memory(name, info), *_persistence(name, info), *_replication(name, info)]


def _memory(name: str, info: Info) -> list[Finding]:
    limit, used = int(info.get("maxmemory") or 0), int(info.get("used_memory") or 0)
    policy = str(info.get("maxmemory_policy") or "noeviction")
    if not limit:
        room = max(64, used * 2 // 1024**2 + 1)
        text = (
            f"{name} has no memory limit: set maxmemory to {room} MB or more, so that a full Redis refuses writes, "
            "which is told, instead of being ended by its machine."
        )
        return [Finding("redis memory", "advice", text)]
    out: list[Finding] = []
    if policy != "noeviction":
        what = "what expires, such as receipts" if policy.startswith("volatile") else "what is live"
        text = f"maxmemory-policy of {name} is {policy}: short of memory it would drop {what}; set noeviction."
        out.append(Finding("redis memory", "advice", text))
    if used > 0.8 * limit:
        text = (
            f"{name} uses {used / limit:.0%} of maxmemory; when it is full, releases stay pending."
        )
        out.append(Finding("redis memory", "advice", text))
    elif used > 0.5 * limit:
        text = (
            f"{name} uses {used / limit:.0%} of maxmemory: while an environment is written anew it is there twice; "
            "leave half free."
        )
        out.append(Finding("redis memory", "advice", text))
    return out or [Finding("redis memory", "ok", f"{name}: {used / limit:.0%} used, noeviction")]


def _persistence(name: str, info: Info) -> list[Finding]:
    out: list[Finding] = []
    if info.get("rdb_last_bgsave_status") == "err":
        text = (
            f"{name} could not save its last snapshot to disk, and then takes no writes: make room, or turn saving off "
            "(CONFIG SET save ''); nothing here needs it."
        )
        out.append(Finding("redis disk", "failed", text))
    if info.get("aof_enabled") and info.get("aof_last_write_status") == "err":
        text = f"{name} cannot write its append-only file: make room, or set appendonly no."
        out.append(Finding("redis disk", "failed", text))
    elif info.get("aof_enabled"):
        text = (
            f"Persistence of {name} is on; it is not needed, everything there is rebuilt from the database, and a "
            "restart brings an older state back for a moment."
        )
        out.append(Finding("redis disk", "advice", text))
    return out


def _replication(name: str, info: Info) -> list[Finding]:
    if info.get("role") == "slave" and info.get("master_link_status") != "up":
        text = f"{name} is a replica that has lost its master: after a failover to it Redis would be behind."
        return [Finding("redis replicas", "advice", text)]
    replicas = [
        info[f"slave{n}"]
        for n in range(int(info.get("connected_slaves") or 0))
        if f"slave{n}" in info
    ]
    late = [one for one in replicas if int(one.get("lag", 0)) > 10 or one.get("state") != "online"]
    if late:
        text = f"{len(late)} of {len(replicas)} replicas of {name} are behind by more than 10 s."
        return [Finding("redis replicas", "advice", text)]
    if "min_slaves_good_slaves" in info:
        text = (
            f"{name} takes writes only while it has replicas (min-replicas-to-write): releases stay pending without "
            "them. It is not needed: what a failover loses is written again within seconds."
        )
        return [Finding("redis replicas", "advice", text)]
    return []


def _together(
    parsed: Parsed, nodes: Sequence[Node], infos: Sequence[tuple[Node, Info]]
) -> list[Finding]:
    """What the servers are as a whole."""
    masters = [info for node, info in infos if node.role == "master"]
    if parsed.kind == "standalone":
        if any(info.get("role") == "slave" for info in masters):
            text = f"{parsed.shown} is a replica and takes no writes: give its master's address, or redis+sentinel://."
            return [Finding("redis replicas", "failed", text)]
        return []
    alone = [info for info in masters if not int(info.get("connected_slaves") or 0)]
    out = []
    if alone:
        text = (
            f"{len(alone)} of {len(masters)} masters have no replica: there is nothing to fail over to. Until it is "
            "back, releases stay pending and arrive over HTTP only."
        )
        out.append(Finding("redis replicas", "advice", text))
    if parsed.kind == "cluster" and infos:
        try:
            state: Any = infos[0][0].client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
        except redis.RedisError:
            return out
        if "ok" not in str(dict(state).get("cluster_state") if isinstance(state, dict) else state):
            text = "The cluster says of itself that it is not whole (cluster_state): slots are without a master."
            out.append(Finding("redis cluster", "failed", text))
        else:
            out.append(Finding("redis cluster", "ok", f"{len(masters)} masters, all slots served"))
    if parsed.kind == "sentinel":
        level = "ok" if len(parsed.nodes) >= 3 else "advice"
        text = f"{len(parsed.nodes)} Sentinels are named"
        more = (
            ""
            if level == "ok"
            else ": name all, and have three at least, or one that is down decides alone."
        )
        out.append(Finding("redis sentinel", "ok" if level == "ok" else "advice", text + more))
    return out


def _users(client: redis.Redis, parsed: Parsed) -> list[Finding]:
    out = [*_encrypted(parsed)]
    try:
        name = str(client.execute_command("ACL", "WHOAMI"))  # type: ignore[no-untyped-call]
    except redis.RedisError:
        return out
    if name == "default" and not parsed.url.startswith("unix:"):
        text = f"The server is user default there, who may do everything: give it a user of its own; {OWN_USER}"
        out.append(Finding("redis users", "advice", text))
    elif name != "default":
        out.append(Finding("redis users", "ok", f"the server is user {name}"))
    return out


def _encrypted(parsed: Parsed) -> list[Finding]:
    if parsed.tls:
        own = ", with a certificate of our own" if parsed.cert_file else ""
        return [Finding("redis tls", "ok", f"connections are encrypted{own}")]
    hosts = [host for host, _ in parsed.nodes]
    if parsed.kind == "standalone" and not parsed.url.startswith("unix:"):
        hosts = [parsed.shown.partition("://")[2].partition("/")[0].rpartition(":")[0]]
    far = [host for host in hosts if not _is_near(host)]
    if not far:
        return []
    text = (
        f"Prompts and passwords travel in the clear to {far[0]}: use rediss:// with redis.ca_file."
    )
    return [Finding("redis tls", "advice", text)]


def _is_near(host: str) -> bool:
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
