"""A client of a province's gateway: token, infer, feedback."""

import time
from types import TracebackType
from typing import Any, Self

import httpx

from capability_sdk.client.problems import send
from capability_sdk.contracts.feedback import FeedbackItem, FeedbackRequest
from capability_sdk.contracts.inference import REQUEST_ID_HEADER, VERSION_HEADER
from capability_sdk.contracts.tokens import TokenAnswer

_RENEW_BEFORE_SECONDS = 30.0


class Answer(dict[str, Any]):
    """An infer answer, with what its headers say."""

    request_id: str
    version: str

    @classmethod
    def from_response(cls, response: httpx.Response) -> Self:
        """Join body and headers."""
        answer = cls(response.json())
        answer.request_id = response.headers[REQUEST_ID_HEADER]
        answer.version = response.headers[VERSION_HEADER]
        return answer

    def output(self, name: str) -> list[Any]:
        """Return the data of one output.

        Raises:
            KeyError: The answer has no such output.
        """
        for tensor in self["outputs"]:
            if tensor["name"] == name:
                data: list[Any] = tensor["data"]
                return data
        raise KeyError(name)


class GatewayClient:
    """Calls the capabilities of one province as one application.

    The access token is fetched when needed and used until shortly before it expires. Every method
    raises `ApiProblem` where the gateway refuses and `Unreachable` where nobody answers.
    """

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)
        self._credential = httpx.BasicAuth(client_id, client_secret)
        self._token = ""
        self._renew_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def token(self) -> str:
        """Return a valid access token for everything that the application is granted."""
        if time.monotonic() >= self._renew_at:
            answer = self.fetch_token()
            self._token = answer.access_token
            self._renew_at = time.monotonic() + answer.expires_in - _RENEW_BEFORE_SECONDS
        return self._token

    def fetch_token(self, scope: str = "") -> TokenAnswer:
        """Ask the gateway for a fresh access token.

        Args:
            scope: Space-separated scopes; empty asks for everything that is granted.
        """
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        request = self._http.build_request("POST", "/oauth2/token", data=form)
        signed = next(self._credential.auth_flow(request))
        return TokenAnswer.model_validate_json(send(self._http, signed).content)

    def metadata(self, capability: str, version: str | None = None) -> dict[str, Any]:
        """Return the capability's metadata (Open Inference Protocol)."""
        body: dict[str, Any] = self._call("GET", _model_path(capability, version)).json()
        return body

    def infer(
        self, capability: str, request: dict[str, Any], *, version: str | None = None
    ) -> Answer:
        """Call a capability.

        Args:
            capability: Its name.
            request: An Open Inference Protocol request.
            version: An exact or a major version; without one the deployment's split decides.
        """
        path = f"{_model_path(capability, version)}/infer"
        return Answer.from_response(self._call("POST", path, json=request))

    def feedback(self, items: list[FeedbackItem]) -> None:
        """Tell the true values of answers."""
        body = FeedbackRequest(items=items).model_dump(mode="json")
        self._call("POST", "/v1/feedback", json=body)

    def _call(self, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token()}"}
        return send(self._http, self._http.build_request(method, path, json=json, headers=headers))


def _model_path(capability: str, version: str | None) -> str:
    return f"/v2/models/{capability}" + (f"/versions/{version}" if version else "")
