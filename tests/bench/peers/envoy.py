"""Envoy with the gateway's policy: token (JWT cache on), rate, weights, statistics.

One worker thread, no access log. It verifies ES256 with issuer, audience and expiry, counts every
call against a token bucket, and splits 90 to 10 over two clusters.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capability_sdk.contracts.tokens import CENTER_ISSUER, audience
from tests.bench.peers import environment
from tests.bench.procedure import SERVER_CORE, pinned_to
from tests.gateway_province import PROVINCE
from tests.servers.process import free_port, running

JWT_CACHE = 5000
WEIGHTS = (90, 10)
_CALLS_A_SECOND = 10_000_000
_TYPES = "type.googleapis.com/envoy.extensions.filters"
_ALWAYS = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}

Address = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Envoy:
    """A running Envoy."""

    pid: int
    url: str


def tcp(port: int) -> Address:
    """Give the address of a loopback port."""
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def pipe(path: Path) -> Address:
    """Give the address of a Unix socket."""
    return {"pipe": {"path": str(path)}}


@contextmanager
def running_envoy(
    folder: Path,
    keys: Sequence[Mapping[str, Any]],
    upstreams: tuple[Address, Address],
    *,
    jwt_cache: int = JWT_CACHE,
) -> Iterator[Envoy]:
    """Run Envoy for the length of a ``with`` block.

    Args:
        folder: A new folder for its files.
        keys: Public keys of the token issuer, as JWK.
        upstreams: Where 90 and 10 of 100 calls go.
        jwt_cache: How many verified tokens it remembers.
    """
    folder.mkdir(parents=True)
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps({"keys": [{**key, "alg": "ES256", "use": "sig"} for key in keys]}))
    port, admin = free_port(), free_port()
    path = folder / "envoy.json"
    path.write_text(
        json.dumps(_bootstrap(port, admin, _listener(port, jwks, jwt_cache), upstreams))
    )
    command = [
        *(str(environment.ENVOY), "-c", str(path), "--concurrency", "1"),
        *("--log-level", "error", "--disable-hot-restart"),
    ]
    with (
        pinned_to(SERVER_CORE),
        running(command, log=folder / "envoy.log", is_ready=lambda: _is_ready(admin)) as process,
    ):
        yield Envoy(process.pid, f"http://127.0.0.1:{port}")


def _bootstrap(
    port: int, admin: int, listener: Mapping[str, Any], upstreams: tuple[Address, Address]
) -> dict[str, Any]:
    return {
        "node": {"id": f"bench-{port}", "cluster": "bench"},
        "admin": {"address": tcp(admin)},
        "static_resources": {
            "listeners": [listener],
            "clusters": [_cluster(*pair) for pair in zip(("a", "b"), upstreams, strict=True)],
        },
    }


def _listener(port: int, jwks: Path, jwt_cache: int) -> dict[str, Any]:
    clusters = [{"name": n, "weight": w} for n, w in zip(("a", "b"), WEIGHTS, strict=True)]
    route = {"timeout": "10s", "weighted_clusters": {"clusters": clusters}}
    host = {
        "name": "all",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": route}],
    }
    manager = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "inference",
        "route_config": {"virtual_hosts": [host]},
        "http_filters": [
            _filter("jwt_authn", "JwtAuthentication", _token_policy(jwks, jwt_cache)),
            _filter("local_ratelimit", "LocalRateLimit", _rate_policy()),
            _filter("router", "Router", {}),
        ],
    }
    chain = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {"name": "inference", "address": tcp(port), "filter_chains": [{"filters": [chain]}]}


def _filter(name: str, message: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    kind = f"{_TYPES}.http.{name}.v3.{message}"
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": kind, **fields}}


def _token_policy(jwks: Path, jwt_cache: int) -> dict[str, Any]:
    provider = {
        "issuer": CENTER_ISSUER,
        "audiences": [audience(PROVINCE)],
        "local_jwks": {"filename": str(jwks)},
        "payload_in_metadata": "claims",
        "claim_to_headers": [{"header_name": "x-sub", "claim_name": "sub"}],
        "jwt_cache_config": {"jwt_cache_size": jwt_cache},
    }
    rule = {"match": {"prefix": "/"}, "requires": {"provider_name": "center"}}
    return {"providers": {"center": provider}, "rules": [rule]}


def _rate_policy() -> dict[str, Any]:
    bucket = {
        "max_tokens": _CALLS_A_SECOND,
        "tokens_per_fill": _CALLS_A_SECOND,
        "fill_interval": "1s",
    }
    return {
        "stat_prefix": "rate",
        "token_bucket": bucket,
        "filter_enabled": _ALWAYS,
        "filter_enforced": _ALWAYS,
    }


def _cluster(name: str, address: Address) -> dict[str, Any]:
    many = {"max_connections": 4096, "max_pending_requests": 4096, "max_requests": 4096}
    endpoint = {"endpoint": {"address": address}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [many]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _is_ready(admin: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
