"""A client of the center's API, ``/api/v1``."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from capability_sdk.client.problems import send

Json = dict[str, Any]

_UPLOAD_TIMEOUT = httpx.Timeout(30.0, write=300.0, read=300.0)


class CenterClient:
    """Speaks to one center as one person or program.

    Every method raises `ApiProblem` where the center refuses and `Unreachable` where nobody
    answers.
    """

    def __init__(
        self, url: str, token: str | None = None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=30.0, transport=transport, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- any route ----------------------------------------------------------------------------

    def get(self, path: str, **query: str | int | None) -> Json:
        """Get one resource; members of ``query`` that are None are left out."""
        given = {name: value for name, value in query.items() if value is not None}
        request = self._http.build_request("GET", f"/api/v1{path}", params=given)
        return self._json(send(self._http, request))

    def pages(self, path: str, **query: str | int | None) -> Iterator[Json]:
        """Walk over all items of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    def post(self, path: str, body: Json | None = None) -> Json:
        """Create something or act on it; a repetition of this very call acts once."""
        request = self._http.build_request(
            "POST",
            f"/api/v1{path}",
            json=body if body is not None else {},
            headers={"idempotency-key": secrets.token_hex(16)},
        )
        return self._json(send(self._http, request))

    def put(self, path: str, body: Json, *, etag: str | None = None) -> Json:
        """Replace something; with an ``etag`` only if nobody changed it in the meantime."""
        headers = {"if-match": etag} if etag else {}
        request = self._http.build_request("PUT", f"/api/v1{path}", json=body, headers=headers)
        return self._json(send(self._http, request))

    def delete(self, path: str) -> None:
        """Remove something."""
        send(self._http, self._http.build_request("DELETE", f"/api/v1{path}"))

    # --- what needs more than one plain call --------------------------------------------------

    def sign_in(self, name: str, password: str, *, label: str) -> str:
        """Trade name and password for an API token.

        Args:
            name: The account.
            password: Its password.
            label: Under which the account's owner finds the token again.

        Returns:
            The token; the center keeps only its hash.
        """
        session = self.post("/sessions", {"name": name, "password": password})
        self._http.headers["x-csrf-token"] = session["csrf_token"]
        try:
            return str(self.post("/api-tokens", {"label": label})["token"])
        finally:
            self.delete("/sessions/current")
            del self._http.headers["x-csrf-token"]

    def upload_package(self, archive: Path) -> Json:
        """Upload a signed package; returns the view of its version."""
        with archive.open("rb") as content:
            request = self._http.build_request(
                "POST",
                "/api/v1/packages",
                content=content,
                headers={
                    "content-type": "application/gzip",
                    "content-length": str(archive.stat().st_size),
                    "idempotency-key": secrets.token_hex(16),
                },
                timeout=_UPLOAD_TIMEOUT,
            )
            return self._json(send(self._http, request))

    @staticmethod
    def _json(response: httpx.Response) -> Json:
        if response.status_code == httpx.codes.NO_CONTENT or not response.content:
            return {}
        body: Json = response.json()
        return body
