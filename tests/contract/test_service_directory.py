"""What every engine of the service directory promises."""

from collections.abc import AsyncIterator

import pytest

from capability_sdk.directory.embedded import EmbeddedDirectory
from capability_sdk.directory.errors import EntryRefused
from capability_sdk.directory.ports import MAX_METADATA_CHARACTERS, Entry, ServiceDirectory


@pytest.fixture(params=["embedded"])
async def directory(request: pytest.FixtureRequest) -> AsyncIterator[ServiceDirectory]:
    assert request.param == "embedded"
    opened = EmbeddedDirectory()
    yield opened
    await opened.close()


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
