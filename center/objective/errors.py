"""What can go wrong with objectives."""

from capability_sdk.contracts.errors import NotFound


class NoObjective(NotFound):
    """Nothing was measured yet: nobody has called the capability, or it is not the asker's to see."""

    code = "no-objective"
    title = "Nothing was measured against an objective yet"
