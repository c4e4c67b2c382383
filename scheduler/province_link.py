"""A province's scheduler, as a person on its machine asks it: found and let in by the folder."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from capability_sdk.client.problems import send
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE
from scheduler.errors import FolderUnusable

_SITE_FILE = "edge.json"


class ProvinceLink:
    """Asks with the credential of the province's own processes."""

    def __init__(self, province: Path) -> None:
        """Read where the scheduler listens, and the credential.

        Raises:
            FolderUnusable: The folder is not that of a province, or somebody else's.
        """
        try:
            port = int(json.loads((province / _SITE_FILE).read_bytes())["scheduler_port"])
            token = (province / INTERNAL_TOKEN_FILE).read_text(encoding="ascii").strip()
        except (OSError, ValueError, LookupError, TypeError):
            raise FolderUnusable(
                f"{province} is not the folder of a province that was run by you."
            ) from None
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1",
            headers={"authorization": f"Bearer {token}"},
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str) -> Any:  # noqa: ANN401 - a JSON document
        """Return what an address says."""
        return self._ask("GET", path)

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401 - a JSON document
        """Ask for something to be made."""
        return self._ask("POST", path, body)

    def delete(self, path: str) -> None:
        """Ask for something to be removed."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - likewise
        response = send(self._http, self._http.build_request(method, path, json=body))
        return response.json() if response.content else None
