"""The static upstream of gateway runs: nginx, 201 bytes of JSON, on the load's core."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import LOAD_CORE
from tests.bench.procedure import pinned_to
from tests.servers.process import accepts, find_program, free_port, running

ANSWER = (
    '{"model_name":"anchor","model_version":"1.0.0","outputs":[{"name":"label","datatype":"INT64",'
    '"shape":[1],"data":[0]},{"name":"probabilities","datatype":"FP32","shape":[1,2],'
    '"data":[0.99787,0.002128]}]}'
)
_BYTES = 201

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{a};
    listen 127.0.0.1:{b};
    listen unix:{folder}/a.sock;
    listen unix:{folder}/b.sock;
    default_type application/json;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class StaticUpstream:
    """Two endpoints, a and b, each on TCP and on a Unix socket."""

    ports: tuple[int, int]
    sockets: tuple[Path, Path]


@contextmanager
def static_upstream(folder: Path) -> Iterator[StaticUpstream]:
    """Run nginx for the length of a ``with`` block."""
    assert len(ANSWER) == _BYTES
    folder.mkdir(parents=True)
    a, b = free_port(), free_port()
    path = folder / "nginx.conf"
    path.write_text(_CONFIGURATION.format(folder=folder, a=a, b=b, answer=ANSWER))
    program = find_program("nginx")
    command = [program, "-p", str(folder), "-c", str(path), "-e", str(folder / "nginx.log")]
    sockets = (folder / "a.sock", folder / "b.sock")
    with (
        pinned_to(LOAD_CORE),
        running(command, log=folder / "nginx.out", is_ready=lambda: accepts(b)),
    ):
        yield StaticUpstream((a, b), sockets)
