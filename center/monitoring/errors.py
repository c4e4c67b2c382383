"""What can go wrong in the monitoring domain."""

from capability_sdk.contracts.errors import InvalidInput, NotFound


class NoProfile(NotFound):
    """No profile of the capability has arrived from the province."""

    code = "no-profile"
    title = "No profile has arrived yet"


class UnusableProfile(InvalidInput):
    """A profile cannot be added: it is not ours, or does not belong to the version's reference."""

    code = "unusable-profile"
    title = "The profile cannot be used"
