"""How a standalone Nacos server is configured, started and asked; what starts it is the caller's matter."""

import base64
import contextlib
import http.client
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from deploy.nacos.installation import MAIN_CLASS

USER: Final = "nacos"
"""Name of the one user that a new server can be given."""
_PORT_OFFSETS: Final = (0, 1000, 1001, -1000)
"""HTTP, gRPC of clients, gRPC of a cluster, raft: as the server derives them, not to be chosen."""
_BELOW_EPHEMERAL: Final = range(12_000, 30_000)
"""Ports that the kernel gives to no client meanwhile."""
_TIMEOUT_SECONDS: Final = 3.0
_HEAP: Final = ("-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

_CONFIGURATION: Final = """\
server.address=127.0.0.1
nacos.server.main.port={port}
nacos.inetutils.ip-address=127.0.0.1
nacos.core.auth.system.type=nacos
nacos.core.auth.enabled=true
nacos.core.auth.admin.enabled=true
nacos.core.auth.caching.enabled=true
nacos.core.auth.server.identity.key={identity}
nacos.core.auth.server.identity.value={identity}
nacos.core.auth.plugin.nacos.token.secret.key={token_key}
nacos.core.auth.plugin.nacos.token.expire.seconds=18000
logging.config=classpath:META-INF/logback/nacos.xml
management.influx.metrics.export.enabled=false
management.elastic.metrics.export.enabled=false
spring.jmx.enabled=false
"""


@dataclass(frozen=True, slots=True)
class NacosServer:
    """One server, its own folder and ports; HTTP on loopback, with login.

    Its gRPC and raft ports listen on every interface, for Nacos has no setting for them: it is for demos and
    tests alone.
    """

    folder: Path
    port: int
    password: str

    @property
    def address(self) -> str:
        """What a client is given; it derives the gRPC port itself."""
        return f"127.0.0.1:{self.port}"

    def write_configuration(self) -> None:
        """Write the server's configuration, with secrets of its own; mode 0600."""
        folder = self.folder / "conf"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "application.properties"
        file.touch(mode=0o600)
        file.write_text(
            _CONFIGURATION.format(
                port=self.port,
                identity=secrets.token_hex(16),
                token_key=base64.b64encode(secrets.token_bytes(48)).decode(),
            )
        )

    def command(self, class_path: str) -> list[str]:
        """Return the command line of the server."""
        places = {
            "nacos.standalone": "true",
            "nacos.home": self.folder,
            "user.home": self.folder,
            "nacos.logs.path": self.folder / "logs",
            # Two that would stand in the working directory.
            "server.tomcat.basedir": self.folder,
            "derby.stream.error.file": self.folder / "derby.log",
            "spring.config.additional-location": f"file:{self.folder}/conf/",
        }
        properties = [f"-D{name}={value}" for name, value in places.items()]
        return ["java", *_HEAP, *properties, "-cp", class_path, MAIN_CLASS]

    def is_up(self) -> bool:
        """Tell whether the server takes requests; a login may still fail for some seconds."""
        return self._ask("GET", "/nacos/v3/admin/core/state/readiness") == http.HTTPStatus.OK

    def settle_password(self) -> bool:
        """Give a new server its user; tell whether that user can log in already.

        A server that has its user keeps it. The login fails until the server has read its users
        anew, two to four seconds: ask again.
        """
        self._ask("POST", "/nacos/v3/auth/user/admin", {"password": self.password})
        credentials = {"username": USER, "password": self.password}
        return self._ask("POST", "/nacos/v3/auth/user/login", credentials) == http.HTTPStatus.OK

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> int:
        """Return the status of an answer, 0 where none comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_SECONDS)
        headers = {"content-type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, urlencode(form or {}), headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def pick_port() -> int:
    """Find a port that is free together with those that the server derives from it."""
    while True:
        base = _BELOW_EPHEMERAL.start + secrets.randbelow(len(_BELOW_EPHEMERAL))
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for offset in _PORT_OFFSETS:
                probe = probes.enter_context(socket.socket())
                probe.bind(("0.0.0.0", base + offset))  # noqa: S104 - as the server binds them
            return base
