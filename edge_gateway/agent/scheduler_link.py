"""The agent's side of the scheduler's HTTP API, on the same machine."""

from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from capability_sdk.contracts.errors import Unavailable
from capability_sdk.contracts.nodes import InstanceStatus
from capability_sdk.contracts.scaling import ScalingView
from capability_sdk.contracts.scheduling import DeploymentsAnswer, LocalDeployments, NodeView

_Item = TypeVar("_Item", InstanceStatus, NodeView, ScalingView)
_INSTANCES: TypeAdapter[list[InstanceStatus]] = TypeAdapter(list[InstanceStatus])
_NODES: TypeAdapter[list[NodeView]] = TypeAdapter(list[NodeView])
_SCALING: TypeAdapter[list[ScalingView]] = TypeAdapter(list[ScalingView])
_TIMEOUT = httpx.Timeout(5.0, connect=1.0)


class SchedulerAway(Unavailable):
    """The province's scheduler does not answer, or does not take what it was given."""

    code = "scheduler-away"
    title = "The province's scheduler cannot be used now"


class SchedulerLink:
    """Tells the scheduler what to run, and asks what runs."""

    def __init__(self, port: int, internal_token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {internal_token}"},
            timeout=_TIMEOUT,
            trust_env=False,
        )

    async def put(self, deployments: LocalDeployments) -> DeploymentsAnswer:
        """Replace what shall run.

        Raises:
            SchedulerAway: It was not taken.
        """
        body = deployments.model_dump(mode="json", by_alias=True)
        content = await self._ask("PUT", "/api/v1/deployments", body)
        try:
            return DeploymentsAnswer.model_validate_json(content)
        except ValidationError:
            raise SchedulerAway("The scheduler's answer is not understood.") from None

    async def instances(self) -> list[InstanceStatus]:
        """List running copies and their health.

        Raises:
            SchedulerAway: Nobody answers.
        """
        return _read(_INSTANCES, await self._ask("GET", "/api/v1/instances"))

    async def nodes(self) -> list[NodeView]:
        """List the nodes.

        Raises:
            SchedulerAway: Nobody answers.
        """
        return _read(_NODES, await self._ask("GET", "/api/v1/nodes"))

    async def scaling(self) -> list[ScalingView]:
        """List the versions whose replicas scale or are boosted.

        Raises:
            SchedulerAway: Nobody answers.
        """
        return _read(_SCALING, await self._ask("GET", "/api/v1/scaling"))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, body: object = None) -> bytes:
        try:
            response = await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise SchedulerAway(
                f"The scheduler does not answer ({type(error).__name__})."
            ) from error
        if not response.is_success:
            raise SchedulerAway(
                f"The scheduler refuses {method} {path} (HTTP {response.status_code})."
            )
        return response.content


def _read(adapter: TypeAdapter[list[_Item]], content: bytes) -> list[_Item]:
    try:
        return adapter.validate_json(content)
    except ValidationError:
        raise SchedulerAway("The scheduler's answer is not understood.") from None
