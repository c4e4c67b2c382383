"""``python -m deploy.embedded.first_start proving|accounts|showcase --data DIR``.

The parts of the first start that talk to a running center. They run in a process of their own, so
that what they import (numpy, signing) does not stay in the supervisor's memory.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from capability_sdk.client.problems import ClientError
from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit.clock import system_clock
from center.database import Database
from center.proving.enrolment import make_proving_code
from center.settings import CenterSettings
from deploy.embedded.accounts import create_people, enrolment_code
from deploy.embedded.demo import ADMIN, ENGINEER, PROVINCES, PROVING, DemoRecord, folder_of
from deploy.embedded.platform import ApplicationView, PlatformStatus, read_status
from edge_gateway.agent.enrolment import Enrolment, enrol


def main() -> int:
    """Do one part of the first start; returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["proving", "accounts", "showcase"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--ports", nargs="*", type=int, default=[])
    arguments = parser.parse_args()
    status = read_status(arguments.data)
    try:
        if arguments.part == "proving":
            _proving(status, *arguments.ports)
        elif arguments.part == "accounts":
            _accounts(status, arguments.ports)
        else:
            _showcase(status)
    except (ClientError, ServiceError, subprocess.CalledProcessError) as error:
        print(f"jiuzhou: {error}", file=sys.stderr)  # noqa: T201 - speaks to the terminal
        return 1
    return 0


def _proving(status: PlatformStatus, gateway_port: int, scheduler_port: int) -> None:
    data = Path(status.data)
    folder = folder_of(data, PROVING)
    if (folder / "edge.json").exists():
        return
    settings = CenterSettings(data=data / "center")
    database = Database(settings.sqlalchemy_url)
    # Nobody needs an account for this, only the folder.
    code = make_proving_code(database, PROVING, system_clock(), settings.enrolment_lifetime)
    database.close()
    enrol(Enrolment(status.center.url, code, folder, gateway_port, scheduler_port))


def _accounts(status: PlatformStatus, ports: list[int]) -> None:
    data = Path(status.data)
    record = DemoRecord.load(data)
    if not record.is_peopled:
        is_again, record.is_begun = record.is_begun, True
        record.save(data)
        create_people(status.center.url, data / "center", record, is_again=is_again)
        record.is_peopled = True
        record.save(data)
    pairs = zip(ports[::2], ports[1::2], strict=True)
    for province, (gateway_port, scheduler_port) in zip(PROVINCES, pairs, strict=True):
        folder = folder_of(data, province.name)
        if (folder / "edge.json").exists():
            continue
        code = enrolment_code(status.center.url, record.account(ADMIN), province.name)
        enrol(Enrolment(status.center.url, code, folder, gateway_port, scheduler_port))


def _showcase(status: PlatformStatus) -> None:
    # Training and signing are imported only where they are used.
    from deploy.showcase.scene import DemoProvince, Person, Scene  # noqa: PLC0415 - only this step needs it
    from deploy.showcase.walk import run  # noqa: PLC0415 - only this step needs it

    data = Path(status.data)
    record = DemoRecord.load(data)

    def person(name: str) -> Person:
        found = record.account(name)
        return Person(found.name, found.password)

    gateways = {province.name: province.gateway_url for province in status.provinces}
    scene = Scene(
        center_url=status.center.url,
        admin=person(ADMIN),
        engineer=person(ENGINEER),
        provinces=tuple(
            DemoProvince(p.name, gateways[p.name], person(p.operator), p.noise) for p in PROVINCES
        ),
        folder=data / "showcase",
        say=_say,
    )
    scene.folder.mkdir(exist_ok=True)
    record.applications = [
        ApplicationView(
            client_id=application.client_id,
            client_secret=application.client_secret,
            province=application.province,
        )
        for application in run(scene)
    ]
    record.is_walked = True
    record.save(data)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - speaks to the terminal


if __name__ == "__main__":
    sys.exit(main())
