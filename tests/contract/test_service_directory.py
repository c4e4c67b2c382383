"""What every engine of the service directory promises, seen by the program that registers and by another."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from capability_sdk.directory.embedded import EmbeddedDirectory
from capability_sdk.directory.errors import EntryRefused
from capability_sdk.directory.nacos.client import Place
from capability_sdk.directory.nacos.directory import NacosDirectory
from capability_sdk.directory.nacos.login import Login
from capability_sdk.directory.ports import (
    ENVELOPE_CHARACTERS,
    MAX_METADATA_CHARACTERS,
    Entry,
    ServiceDirectory,
)
from tests.servers.nacos import Nacos

_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Engine:
    """One engine, through the eyes of two programs; embedded, both are one."""

    here: ServiceDirectory
    elsewhere: ServiceDirectory


@pytest.fixture(params=["embedded", "nacos"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[_Engine]:
    if request.param == "embedded":
        embedded = EmbeddedDirectory()
        yield _Engine(embedded, embedded)
        await embedded.close()
        return
    server: Nacos = request.getfixturevalue("nacos")
    place = Place(server.address, namespace=f"t{secrets.token_hex(4)}")
    key = secrets.token_bytes(32)

    def opened() -> NacosDirectory:
        login = Login(server.address, server.username, SecretStr(server.password))
        return NacosDirectory(place, login, key, tmp_path)

    here, elsewhere = opened(), opened()
    yield _Engine(here, elsewhere)
    await here.close()
    await elsewhere.close()


@pytest.fixture
def directory(engine: _Engine) -> ServiceDirectory:
    return engine.here


async def _sees(directory: ServiceDirectory, *expected: Entry) -> None:
    """Wait until a program sees these entries of ``nodes`` and no others."""
    deadline = time.monotonic() + _WITHIN_SECONDS
    while (found := await directory.entries("nodes")) != list(expected):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


async def test_an_unknown_service_has_no_entries(directory: ServiceDirectory) -> None:
    assert await directory.entries("nodes") == []


async def test_entries_come_back_as_they_were_registered(directory: ServiceDirectory) -> None:
    entry = Entry("nodes", "node-a", "10.0.0.1:9000", {"families": "cnn,mlp"})

    await directory.register(entry)

    assert await directory.entries("nodes") == [entry]


async def test_entries_are_ordered_and_services_are_kept_apart(directory: ServiceDirectory) -> None:
    for service, instance in (("nodes", "b"), ("nodes", "a"), ("gateways", "c")):
        await directory.register(Entry(service, instance))

    assert [entry.instance for entry in await directory.entries("nodes")] == ["a", "b"]


async def test_a_second_registration_replaces_the_whole_entry(directory: ServiceDirectory) -> None:
    await directory.register(Entry("nodes", "a", metadata={"old": "1"}))
    await directory.register(Entry("nodes", "a", metadata={"new": "2"}))

    (entry,) = await directory.entries("nodes")
    assert entry.metadata == {"new": "2"}


async def test_the_last_entry_disappears_when_it_is_deregistered(
    directory: ServiceDirectory,
) -> None:
    await directory.register(Entry("nodes", "a"))

    await directory.deregister("nodes", "a")
    await directory.deregister("nodes", "a")

    assert await directory.entries("nodes") == []


@pytest.mark.parametrize("name", ["", "a b", "a/b", "节点", "-a", "a" * 101, "a\n"])
async def test_names_that_some_engine_refuses_are_refused_by_all(
    directory: ServiceDirectory, name: str
) -> None:
    with pytest.raises(EntryRefused, match="not acceptable"):
        await directory.register(Entry("nodes", name))
    with pytest.raises(EntryRefused, match="not acceptable"):
        await directory.register(Entry(name, "a"))


async def test_metadata_over_the_limit_is_refused_and_changes_nothing(
    directory: ServiceDirectory,
) -> None:
    await directory.register(Entry("nodes", "a", metadata={"k": "kept"}))

    with pytest.raises(EntryRefused, match=str(MAX_METADATA_CHARACTERS)):
        await directory.register(Entry("nodes", "a", metadata={"k": "x" * MAX_METADATA_CHARACTERS}))

    (entry,) = await directory.entries("nodes")
    assert entry.metadata == {"k": "kept"}


async def test_a_start_later_than_the_known_one_counts_and_one_before_it_does_not(
    directory: ServiceDirectory,
) -> None:
    await directory.register(Entry("nodes", "a", metadata={"k": "present"}, epoch=5))
    await directory.register(Entry("nodes", "a", metadata={"k": "late"}, epoch=4))
    (entry,) = await directory.entries("nodes")
    assert entry.metadata == {"k": "present"}

    await directory.register(Entry("nodes", "a", metadata={"k": "again"}, epoch=6))
    (entry,) = await directory.entries("nodes")
    assert entry.metadata == {"k": "again"}


async def test_another_program_sees_what_is_registered_replaced_and_withdrawn(
    engine: _Engine,
) -> None:
    first = Entry("nodes", "a", "10.0.0.1:9000", {"families": "cnn,mlp"}, 1)
    second = Entry("nodes", "b", "", {"label": "机房 <b>&\"'"}, 2)
    for entry in (first, second):
        await engine.here.register(entry)
    await _sees(engine.elsewhere, first, second)

    replaced = Entry("nodes", "a", "10.0.0.2:9000", {}, 3)
    await engine.here.register(replaced)
    await _sees(engine.elsewhere, replaced, second)

    await engine.here.deregister("nodes", "b")
    await _sees(engine.elsewhere, replaced)
    await engine.here.deregister("nodes", "a")
    await _sees(engine.elsewhere)


async def test_the_entries_of_a_program_that_ends_are_gone_elsewhere(engine: _Engine) -> None:
    entry = Entry("nodes", "a", epoch=1)
    await engine.here.register(entry)
    await _sees(engine.elsewhere, entry)

    await engine.here.close()

    await _sees(engine.elsewhere)


async def test_an_entry_of_exactly_the_limit_arrives_whole(engine: _Engine) -> None:
    room = MAX_METADATA_CHARACTERS - ENVELOPE_CHARACTERS - len("nodek")
    entry = Entry("nodes", "node", metadata={"k": "x" * room}, epoch=2**53)

    await engine.here.register(entry)

    await _sees(engine.elsewhere, entry)


async def test_an_engine_that_answers_says_so_and_when(engine: _Engine) -> None:
    await engine.here.register(Entry("nodes", "a"))
    await _sees(engine.elsewhere, Entry("nodes", "a"))

    health = engine.elsewhere.health()

    assert health.answered_at is not None
    assert health.detail == ""
    assert health.refused == {}
