"""What a Nacos server and its clients do wrong, each shown on the real one (E06, E07)."""

import asyncio
import logging
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest
from pydantic import SecretStr

from capability_sdk.directory.nacos.client import Host, NacosClient, Place
from capability_sdk.directory.nacos.directory import NacosDirectory
from capability_sdk.directory.nacos.envelope import enclose
from capability_sdk.directory.nacos.login import Login
from capability_sdk.directory.ports import Entry
from tests.integration.nacos_world import NODES, Meeting, names, until, until_sees
from tests.servers.nacos import Nacos, running_nacos

_GPUS = '{"schema":1,"node":"lure","epoch":1,"families":["cnn"],"gpu_milli":1000000000}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nacos]:
    """Run a server of this module's own, for it is frozen, killed and emptied."""
    with running_nacos(tmp_path_factory.mktemp("nacos")) as running:
        yield running


@dataclass(frozen=True, slots=True)
class _Frozen:
    meeting: Meeting
    process: "Popen[bytes]"


@pytest.fixture(scope="module", autouse=True)
def frozen(server: Nacos, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Frozen]:
    """A program that registered and froze: the server waits 25 s until it drops it, meanwhile others test."""
    meeting = Meeting(server, tmp_path_factory.mktemp("frozen"))
    with ExitStack() as stack:
        process = meeting.member(Entry(NODES, "frozen", epoch=1), stack)

        async def is_registered() -> None:
            async with opened(meeting.directory()) as watching:
                await until_sees(watching, ["frozen"])

        asyncio.run(is_registered())
        process.send_signal(signal.SIGSTOP)
        yield _Frozen(meeting, process)


@pytest.fixture
def meeting(server: Nacos, tmp_path: Path) -> Meeting:
    return Meeting(server, tmp_path)


@asynccontextmanager
async def opened(directory: NacosDirectory) -> AsyncIterator[NacosDirectory]:
    try:
        yield directory
    finally:
        await directory.close()


@asynccontextmanager
async def _connected(meeting: Meeting) -> AsyncIterator[NacosClient]:
    client = await meeting.stranger()
    try:
        yield client
    finally:
        await client.close()


async def _is_cut_off(directory: NacosDirectory) -> bool:
    return directory.health().detail != ""


async def _is_answered(directory: NacosDirectory) -> bool:
    return directory.health().detail == ""


async def test_E06_where_the_server_is_mute_own_entries_are_there_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        login = Login(address, "nacos", SecretStr("secret"))
        key = secrets.token_bytes(32)
        async with opened(NacosDirectory(Place(address), login, key, tmp_path)) as directory:
            await directory.register(Entry(NODES, "own"))

            # Nothing was sent yet: the loop had no turn for it.
            assert await names(directory) == ["own"]
            assert "not asked yet" in directory.health().detail
            await until(lambda: _says(directory, "its login does not answer"))
            assert await names(directory) == ["own"]
            assert directory.health().answered_at is None


async def _says(directory: NacosDirectory, words: str) -> bool:
    return words in directory.health().detail


async def test_E07_entries_without_the_seal_of_the_province_are_refused_and_named(
    meeting: Meeting, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        opened(meeting.directory()) as directory,
        opened(meeting.directory(key=secrets.token_bytes(32))) as other_tenant,
        _connected(meeting) as stranger,
    ):
        await directory.register(Entry(NODES, "own", metadata={"node": "mine"}, epoch=2))
        await other_tenant.register(Entry(NODES, "theirs", "10.9.9.9:80"))
        stolen = enclose(Entry(NODES, "own", metadata={"node": "mine"}, epoch=2), meeting.key)
        hostile = [
            Host("10.0.0.1", 1, "a", {"node": _GPUS}),
            Host("10.0.0.2", 2, "b", {"load": "-5", "node": "<script>alert(1)</script>"}),
            Host("10.0.0.3", 3, "c", stolen | {"jz.epoch": "3"}),
            Host("10.0.0.4", 4, "d", stolen | {"jz.address": "10.0.0.4:4"}),
            Host("10.0.0.5", 5, "e", stolen | {"node": _GPUS}),
            Host("10.0.0.6", 6, "f", stolen | {"jz.epoch": "9" * 400}),
            Host("10.0.0.7", 7, "g", stolen | {"jz.instance": "../../etc"}),
            Host("10.0.0.8", 8, "h", {}),
        ]
        await stranger.publish(NODES, hostile)
        addresses = {"10.9.9.9:80", *(f"{host.ip}:{host.port}" for host in hostile)}

        async def are_all_refused() -> bool:
            await directory.entries(NODES)
            return set(directory.health().refused) >= addresses

        await until(are_all_refused)
        (entry,) = await directory.entries(NODES)
        assert entry == Entry(NODES, "own", metadata={"node": "mine"}, epoch=2)
        assert any("are refused" in line for line in caplog.messages)


