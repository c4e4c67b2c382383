"""HTTP of the agent, on a Unix socket, for the province's own processes."""

import asyncio
import logging
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from capability_sdk.contracts.autonomy import AutonomyReport
from capability_sdk.contracts.problem import PROBLEM_JSON
from capability_sdk.contracts.tokens import CENTER_ISSUER, TokenAnswer
from capability_sdk.kit.problems import problem_responses
from edge_gateway.agent.errors import TokenError
from edge_gateway.agent.parts import Agent
from edge_gateway.agent.quota import LeaseAnswer, LeaseRequest
from edge_gateway.agent.signed import name_signer
from edge_gateway.agent.tokens import MAX_FORM_BYTES, read_request, token_problem

router = APIRouter(tags=["agent"])
_NO_STORE = {"Cache-Control": "no-store"}
_KEY_SECONDS = 4.0
_LOOK_SECONDS = 0.05
_log = logging.getLogger(__name__)


def _agent(request: Request) -> Agent:
    agent: Agent = request.app.state.agent
    return agent


AgentDep = Annotated[Agent, Depends(_agent)]


@router.post(
    "/oauth2/token",
    max_body_size=2 * MAX_FORM_BYTES,
    responses=problem_responses(400, 401, 403, 413, 503),
)
async def issue_token(request: Request, response: Response, agent: AgentDep) -> TokenAnswer:
    """Issue an access token for client credentials (RFC 6749, section 4.4)."""
    asked = read_request(await request.body())
    response.headers.update(_NO_STORE)
    answer = await agent.tokens.issue(asked)
    await _await_key(agent, answer.access_token)
    return answer


async def _await_key(agent: Agent, token: str) -> None:
    """Hand out a token of the center only when the province can verify it.

    After a cut, or a leak, the center may sign with a key that has not come by desired state yet.
    """
    kid, issuer = name_signer(token)
    deadline = time.monotonic() + _KEY_SECONDS
    while issuer == CENTER_ISSUER and not agent.states.knows_token_key(kid):
        if time.monotonic() > deadline:
            _log.warning("a token of the unknown key %s is handed out", kid)
            return
        await asyncio.sleep(_LOOK_SECONDS)


@router.post("/v1/quota-leases", responses=problem_responses(401, 422))
async def lease_quota(body: LeaseRequest, agent: AgentDep) -> LeaseAnswer:
    """Grant calls of a subscription's day to a gateway; 0 where they are used up."""
    return await run_in_threadpool(agent.quota.lease, body)


@router.get("/v1/status", responses=problem_responses(401))
async def status(agent: AgentDep) -> dict[str, Any]:
    """Tell what the agent has, what waits, and what stands still."""
    return await run_in_threadpool(agent.status)


@router.get("/health/autonomy", responses=problem_responses(401))
async def autonomy(agent: AgentDep) -> AutonomyReport:
    """Tell beforehand what would happen if the center went now."""
    return agent.autonomy


def install_token_errors(app: FastAPI) -> None:
    """Answer failed token requests in the words of RFC 6749 too."""

    @app.exception_handler(TokenError)
    async def token_error(_: Request, error: TokenError) -> JSONResponse:
        return JSONResponse(
            token_problem(error),
            error.status,
            headers={**error.headers, **_NO_STORE},
            media_type=PROBLEM_JSON,
        )
