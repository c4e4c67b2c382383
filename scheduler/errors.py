"""Expected failures of the scheduler."""

from capability_sdk.contracts.errors import Conflict, InvalidInput, NotFound, ServiceError


class StaleRevision(Conflict):
    """A newer list of deployments is already in force."""

    code = "stale-revision"
    title = "A newer list of deployments is in force"


class NodeNotFound(NotFound):
    """No node of this name has reported."""

    code = "node-not-found"
    title = "No node of this name has reported"


class SchedulerAlreadyRuns(ServiceError):
    """Another scheduler holds this province's folder."""

    code = "scheduler-already-runs"
    title = "Another scheduler works in this folder"
    status = 409


class FolderUnusable(ServiceError):
    """Instances cannot be started from this folder."""

    code = "folder-unusable"
    title = "The province's folder cannot be used"


class AmbiguousDeployments(InvalidInput):
    """A list of deployments contradicts itself."""

    code = "ambiguous-deployments"
    title = "The list names a version twice"


class StaleWeights(Conflict):
    """Other weights have been set since somebody read them."""

    code = "stale-weights"
    title = "The weights have changed since you read them"


class StaleView(Conflict):
    """The reservations have changed since a decision was taken."""

    code = "stale-view"
    title = "The reservations have changed since the decision"


class NoRoom(Conflict):
    """A node has not what a decision wants to take of it."""

    code = "no-room"
    title = "The node has no room for it"


class ReservationLost(Conflict):
    """A reservation is not its owner's any more."""

    code = "reservation-lost"
    title = "The reservation was lost"


class DecisionNotFound(NotFound):
    """No such decision is kept."""

    code = "decision-not-found"
    title = "No such decision is kept"


class StillDraining(Conflict):
    """What makes room on a node has not left it yet."""

    code = "still-draining"
    title = "The room is not free yet"


class ClusterUnusable(ServiceError):
    """Instances cannot be run in this Kubernetes cluster."""

    code = "cluster-unusable"
    title = "The Kubernetes cluster cannot be used"


class TraceUnusable(InvalidInput):
    """A recorded trace cannot be replayed."""

    code = "trace-unusable"
    title = "The trace cannot be replayed"


class PolicyUnknown(InvalidInput):
    """No placement policy is meant by these words."""

    code = "policy-unknown"
    title = "There is no such placement policy"