async def test_a_copy_of_a_sealed_entry_elsewhere_says_nothing_else(meeting: Meeting) -> None:
    entry = Entry(NODES, "own", "10.0.0.1:80", {"k": "v"}, 4)
    async with opened(meeting.directory()) as watching, _connected(meeting) as stranger:
        old = enclose(Entry(NODES, "own", "10.0.0.9:80", {"k": "old"}, 3), meeting.key)
        copies = [
            Host("6.6.6.6", 6, "x", enclose(entry, meeting.key)),
            Host("6.6.6.7", 7, "y", old),
        ]
        await stranger.publish(NODES, copies)
        await until_sees(watching, ["own"])

        assert await watching.entries(NODES) == [entry]


async def test_what_somebody_overwrites_in_nacos_is_put_right(meeting: Meeting) -> None:
    entry = Entry(NODES, "own", "10.0.0.1:80", {"k": "v"}, 1)
    async with (
        opened(meeting.directory()) as directory,
        opened(meeting.directory()) as watching,
        _connected(meeting) as client,
    ):
        await directory.register(entry)
        await until_sees(watching, ["own"])
        (host,) = await client.hosts(NODES)

        await meeting.overwrite(host, {"k": "theirs"})

        async def is_right_again() -> bool:
            (there,) = await client.hosts(NODES)
            return there.cluster != host.cluster and await names(watching) == ["own"]

        await until(is_right_again)
        assert await watching.entries(NODES) == [entry]


async def test_a_new_start_on_the_same_address_inherits_nothing(meeting: Meeting) -> None:
    async with opened(meeting.directory()) as watching, _connected(meeting) as client:
        async with opened(meeting.directory()) as first:
            await first.register(Entry(NODES, "own", "10.0.0.1:80", {"k": "first"}, 1))
            await until_sees(watching, ["own"])
            (host,) = await client.hosts(NODES)
            await meeting.overwrite(host, dict(host.metadata) | {"k": "set by hand"})
        await until_sees(watching, [])

        again = Entry(NODES, "own", "10.0.0.1:80", {"k": "second"}, 2)
        async with opened(meeting.directory()) as second:
            await second.register(again)
            await until_sees(watching, ["own"])

            assert await watching.entries(NODES) == [again]


async def test_W05_a_refused_login_is_told_and_no_log_holds_password_or_token(
    meeting: Meeting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("naming", "config", "httpx", "httpcore", "aiohttp", "grpc", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    wrong = "wrong-password-canary"
    login = meeting.login()
    async with (
        opened(meeting.directory(password=wrong)) as refused,
        opened(NacosDirectory(meeting.place, login, meeting.key, meeting.folder)) as taken,
    ):
        await refused.register(Entry(NODES, "refused"))
        await taken.register(Entry(NODES, "taken"))
        await until(lambda: _says(refused, "refuses user and password"))
        await until(lambda: _is_answered(taken))
        token = await login.get_access_token()

        # An overfull entry that gets past our own check is refused by the server, with its request at hand.
        async with _connected(meeting) as stranger:
            with pytest.raises(Exception, match="a request failed"):
                await stranger.publish(NODES, [Host("1.1.1.1", 1, "a", {"k": "x" * 2000})])

    files = [file.read_text() for file in meeting.folder.rglob("*") if file.is_file()]
    assert files, "the SDK has its log file elsewhere"
    for text in (caplog.text, *files):
        assert wrong not in text
        assert meeting.server.password not in text
        assert token not in text


async def test_a_program_that_was_frozen_registers_again_when_it_wakes(frozen: _Frozen) -> None:
    async with opened(frozen.meeting.directory()) as watching:
        assert await names(watching) == []
        await until(lambda: _is_answered(watching))
        await until_sees(watching, [])

        frozen.process.send_signal(signal.SIGCONT)

        await until_sees(watching, ["frozen"])


async def _stops_while_all_are_seen(
    server: Nacos, directory: NacosDirectory, expected: list[str]
) -> bool:
    """Freeze the server at such a moment: once thawed, it may drop and take back who seemed gone."""
    server.freeze()
    await asyncio.sleep(0.2)  # what it has sent already arrives
    if await names(directory) == expected:
        return True
    server.thaw()
    return False


async def test_E06_a_frozen_or_emptied_server_takes_nothing_away_and_is_caught_up_with(
    server: Nacos, meeting: Meeting
) -> None:
    async with opened(meeting.directory()) as here, opened(meeting.directory()) as elsewhere:
        await here.register(Entry(NODES, "here"))
        await elsewhere.register(Entry(NODES, "elsewhere"))
        both = ["elsewhere", "here"]
        await until_sees(here, both)
        await until_sees(elsewhere, both)

        server.freeze()
        await until(lambda: _is_cut_off(here))
        assert await names(here) == both
        await here.register(Entry(NODES, "late"))
        server.thaw()
        everything = ["elsewhere", "here", "late"]
        await until_sees(elsewhere, everything)
        await until(lambda: _stops_while_all_are_seen(server, here, everything))

        server.kill()
        await until(lambda: _is_cut_off(here))
        assert await names(here) == everything
        server.empty()
        server.start()
        async with opened(meeting.directory()) as fresh:
            await until_sees(fresh, everything)
