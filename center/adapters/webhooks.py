"""Sends webhooks: to public addresses alone, which are looked up once and then held to (C04).

The connection goes to the very address that was checked, so a name that answers differently the
second time (DNS rebinding) gains nothing. Redirects are not followed, proxies are not asked.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from center.notification.errors import AddressRefused

_PATIENCE_SECONDS = 10.0
_PORTS = {"https": 443, "http": 80}
_EMBEDDED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""Addresses that a translator turns into the IPv4 address in their last bits: RFC 6052, 8215."""
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that is assigned to the public of IPv6; outside of it lie IPv4 in disguise, and old site-locals."""
_NOBODYS = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Protocol, relay and documentation addresses that Python's `is_global` lets through."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


Resolve = Callable[[str, int], Collection[str]]
"""Returns every address of a host, as text; takes host and port."""


class NotDelivered(Exception):
    """The receiver could not be reached, or did not say that it has it."""


def resolve(host: str, port: int) -> Collection[str]:
    """Look a host up with the machine's resolver.

    Raises:
        OSError: There is no such host.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Posts bodies to addresses that people named.

    Attributes:
        allowed: Networks that are called although they are not public, such as an intranet; within
            these, http is good enough.
        resolve: Looks hosts up.
        tls: What certificates are checked against; the machine's authorities if None.
    """

    allowed: tuple[Network, ...] = ()
    resolve: Resolve = resolve
    tls: ssl.SSLContext | None = None

    def check(self, url: str) -> None:
        """Refuse an address that would be refused when something is sent.

        Raises:
            AddressRefused: It is no http address, or leads to where the center does not call.
        """
        self._place(url)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post once.

        Raises:
            AddressRefused: The address leads to where the center does not call.
            NotDelivered: No answer came in time, or another than 2xx.
        """
        parts, address = self._place(url)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        try:
            with self._connected(parts, address) as connection:
                connection.request("POST", target, body, dict(headers))
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise NotDelivered(f"{type(error).__name__} from {parts.hostname}") from error
        if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
            raise NotDelivered(f"{parts.hostname} answered {status}")

    def _place(self, url: str) -> tuple[SplitResult, Address]:
        if not url.isascii():
            raise AddressRefused(
                "Write the address in ASCII: a path percent-encoded, a host as xn--."
            )
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise AddressRefused("The address cannot be read.") from error
        if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
            raise AddressRefused("A webhook has an https address without a user name in it.")
        try:
            found = [_address(text) for text in self.resolve(parts.hostname, port)]
        except (OSError, ValueError) as error:
            raise AddressRefused(f"There is no host {parts.hostname}.") from error
        if not found or not all(self._may_call(address, parts.scheme) for address in found):
            raise AddressRefused(
                f"{parts.hostname} is not a public https address: loopback, private and link-local"
                " addresses are called only where the center's operator allows their network."
            )
        return parts, found[0]

    def _may_call(self, address: Address, scheme: str) -> bool:
        if any(
            address in network for network in self.allowed if network.version == address.version
        ):
            return True
        return scheme == "https" and _is_public(address)

    @contextmanager
    def _connected(
        self, parts: SplitResult, address: Address
    ) -> Iterator[http.client.HTTPConnection]:
        """Open a connection that ends in time, however slowly the other side speaks."""
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
        plain = socket.create_connection((str(address), port), _PATIENCE_SECONDS)
        end = threading.Timer(_PATIENCE_SECONDS, _shut, (plain,))
        end.start()
        try:
            connection.sock = plain if parts.scheme == "http" else self._secured(plain, host)
            yield connection
        finally:
            end.cancel()
            connection.close()
            plain.close()

    def _secured(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        context = self.tls or ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=host)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    is_nobodys = any(address in network for network in _NOBODYS)
    return address.is_global and not address.is_multicast and not is_nobodys


def _address(text: str) -> Address:
    """Read an address, and look through what only wraps an IPv4 address."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and any(address in network for network in _EMBEDDED):
        wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return wrapped or address


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
