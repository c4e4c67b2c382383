"""A program that registers one entry in Nacos and stays; a test freezes, thaws and kills it.

``python -m tests.servers.nacos_member``, told by ``NACOS_MEMBER`` what to register where, as JSON.
"""

import asyncio
import json
import os
from pathlib import Path

from pydantic import SecretStr

from capability_sdk.directory.nacos.client import Place
from capability_sdk.directory.nacos.directory import NacosDirectory
from capability_sdk.directory.nacos.login import Login
from capability_sdk.directory.ports import Entry


async def main() -> None:
    told = json.loads(os.environ["NACOS_MEMBER"])
    login = Login(told["address"], told["username"], SecretStr(told["password"]))
    directory = NacosDirectory(
        Place(told["address"], told["namespace"]),
        login,
        bytes.fromhex(told["key"]),
        Path(told["folder"]),
    )
    await directory.register(Entry(**told["entry"]))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
