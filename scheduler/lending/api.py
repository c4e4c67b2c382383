"""Lending over HTTP, for the province's own processes."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path

from capability_sdk.contracts.model import Identifier
from capability_sdk.contracts.scaling import LendingView, Loan, LoanRenewal, LoanRequest
from capability_sdk.kit.problems import problem_responses
from scheduler.scaling.api import SchedulerDep

router = APIRouter(prefix="/api/v1/loans", tags=["lending"])

LoanId = Annotated[Identifier, Path(description="Id of the loan.")]


@router.post("", status_code=201, responses=problem_responses(401, 409, 422))
async def grant(body: LoanRequest, scheduler: SchedulerDep) -> Loan:
    """Lend spare capacity of one node to training or ETL work."""
    return await scheduler.scaling.lender.grant(body)


@router.get("", responses=problem_responses(401))
async def show(scheduler: SchedulerDep) -> LendingView:
    """Return what is lent, what is spare, and what is held back for inference."""
    return await scheduler.scaling.lender.view()


@router.post("/{loan}:renew", responses=problem_responses(401, 404, 409, 422))
async def renew(loan: LoanId, body: LoanRenewal, scheduler: SchedulerDep) -> Loan:
    """Lend for longer, from now on; one that is recalled is not renewed."""
    return await scheduler.scaling.lender.renew(loan, timedelta(seconds=body.seconds))


@router.delete("/{loan}", status_code=204, responses=problem_responses(401, 404))
async def give_back(loan: LoanId, scheduler: SchedulerDep) -> None:
    """Give back what was lent."""
    await scheduler.scaling.lender.give_back(loan)
    scheduler.reconciler.wake()
