"""A Keycloak of one's own on loopback: a realm, people in it, and its real sign-in form over HTTP."""

import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

from tests.servers.keycloak.installation import distribution
from tests.servers.process import free_port, running

REALM = "jiuzhou"
CLIENT = "jiuzhou-center"
PASSWORD = "a sentence for keycloak"
_ADMIN = "admin"
_MAIN = "io.quarkus.bootstrap.runner.QuarkusEntryPoint"
# Without the distribution's script between: what is frozen or ended is the server itself.
_JAVA = [
    *("java", "-Xms64m", "-Xmx512m", "-XX:TieredStopAtLevel=1"),
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dpicocli.disable.closures=true",
    *("--add-opens", "java.base/java.util=ALL-UNNAMED"),
    *("--add-opens", "java.base/java.lang=ALL-UNNAMED"),
]


_ORGANISATION = {
    "name": "organisation",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-usermodel-attribute-mapper",
    "config": {
        "user.attribute": "organisation",
        "claim.name": "organisation",
        "jsonType.label": "String",
        "id.token.claim": "true",
    },
}
_ROLES = {
    "name": "roles in the ID token",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-usermodel-realm-role-mapper",
    "config": {
        "claim.name": "realm_access.roles",
        "jsonType.label": "String",
        "multivalued": "true",
        "id.token.claim": "true",
    },
}


