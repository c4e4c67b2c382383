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
