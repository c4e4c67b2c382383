"""Expected failures around roll-outs."""

from capability_sdk.contracts.errors import Conflict, InvalidInput, NotFound


class RolloutNotFound(NotFound):
    """There is no such roll-out, or not for this asker to know."""

    code = "rollout-not-found"
    title = "There is no such roll-out"


class BadRollout(InvalidInput):
    """The stages of a roll-out make no sense."""

    code = "bad-rollout"
    title = "The stages are not valid"


class RolloutRuns(Conflict):
    """Another roll-out changes one of these deployments."""

    code = "rollout-runs"
    title = "Another roll-out is under way there"


class RolloutEnded(Conflict):
    """A roll-out that is over cannot be changed any more."""

    code = "rollout-ended"
    title = "The roll-out is over"


class NoWayBack(Conflict):
    """Not one province could run again what it ran before."""

    code = "no-way-back"
    title = "There is no way back"
