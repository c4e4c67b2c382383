"""A province's gateway as a real process, with real instances and an agent behind it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.gateway_province import PROVINCE, Gateway, Peers, Province, running_gateway
from tests.gateway_wire import World, running_world


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    with ExitStack() as stack:
        yield Peers(tmp_path / "peers", stack)


@pytest.fixture
def province(tmp_path: Path, peers: Peers) -> Province:
    province = Province(tmp_path / PROVINCE)
    province.place({"1.0.0": peers.instance()})
    peers.agent(province)
    province.publish()
    return province


@pytest.fixture
def gateway(province: Province) -> Iterator[Gateway]:
    with running_gateway(province) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_world(tmp_path_factory.mktemp("hostile")) as world:
        yield world
