"""One connection to a Nacos server, through nacos-sdk-python: the only importer of the SDK.

It is used until its first failure and then replaced as a whole, because the SDK's own recovery is not
to be relied upon: a client that was frozen never registers again and calls itself healthy, after a restart of
the server entries come back on a tick of 30 s, and its cache keeps the last instance of a service for
ever. So nothing of it is used but requests; there is no subscription and hence no cache.
"""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from capability_sdk.directory.nacos.errors import NacosUnavailable
from capability_sdk.directory.nacos.login import Login

with warnings.catch_warnings():
    # Its models are of pydantic's last generation.
    warnings.simplefilter("ignore", DeprecationWarning)
    from v2.nacos import ClientConfigBuilder, NacosNamingService
    from v2.nacos.common.constants import Constants
    from v2.nacos.common.nacos_exception import NacosException
    from v2.nacos.naming.model.naming_param import (
        BatchRegisterInstanceParam,
        RegisterInstanceParam,
    )

_ANSWER_MILLISECONDS: Final = 2000
_CLOSE_SECONDS: Final = 3.0
_SILENT: Final = logging.CRITICAL + 1
_MAX_HOSTS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries stand on a Nacos server.

    Attributes:
        address: ``host:port`` of its HTTP face; gRPC is 1000 above.
        namespace: One of its namespaces; provinces that share a server have one each.
        group: A group of services within the namespace.
    """

    address: str
    namespace: str = "public"
    group: str = "jiuzhou"


@dataclass(frozen=True, slots=True)
class Host:
    """An instance of a service as Nacos keeps it: told apart by address, port and cluster."""

    ip: str
    port: int
    cluster: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, int, str]:
        """What two instances of one program differ in."""
        return self.ip, self.port, self.cluster


class NacosClient:
    """Publishes this program's hosts of a service, always all of them, and lists everybody's."""

    def __init__(self, service: Any, group: str) -> None:  # noqa: ANN401 - the SDK has no types
        self._service = service
        self._group = group

    @classmethod
    async def connect(cls, place: Place, login: Login | None, folder: Path) -> Self:
        """Connect; without a server this takes six seconds to fail.

        Args:
            place: The server.
            login: Gives access tokens; None for a server that asks for none.
            folder: Where the SDK keeps its (empty) log.

        Raises:
            NacosUnavailable: The server does not answer, or lets nobody in by this login.
        """
        if login is not None:
            await login.get_access_token()
        service = NacosNamingService(_config(place, folder))
        _drop_log_file()
        if login is not None:
            _use_login(service, login)
        client = cls(service, place.group)
        is_connected = False
        try:
            await service.grpc_client_proxy.start()
            is_connected = await service.server_health()
        finally:
            if not is_connected:
                await client.close()
        if not is_connected:
            raise NacosUnavailable("it takes no connection")
        return client

    async def publish(self, name: str, hosts: Sequence[Host]) -> None:
        """Replace this program's hosts of a service by these, none for no more.

        A client may register one instance a service; in a batch it may have many.

        Raises:
            NacosUnavailable: It was not taken.
        """
        batch = BatchRegisterInstanceParam(
            service_name=name,
            group_name=self._group,
            instances=[
                RegisterInstanceParam(
                    ip=host.ip,
                    port=host.port,
                    cluster_name=host.cluster,
                    metadata=dict(host.metadata),
                    service_name=name,
                    group_name=self._group,
                )
                for host in hosts
            ],
        )
        with _translated():
            await self._service.batch_register_instances(batch)

    async def hosts(self, name: str) -> list[Host]:
        """Ask the server, never a cache, for everybody's hosts of a service.

        Raises:
            NacosUnavailable: It does not answer, or with more than anybody can have.
        """
        with _translated():
            found = await self._service.grpc_client_proxy.query_instance_of_service(
                name, self._group, "", False
            )
        if len(found.hosts) > _MAX_HOSTS:
            raise NacosUnavailable(f"it lists {len(found.hosts)} instances of {name}")
        return [Host(one.ip, one.port, one.clusterName, one.metadata) for one in found.hosts]

    async def close(self) -> None:
        """Let go of the connection; the server drops what was published over it."""
        proxy = self._service.grpc_client_proxy
        # It ends by itself within 30 s only, and would try again meanwhile.
        proxy.redo_service._listen_task.cancel()  # noqa: SLF001 - the SDK offers no other way
        if proxy.rpc_client is None:
            return
        connection = proxy.rpc_client.current_connection
        with contextlib.suppress(NacosException, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._service.shutdown()
        if connection is not None:
            # The stream's writer waits for something to send, and sees only then that it is over.
            await connection.send_bi_request(None)


def _config(place: Place, folder: Path) -> Any:  # noqa: ANN401 - the SDK has no types
    folder.mkdir(parents=True, exist_ok=True)
    config = (
        ClientConfigBuilder()
        .server_address(place.address)
        .namespace_id(place.namespace)
        .log_dir(str(folder))
        .cache_dir(str(folder))
        # Requests stand in its errors as well, and the access token in those.
        .log_level(_SILENT)
        .load_cache_at_start(False)
        .build()
    )
    config.grpc_config.grpc_timeout = _ANSWER_MILLISECONDS
    return config


def _drop_log_file() -> None:
    """Each client adds a file to the same logger; nothing is ever written there."""
    logger = logging.getLogger(Constants.NAMING_MODULE)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def _use_login(service: Any, login: Login) -> None:  # noqa: ANN401 - the SDK has no types
    service.grpc_client_proxy.nacos_server_connector.auth_client = login
    # It asks its login for a token where both are set; neither is sent anywhere.
    service.client_config.username = service.client_config.password = "see login"  # noqa: S105 - no password


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's failures into ours, which quote no request."""
    try:
        yield
    except NacosException as error:
        raise NacosUnavailable(f"a request failed ({error.error_code})") from None