class Keycloak:
    """A running server with the realm ``jiuzhou``."""

    def __init__(self, url: str, process: "subprocess.Popen[bytes]", password: str) -> None:
        self.url = url
        self.process = process
        self.client_secret = secrets.token_urlsafe(24)
        self._password = password

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{REALM}"

    def found(self, redirect_uris: list[str]) -> None:
        """Make the realm, its client, and the claim that names a person's organisation."""
        self.admin("POST", "", {"realm": REALM, "enabled": True})
        client = {
            "clientId": CLIENT,
            "secret": self.client_secret,
            "redirectUris": redirect_uris,
            "attributes": {
                "pkce.code.challenge.method": "S256",
                "post.logout.redirect.uris": "+",
            },
            "protocolMappers": [_ORGANISATION, _ROLES],
        }
        self.admin("POST", f"/{REALM}/clients", client)
        # Attributes that the realm's profile does not name are kept, so that there is an organisation.
        profile = self.admin("GET", f"/{REALM}/users/profile").json()
        self.admin(
            "PUT", f"/{REALM}/users/profile", {**profile, "unmanagedAttributePolicy": "ENABLED"}
        )
        for role in ("platform-admin", "province-operator"):
            self.admin("POST", f"/{REALM}/roles", {"name": role})

    def add_person(self, name: str, *roles: str, organisation: str | None = None) -> str:
        """Add somebody with realm roles; returns their id."""
        person: dict[str, Any] = {
            "username": name,
            "enabled": True,
            "email": f"{name}@example.com",
            "firstName": name,
            "lastName": "Test",
            "attributes": {} if organisation is None else {"organisation": [organisation]},
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        }
        place = self.admin("POST", f"/{REALM}/users", person).headers["location"]
        user = place.rpartition("/")[2]
        self.give_roles(user, *roles)
        return user

    def give_roles(self, user: str, *roles: str) -> None:
        """Give somebody realm roles."""
        found = [self.admin("GET", f"/{REALM}/roles/{role}").json() for role in roles]
        if found:
            self.admin("POST", f"/{REALM}/users/{user}/role-mappings/realm", found)

    def take_roles(self, user: str) -> None:
        """Take every realm role from somebody."""
        path = f"/{REALM}/users/{user}/role-mappings/realm"
        self.admin("DELETE", path, self.admin("GET", path).json())

    def rotate_keys(self) -> None:
        """Have the realm sign with a new key, and forget the others."""
        realm = self.admin("GET", f"/{REALM}").json()["id"]
        old = self.admin("GET", f"/{REALM}/components?type=org.keycloak.keys.KeyProvider").json()
        key = {
            "name": f"rsa-{secrets.token_hex(3)}",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm,
            "config": {"priority": ["1000"], "enabled": ["true"], "active": ["true"]},
        }
        self.admin("POST", f"/{REALM}/components", key)
        for item in old:
            if item["providerId"] == "rsa-generated":
                self.admin("DELETE", f"/{REALM}/components/{item['id']}")

    def admin(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Ask the server's own administration."""
        form = {"grant_type": "password", "client_id": "admin-cli"}
        form |= {"username": _ADMIN, "password": self._password}
        login = f"{self.url}/realms/master/protocol/openid-connect/token"
        token = httpx2.post(login, data=form, timeout=60).json()["access_token"]
        answer = httpx2.request(
            method,
            f"{self.url}/admin/realms{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        return answer.raise_for_status()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


class Browser:
    """What a person does at the provider: opens its page, fills its form in, follows where it leads."""

    def __init__(self) -> None:
        # As browsers do, it takes loopback for safe and brings `Secure` cookies there.
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.http = httpx2.Client(timeout=60, cookies=CookieJar(policy))

    def close(self) -> None:
        self.http.close()

    def sign_in(self, url: str, name: str, password: str = PASSWORD) -> str:
        """Fill the sign-in form in at an address; returns where the provider sends the browser."""
        page = self.http.get(url)
        if page.is_redirect:  # signed in already
            return page.headers["location"]
        form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert form is not None, page.text[:2000]
        action = urljoin(str(page.url), unescape(form[1]))
        answer = self.http.post(action, data={"username": name, "password": password})
        assert answer.is_redirect, answer.text[:2000]
        location: str = answer.headers["location"]
        return location

    def sign_out(self, url: str) -> str:
        """Confirm the sign-out at an address; returns where the provider sends the browser."""
        page = self.http.get(url)
        form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        code = re.search(r'name="session_code" value="([^"]+)"', page.text)
        assert form is not None, page.text[:2000]
        assert code is not None, page.text[:2000]
        action = urljoin(str(page.url), unescape(form[1]))
        answer = self.http.post(action, data={"session_code": code[1], "confirmLogout": "Logout"})
        location: str = answer.headers["location"]
        return location


@contextmanager
def running_keycloak(folder: Path, redirect_uris: list[str]) -> Iterator[Keycloak]:
    """Run a server of one's own for the length of a ``with`` block: 10 s and 400 MB."""
    home = folder / "keycloak"
    source = distribution()
    home.mkdir(parents=True)
    shutil.copytree(source / "conf", home / "conf")
    for name in ("lib", "providers", "themes"):
        (home / name).symlink_to(source / name)
    port, password = free_port(), secrets.token_urlsafe(12)
    url = f"http://127.0.0.1:{port}"
    command = [*_JAVA, f"-Dkc.home.dir={home}", f"-Djboss.server.config.dir={home / 'conf'}"]
    command += ["-cp", str(source / "lib" / "quarkus-run.jar"), _MAIN, "start", "--optimized"]
    options = [
        "--http-enabled=true",
        "--hostname-strict=false",
        "--http-host=127.0.0.1",
        f"--http-port={port}",
    ]
    environment = {
        "KC_BOOTSTRAP_ADMIN_USERNAME": _ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
    }
    with running(
        [*command, *options],
        log=folder / "keycloak.log",
        is_ready=lambda: _is_up(url),
        environment=environment,
        poll_seconds=0.5,
    ) as process:
        keycloak = Keycloak(url, process, password)
        keycloak.found(redirect_uris)
        try:
            yield keycloak
        finally:
            keycloak.thaw()


def _is_up(url: str) -> bool:
    try:
        found = httpx2.get(f"{url}/realms/master/.well-known/openid-configuration", timeout=2)
    except httpx2.HTTPError:
        return False
    return found.is_success
