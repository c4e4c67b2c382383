"""Expected failures around deployments and desired state."""

from capability_sdk.contracts.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)


class DeploymentNotFound(NotFound):
    """The capability is not deployed in the province, or the province is not the asker's."""

    code = "deployment-not-found"
    title = "There is no such deployment"


class NotDeployable(Conflict):
    """A version of the deployment is not published."""

    code = "version-not-deployable"
    title = "Only published versions can be deployed"


class NoProvingEdge(Conflict):
    """A draft can run nowhere: no proving edge is enrolled beside the center."""

    code = "no-proving-edge"
    title = "There is no proving edge"


class BadSplit(InvalidInput):
    """The weights or versions of a deployment do not make sense."""

    code = "bad-split"
    title = "The traffic split is not valid"


class BadOverlay(InvalidInput):
    """A setting is not declared, or does not take the value."""

    code = "bad-overlay"
    title = "A setting of the overlay is not acceptable"


class OverlayNotFound(NotFound):
    """The overlay never had this version."""

    code = "overlay-not-found"
    title = "There is no such version of the overlay"


class BadBoost(InvalidInput):
    """A boost goes beyond the bounds of what it boosts."""

    code = "bad-boost"
    title = "The boost is beyond the deployment's bounds"


class NoBoost(NotFound):
    """The capability is not boosted in the province."""

    code = "no-boost"
    title = "There is no boost in force"


class OtherEdge(NotPermitted):
    """An edge asks for itself only."""

    code = "other-edge"
    title = "This belongs to another edge"
    cure = "Present the credential of the edge that the address names."
