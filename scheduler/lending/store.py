"""Loans on disk: each is a reservation of the ledger, so nothing is ever lent twice."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from capability_sdk.contracts.scaling import Loan
from capability_sdk.contracts.scheduling import Priority
from scheduler.database import Database, Row
from scheduler.reservations.domain import Amounts, Claim
from scheduler.reservations.ledger import Ledger

_OWNER = "lender"


class LoanRow(Row):
    """A loan that has not ended."""

    __tablename__ = "loan"
    id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]


class LoanStore:
    """Every query of lending; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def loans(self) -> list[Loan]:
        """Return what is lent, the oldest loan first."""
        with self._database.session() as session:
            bodies = session.scalars(select(LoanRow.body))
            loans = [Loan.model_validate_json(body) for body in bodies]
        return sorted(loans, key=lambda loan: (loan.begun_at, loan.id))

    def grant(self, loan: Loan, has: Amounts, now: datetime) -> None:
        """Reserve what a loan takes, and keep it: neither exists without the other.

        Args:
            loan: What is lent.
            has: What its node has in all.
            now: Present moment.

        Raises:
            NoRoom: The node has not enough left.
            StillDraining: Somebody on the node makes room for another instance.
        """
        with self._database.session(write=True) as session:
            ledger = Ledger(session)
            claim = Claim(loan.id, loan.id, loan.node, amounts_of(loan), Priority.BEST_EFFORT)
            ledger.reserve(claim, has, seen=ledger.version, owner=_OWNER, until=loan.ends_at)
            ledger.bind(loan.id, _OWNER, now)
            session.add(LoanRow(id=loan.id, body=loan.model_dump_json()))

    def change(self, loan: Loan) -> None:
        """Keep a loan's new times or state."""
        with self._database.session(write=True) as session:
            session.merge(LoanRow(id=loan.id, body=loan.model_dump_json()))

    def end(self, loan: str) -> bool:
        """Give back what a loan took; tell whether it was there."""
        with self._database.session(write=True) as session:
            row = session.get(LoanRow, loan)
            if row is None:
                return False
            session.delete(row)
            ledger = Ledger(session)
            ledger.release(loan)
            ledger.forget(loan)
            return True


def amounts_of(loan: Loan) -> Amounts:
    """Return what a loan takes of its node."""
    return Amounts(loan.cpu_millicores, loan.memory_mib)
