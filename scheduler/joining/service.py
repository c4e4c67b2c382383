"""Invites machines, lets them join, and knows them by their credential."""

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta

from capability_sdk.contracts.errors import NotAuthenticated
from capability_sdk.contracts.joining import Invitation, JoinAnswer, JoinRequest
from capability_sdk.kit.clock import Clock
from scheduler.errors import NodeNotFound
from scheduler.joining.domain import JoinedNode, digest_of
from scheduler.joining.errors import CodeRefused, NodeNameTaken
from scheduler.joining.store import JoiningStore

CODE_LIFETIME = timedelta(minutes=15)


class Joining:
    """Keeps in memory who joined; what it changes stands in the store first."""

    def __init__(
        self, store: JoiningStore, taken: Callable[[], frozenset[str]], clock: Clock
    ) -> None:
        """Begin with those who joined before.

        Args:
            store: Where they are kept.
            taken: Tells the names of nodes that need not join.
            clock: Tells the time.
        """
        self._store = store
        self._taken = taken
        self._clock = clock
        self._nodes = {item.node: item for item in store.joined()}

    @property
    def nodes(self) -> frozenset[str]:
        """Names of the machines that joined."""
        return frozenset(self._nodes)

    def invite(self, node: str | None) -> Invitation:
        """Make a code that one machine joins with, within a quarter of an hour."""
        now, code = self._clock(), secrets.token_urlsafe(32)
        until = now + CODE_LIFETIME
        self._store.invite(digest_of(code), node, now, until)
        return Invitation(code=code, node=node, expires_at=until)

    def join(self, request: JoinRequest) -> JoinAnswer:
        """Let a machine join by its code, and give it its credential.

        Raises:
            CodeRefused: The code is not good, or not for this name.
            NodeNameTaken: A node that need not join has the name.
        """
        if request.node in self._taken():
            raise NodeNameTaken(
                f"The scheduler runs {request.node} itself: take another name.", node=request.node
            )
        credential = secrets.token_urlsafe(32)
        joined = JoinedNode(request.node, request.host, digest_of(credential))
        if not self._store.use(digest_of(request.code), joined, self._clock()):
            raise CodeRefused(
                "The code is not accepted. It works once, for 15 minutes; `jiuzhou node invite` on"
                " the scheduler's machine makes another, with --node for a name that is in use."
            )
        self._nodes[joined.node] = joined
        return JoinAnswer(node=joined.node, credential=credential)

    def remove(self, node: str) -> None:
        """Forget a machine: its credential is refused from now on.

        Raises:
            NodeNotFound: No machine of this name has joined.
        """
        self._nodes.pop(node, None)
        if not self._store.remove(node):
            raise NodeNotFound(f"No machine called {node} has joined.")

    def check(self, node: str, authorization: str) -> JoinedNode:
        """Return the machine that shows its credential.

        Raises:
            NotAuthenticated: The credential is not that of this node; the text is always the same.
        """
        joined = self._nodes.get(node)
        shown = digest_of(authorization.removeprefix("Bearer "))
        expected = "" if joined is None else joined.credential_digest
        if not hmac.compare_digest(shown, expected) or joined is None:
            raise NotAuthenticated("This address serves the machine that joined by this name.")
        return joined
