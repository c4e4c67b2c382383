"""HTTP of the document hub."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse

from capability_sdk.contracts.model import CapabilityName, ProvinceName, SemanticVersion
from capability_sdk.kit.problems import problem_responses
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.database import SessionDep
from center.documents import openapi, samples, service
from center.documents.samples import Language
from center.documents.store import ContractMemory
from center.documents.views import ChangeNoticeView, ChangesView, CodeSampleView, DocumentView
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit

router = APIRouter(tags=["documents"])

Name = Annotated[CapabilityName, Path()]
Version = Annotated[SemanticVersion, Path()]
_ONE = "/capabilities/{name}/versions/{version}"
_READ = problem_responses(401, 403, 404, 422, 503)
_LIST = problem_responses(400, 401, 403, 422, 503)
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An OpenAPI 3.1 document.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def _memory(request: Request) -> ContractMemory:
    memory: ContractMemory = request.app.state.contracts
    return memory


MemoryDep = Annotated[ContractMemory, Depends(_memory)]


def _question(
    q: Annotated[
        str,
        Query(max_length=200, description="Words of titles, owner, or a field's name and unit."),
    ] = "",
    owner: Annotated[str | None, Query(max_length=100)] = None,
    domain: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,30}$")] = None,
) -> service.Question:
    return service.Question(tuple(q.split()), owner, domain)


@router.get("/documents", dependencies=[permit(Permission.READ_STORE)], responses=_LIST)
def search_documents(
    session: SessionDep,
    memory: MemoryDep,
    paging: PagingDep,
    question: Annotated[service.Question, Depends(_question)],
) -> Page[DocumentView]:
    """Search all contracts and their fields: each word in a title, an owner or a field."""
    return map_page(service.search(session, memory, question, paging), DocumentView.of)


@router.get("/change-notices", dependencies=[permit(Permission.READ_STORE)], responses=_LIST)
def list_change_notices(
    session: SessionDep,
    memory: MemoryDep,
    actor: ActorDep,
    paging: PagingDep,
    capability: Annotated[CapabilityName | None, Query()] = None,
    subscribed: Annotated[
        bool, Query(description="Only of what is subscribed to within your reach.")
    ] = False,
) -> Page[ChangeNoticeView]:
    """List what was published, newest first, with what each changed for callers."""
    page = service.notices(session, memory, actor, capability, paging, only_subscribed=subscribed)
    return map_page(page, ChangeNoticeView.of)


@router.get(
    f"{_ONE}/openapi.json",
    dependencies=[permit(Permission.READ_STORE)],
    response_class=JSONResponse,
    responses={**_DOCUMENT, **_READ},
)
def show_openapi(
    name: Name,
    version: Version,
    session: SessionDep,
    actor: ActorDep,
    province: Annotated[
        ProvinceName | None, Query(description="Whose gateway stands in it as the server.")
    ] = None,
) -> JSONResponse:
    """Describe one version as its callers meet it, in OpenAPI 3.1."""
    item = CapabilityStore(session).get(name, version, sight_of(actor))
    gateways = service.gateways_of(session, actor, province)
    return JSONResponse(openapi.describe(item.manifest, gateways))


@router.get(
    f"{_ONE}/code-samples",
    dependencies=[permit(Permission.READ_STORE)],
    responses=_READ,
)
def show_code_samples(
    name: Name, version: Version, session: SessionDep, actor: ActorDep
) -> list[CodeSampleView]:
    """Return programs that call a version, in curl, Python, Java and Go."""
    manifest = CapabilityStore(session).get(name, version, sight_of(actor)).manifest
    return [
        CodeSampleView(language=language, text=samples.write(manifest, language))
        for language in Language
    ]


@router.get(
    f"{_ONE}/contract-changes",
    dependencies=[permit(Permission.READ_STORE)],
    responses=_READ,
)
def show_contract_changes(
    name: Name,
    version: Version,
    session: SessionDep,
    actor: ActorDep,
    since: Annotated[SemanticVersion, Query(description="The version that callers know.")],
) -> ChangesView:
    """Compare a contract with an earlier one, and name the subscriptions that a step breaks."""
    return ChangesView.of(service.compare(session, actor, name, since, version))
