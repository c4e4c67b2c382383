"""An OpenID Connect provider: authorization code with PKCE, and ID tokens that are verified.

Its libraries take memory, so that a center without a provider does not import this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from httpx2 import HTTPError, get
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from center.identity.errors import OidcRefused, ProviderAway
from center.settings import OidcSettings

_ALGORITHMS = ["RS256", "PS256", "ES256"]
_TIMEOUT_SECONDS = 5.0


@dataclass
class OidcProvider:
    """One provider, as the settings name it; asked once for its metadata, and for keys as they change.

    Attributes:
        redirect_uri: Where it sends people back to.
    """

    settings: OidcSettings
    redirect_uri: str
    _metadata: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None

    def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return where somebody signs in.

        Raises:
            ProviderAway: The provider does not answer.
        """
        endpoint = self._metadata_of("authorization_endpoint")
        with self._client() as client:
            url, _ = client.create_authorization_url(
                endpoint, state=state, code_verifier=verifier, nonce=nonce
            )
        return str(url)

    def end_session_url(self, back_to: str) -> str | None:
        """Return where somebody signs out of the provider too; None where it offers no such thing."""
        endpoint = self._read_metadata().get("end_session_endpoint")
        if endpoint is None:
            return None
        asked = [("client_id", self.settings.client_id), ("post_logout_redirect_uri", back_to)]
        return str(add_params_to_uri(endpoint, asked))

    def claims_of(self, code: str, nonce: str, verifier: str, now: datetime) -> Mapping[str, Any]:
        """Redeem a code, and return what the provider says of whom it was made for.

        Raises:
            OidcRefused: The code, or the ID token that came for it, is not good.
            ProviderAway: The provider does not answer.
        """
        endpoint = self._metadata_of("token_endpoint")
        try:
            with self._client() as client:
                token = client.fetch_token(endpoint, code=code, code_verifier=verifier)
        except OAuthError as error:
            raise OidcRefused("The provider does not take the code.") from error
        except (HTTPError, ValueError) as error:
            raise ProviderAway("The sign-in provider does not answer; try again.") from error
        return self._verified(token, nonce, now)

    def _verified(self, token: Mapping[str, Any], nonce: str, now: datetime) -> Mapping[str, Any]:
        mine = self.settings.client_id
        options = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": mine},
        }
        params = {"nonce": nonce, "client_id": mine, "access_token": token.get("access_token")}
        try:
            read = self._decoded(str(token.get("id_token", "")))
            claims = CodeIDToken(read.claims, read.header, options, params)
            leeway = int(self.settings.clock_skew.total_seconds())
            claims.validate(int(now.timestamp()), leeway)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise OidcRefused(f"The provider's ID token is not good: {error}.") from error
        return dict(claims)

    def _decoded(self, id_token: str) -> Any:  # noqa: ANN401 - joserfc's token
        """Check the signature; a key that is not known yet is asked for once."""
        keys = self._keys
        if keys is not None:
            try:
                return jwt.decode(id_token, keys, algorithms=_ALGORITHMS)
            except (InvalidKeyIdError, BadSignatureError, ValueError):
                pass  # the provider may have new keys
        self._keys = self._read_keys()
        return jwt.decode(id_token, self._keys, algorithms=_ALGORITHMS)

    def _read_keys(self) -> KeySet:
        found = self._get(self._metadata_of("jwks_uri"))
        usable = [key for key in found.get("keys", ()) if key.get("use", "sig") == "sig"]
        return KeySet.import_key_set({"keys": usable})

    def _metadata_of(self, name: str) -> str:
        endpoint = self._read_metadata().get(name)
        if not isinstance(endpoint, str):
            raise ProviderAway(f"The sign-in provider names no {name}.")
        return endpoint

    def _read_metadata(self) -> Mapping[str, Any]:
        if not self._metadata:
            issuer = self.settings.issuer
            found = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise OidcRefused("The provider says that it is another issuer.")
            self._metadata = found
        return self._metadata

    def _get(self, url: str) -> dict[str, Any]:
        try:
            answer = get(url, timeout=_TIMEOUT_SECONDS).raise_for_status()
            found = answer.json()
        except (HTTPError, ValueError) as error:
            raise ProviderAway("The sign-in provider does not answer; try again.") from error
        return found if isinstance(found, dict) else {}

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret.get_secret_value(),
            scope=self.settings.scope,
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )
