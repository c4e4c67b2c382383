"""Answers for the pods of fake nodes, which run nothing, at their own loopback addresses.

It does what an instance does of it: what is served stands in the pod's mounted ConfigMap, and it is
told to nobody without the credential of the mounted Secret.
"""

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.servers.kubernetes.controlplane import ControlPlane

_PORT = 8480
_LOOK_SECONDS = 0.3
_VERSION = re.compile(r"/v2/models/([^/]+)/versions/([^/]+)/ready")


class StandInPods:
    """Follows the pods of a namespace and listens for each of them."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane = plane
        self._root = f"/api/v1/namespaces/{namespace}"
        self._servers: dict[str, ThreadingHTTPServer] = {}
        self._answers: dict[str, tuple[dict[str, Any], str]] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="stand-in pods")

    @contextlib.contextmanager
    def running(self) -> Iterator["StandInPods"]:
        """Stand in for the length of a ``with`` block."""
        self._thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            self._thread.join()
            for server in self._servers.values():
                server.shutdown()
                server.server_close()

    def status_of(self, address: str, path: str, authorization: str) -> int:
        """Answer as the instance at an address would."""
        served, credential = self._answers.get(address, ({}, ""))
        if authorization != f"Bearer {credential}":
            return 401
        asked = _VERSION.fullmatch(path)
        versions = [item["version"] for item in served.get("versions", [])]
        is_served = asked is not None and asked[1] == served.get("name") and asked[2] in versions
        return 200 if is_served else 404

    def _follow(self) -> None:
        while not self._is_over.wait(_LOOK_SECONDS):
            with contextlib.suppress(httpx.HTTPError, AssertionError):  # the API server is away
                self._look()

    def _look(self) -> None:
        maps = self._contents("configmaps", "served.json")
        secrets = self._contents("secrets", "credential")
        answers = {}
        for pod in self._plane.items(f"{self._root}/pods"):
            address = pod["status"].get("podIP")
            name = pod["metadata"]["labels"].get("jiuzhou.io/workload")
            if address and name in maps and name in secrets:
                credential = base64.b64decode(secrets[name]).decode()
                answers[address] = (json.loads(maps[name]), credential)
        self._answers = answers
        for address in answers.keys() - self._servers.keys():
            self._listen(address)

    def _contents(self, plural: str, member: str) -> dict[str, str]:
        return {
            item["metadata"]["name"]: item["data"][member]
            for item in self._plane.items(f"{self._root}/{plural}")
            if member in item.get("data", {})
        }

    def _listen(self, address: str) -> None:
        pods = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = pods.status_of(address, self.path, self.headers.get("authorization", ""))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer((address, _PORT), Answering)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._servers[address] = server
