"""Access tokens of a Nacos server: asked for by us, so that the SDK never holds the password.

The SDK's own login sends the password in the query of a URL, where proxies and servers log it. The
standard library's client is taken because it logs nothing at any level; the answer's headers hold the token.
"""

import asyncio
import http.client
import time
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr, ValidationError

from capability_sdk.directory.nacos.errors import NacosUnavailable

_PATH: Final = "/nacos/v3/auth/user/login"
_TIMEOUT_SECONDS: Final = 2.0
_EARLY_SECONDS: Final = 60.0
"""How long before a token's end the next one is asked for."""
_MAX_ANSWER_BYTES: Final = 1 << 16


class _Answer(BaseModel):
    token: SecretStr = Field(alias="accessToken")
    lifetime_seconds: int = Field(alias="tokenTtl", gt=0)


class Login:
    """Holds one access token and renews it in time."""

    def __init__(self, address: str, username: str, password: SecretStr) -> None:
        self._address = address
        self._username = username
        self._password = password
        self._token = ""
        self._renew_at = 0.0

    async def get_access_token(self, force_refresh: bool = False) -> str:
        """Return a valid token; named and called as the SDK calls its own login.

        Raises:
            NacosUnavailable: The server does not answer, or refuses user and password.
        """
        if force_refresh or time.monotonic() >= self._renew_at:
            answer = await asyncio.to_thread(self._ask)
            self._token = answer.token.get_secret_value()
            self._renew_at = time.monotonic() + answer.lifetime_seconds - _EARLY_SECONDS
        return self._token

    def forget(self) -> None:
        """Ask anew at the next use: the server may have another key since."""
        self._renew_at = 0.0

    def _ask(self) -> _Answer:
        form = {"username": self._username, "password": self._password.get_secret_value()}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", _PATH, urlencode(form), headers)
            answer = connection.getresponse()
            content = answer.read(_MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise NacosUnavailable("its login does not answer") from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            # Forbidden for a wrong password, an internal error for a user that it does not know yet.
            raise NacosUnavailable(f"its login refuses user and password ({answer.status})")
        try:
            return _Answer.model_validate_json(content)
        except ValidationError:
            # The cause would quote the token.
            raise NacosUnavailable("its login answers without a token") from None
