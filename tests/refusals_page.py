"""``docs/refusals.md``, written from the causes that a province's callers may hear: ``make docs``."""

from collections.abc import Iterable, Iterator

from edge_gateway.gateway.refusals import (
    BESIDE,
    EVERYWHERE,
    FOR_TOKENS,
    IN_THE_BOOKS,
    OF_A_MODEL,
    OF_AN_INSTANCE,
    ON_THE_WAY,
    WITH_TOKEN,
    Cause,
)

_HEAD = """# Why a province's gateway refuses

Written from the gateway's causes by `make docs`. Each refusal is a problem document (RFC 9457): the last part of its
`type` (`/problems/CODE`) is the code, which stays; `cure` says what the asker can do. Whatever cannot be verified of a
token hears one and the same `invalid-token`, so that nobody learns from it how near a forgery came. A refused token
request names the center's own `reason` too, where the center has one.
"""

SECTIONS: dict[str, tuple[Cause, ...]] = {
    "Every request": (*EVERYWHERE, *BESIDE),
    "Requests with an access token": WITH_TOKEN,
    "Calls, and questions about a capability": ON_THE_WAY,
    "Calls alone": IN_THE_BOOKS,
    "What an instance answers": (*OF_AN_INSTANCE, *OF_A_MODEL),
    "Token requests (`POST /oauth2/token`)": FOR_TOKENS,
}


def page() -> str:
    """Write the page."""
    return _HEAD + "".join(
        line for title, causes in SECTIONS.items() for line in _table(title, causes)
    )


def _table(title: str, causes: Iterable[Cause]) -> Iterator[str]:
    yield f"\n## {title}\n\n| code | status | title | cure |\n|---|---|---|---|\n"
    for cause in sorted(causes, key=lambda item: (item.status, item.code)):
        yield f"| `{cause.code}` | {cause.status} | {cause.title} | {cause.cure} |\n"
