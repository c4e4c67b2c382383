"""The demo's own Nacos beside a platform: ``make up NACOS=1``."""

import secrets
import shutil
from pathlib import Path

from capability_sdk.kit.files import write_atomically
from capability_sdk.kit.processes import ProcessSpec
from deploy.embedded.supervisor import StartFailed
from deploy.nacos.installation import NacosMissing, find_class_path
from deploy.nacos.server import USER, NacosServer, pick_port


class DemoNacos:
    """A new server at each start: nodes register again, and nothing else stands in it."""

    def __init__(self, data: Path) -> None:
        """Lay out the server's folder, with a new password in a file of mode 0600.

        Raises:
            StartFailed: No Nacos was built.
        """
        try:
            class_path = find_class_path()
        except NacosMissing as error:
            raise StartFailed(str(error)) from error
        folder = data / "nacos"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._password_file = folder / "password"
        self._server = NacosServer(folder, pick_port(), secrets.token_urlsafe(24))
        self._server.write_configuration()
        write_atomically(self._password_file, self._server.password.encode())
        self.url = f"http://{self._server.address}"
        command = self._server.command(class_path)
        self.spec = ProcessSpec("nacos", command, data / "logs" / "nacos.log")

    def environment(self, province: str) -> dict[str, str]:
        """Return what tells a province's scheduler of this server; each has a namespace."""
        return {
            "SCHEDULER_DIRECTORY": "nacos",
            "SCHEDULER_NACOS_ADDRESS": self._server.address,
            "SCHEDULER_NACOS_NAMESPACE": province,
            "SCHEDULER_NACOS_USERNAME": USER,
            "SCHEDULER_NACOS_PASSWORD_FILE": str(self._password_file),
        }

    def settle(self) -> bool:
        """Give the server its user as soon as it is there; tell whether it can log in."""
        return self._server.settle_password()
