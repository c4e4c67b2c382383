"""What is kept of codes and of machines that joined: digests of secrets, never a secret."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.database import Database, Row
from scheduler.joining.domain import JoinedNode


class InvitationRow(Row):
    """A code that was made; it is gone once it was used."""

    __tablename__ = "invitation"
    code_digest: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str | None]
    expires_at: Mapped[float]


class JoinedNodeRow(Row):
    """A machine that joined."""

    __tablename__ = "joined_node"
    node: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    credential_digest: Mapped[str]


class JoiningStore:
    """Every query of these tables; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def invite(self, code_digest: str, node: str | None, now: datetime, until: datetime) -> None:
        """Keep a code, and forget those that are too old."""
        with self._database.session(write=True) as session:
            session.execute(delete(InvitationRow).where(InvitationRow.expires_at < now.timestamp()))
            session.add(
                InvitationRow(code_digest=code_digest, node=node, expires_at=until.timestamp())
            )

    def use(self, code_digest: str, joining: JoinedNode, now: datetime) -> bool:
        """Use a code up and keep the node, both or neither; tell whether the code was good.

        A name that is taken is taken over only by a code that was made for it.
        """
        with self._database.session(write=True) as session:
            code = session.get(InvitationRow, code_digest)
            if code is None or code.expires_at < now.timestamp():
                return False
            is_taken = session.get(JoinedNodeRow, joining.node) is not None
            if code.node != joining.node and (code.node is not None or is_taken):
                return False
            session.delete(code)
            session.merge(
                JoinedNodeRow(
                    node=joining.node,
                    host=joining.host,
                    credential_digest=joining.credential_digest,
                )
            )
            return True

    def joined(self) -> list[JoinedNode]:
        """Return the machines that joined."""
        with self._database.session() as session:
            rows = session.scalars(select(JoinedNodeRow).order_by(JoinedNodeRow.node))
            return [JoinedNode(row.node, row.host, row.credential_digest) for row in rows]

    def remove(self, node: str) -> bool:
        """Forget a machine; tell whether it was known."""
        with self._database.session(write=True) as session:
            row = session.get(JoinedNodeRow, node)
            if row is None:
                return False
            session.delete(row)
            return True
