"""The embedded quota ledger: what was granted is on the disk before it is told."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import delete, or_

from capability_sdk.contracts.model import Identifier, Strict
from edge_gateway.agent.database import AgentDatabase, LeaseRow

_KEPT_WINDOWS = 7
_TRIAL = "trial-"


class LeaseRequest(Strict):
    """Body of ``POST /v1/quota-leases``."""

    subscription: Identifier
    window: Annotated[int, Field(ge=0, le=10_000_000)]
    """Day number in the province's zone."""
    limit: Annotated[int, Field(ge=0, le=2**53)]
    want: Annotated[int, Field(ge=1, le=1_000_000)]


class LeaseAnswer(Strict):
    """How many calls were granted; 0 where the window's limit is used up."""

    granted: Annotated[int, Field(ge=0)]


class LeaseLedger:
    """Grants shares of a day's quota; a restart never grants anything twice."""

    def __init__(self, database: AgentDatabase) -> None:
        self._database = database

    def lease(self, request: LeaseRequest) -> LeaseAnswer:
        """Grant up to ``want`` calls of a window, durably, before the answer is given."""
        with self._database.transaction() as session:
            row = session.get(LeaseRow, (request.subscription, request.window))
            if row is None:
                row = LeaseRow(subscription=request.subscription, window=request.window, granted=0)
                session.add(row)
                # A new day is a good moment to forget old ones.
                session.execute(
                    delete(LeaseRow).where(
                        or_(
                            LeaseRow.subscription == request.subscription,
                            # A trial's token leases on one day alone, so nobody else forgets it.
                            LeaseRow.subscription.startswith(_TRIAL),
                        ),
                        LeaseRow.window < request.window - _KEPT_WINDOWS,
                    )
                )
            granted = max(0, min(request.want, request.limit - row.granted))
            row.granted += granted
        return LeaseAnswer(granted=granted)
