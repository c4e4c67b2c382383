"""The console at ``/``: one page for every address that is not the API's, and its files."""

import secrets
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.convertors import StringConvertor, register_url_convertor

from capability_sdk.contracts.errors import NotFound
from center.database import SessionDep
from center.front.assets import ConsoleFolder
from center.front.policy import FILE_HEADERS, page_headers
from center.permissions import Authenticate, Permission, permit
from center.trial.store import TrialStore

_NONCE = "CSP_NONCE"
_HASHED = "assets/"
_YEAR = "public, max-age=31536000, immutable"
_UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Jiuzhou</title>
<h1>The console is not built · 控制台尚未构建</h1>
<p>This center runs without its console's files. In a clone, <code>make console</code> builds them;
then restart the center. The API and the <code>jiuzhou</code> command work without.</p>
"""


class _PageAddress(StringConvertor):
    """Every address but those that belong to programs, where a wrong one stays a plain 404."""

    regex = r"(?!(?:api|oauth2|health|metrics|openapi\.json|\.well-known)(?:/|$)).*"


register_url_convertor("page", _PageAddress())
router = APIRouter(
    include_in_schema=False,
    dependencies=[permit(Permission.ANYONE)],
    default_response_class=Response,
)


@router.get("/{address:page}")
def show(address: str, request: Request, session: SessionDep) -> Response:
    """Answer with a built file, or with the page, whose router knows every other address."""
    folder: ConsoleFolder = request.app.state.console_folder
    console = folder.console()
    asset = console.assets.get(address)
    if asset is not None:
        path, encoding = asset.accepted(request.headers.get("accept-encoding", ""))
        headers = {**FILE_HEADERS, "Vary": "Accept-Encoding"}
        headers["Cache-Control"] = _YEAR if address.startswith(_HASHED) else "no-cache"
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return FileResponse(path, media_type=asset.media_type, headers=headers)
    if address.startswith(_HASHED):
        raise NotFound(f"There is no /{address}: reload the console, it was built anew.")
    nonce = secrets.token_urlsafe(16)
    headers = page_headers(nonce, _gateways(request, session))
    if console.page is None:
        return HTMLResponse(_UNBUILT, 503, headers)
    return HTMLResponse(console.page.replace(_NONCE, nonce), headers=headers)


def _gateways(request: Request, session: SessionDep) -> Sequence[str]:
    """Return the gateways at which whoever is signed in may try; strangers learn of none."""
    authenticate: Authenticate = request.app.state.authenticate
    actor = authenticate(request)
    if actor is None or not actor.may(Permission.TRY_CAPABILITIES):
        return []
    return TrialStore(session).gateways()
