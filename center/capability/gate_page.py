"""A gate report as a page over HTTP, under a policy that lets nothing but its own style apply."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from capability_sdk.contracts.packages import GateReport
from capability_sdk.gate.page.words import Language


def gate_page(
    request: Request, report: GateReport, title: str, language: Language | None = None
) -> HTMLResponse:
    """Show a report.

    Args:
        request: Says which language the reader prefers.
        report: What the gate found.
        title: Name and version.
        language: Where the reader chose one.
    """
    # The template engine costs memory that only who reads a page needs.
    from capability_sdk.gate.page.rendering import (  # noqa: PLC0415 - see above
        CONTENT_SECURITY_POLICY,
        render,
    )

    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    page = render(report, title, language or ("zh" if chinese else "en"))
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Language",
    }
    return HTMLResponse(page, headers=headers)
