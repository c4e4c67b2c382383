"""What the console's page may do in a browser: the headers that every answer of it carries."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_PLAIN_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")


def page_headers(nonce: str, gateways: Iterable[str]) -> dict[str, str]:
    """Return the headers of the console's page.

    Args:
        nonce: Lets this answer's style elements through; scripts come from files alone.
        gateways: Addresses that a trial may call straight from the browser.
    """
    reachable = " ".join(["'self'", *sorted(filter(None, map(_origin, gateways)))])
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        f"connect-src {reachable}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-store",
        **FILE_HEADERS,
    }


FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every file that the console consists of."""


def _origin(address: str) -> str | None:
    """Return an address's origin; None where it could say more in a header than an origin."""
    parts = urlsplit(address.lower())
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if _PLAIN_ORIGIN.fullmatch(origin) else None
