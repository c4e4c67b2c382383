"""Expected failures of the catalogue."""

from capability_sdk.contracts.errors import InvalidInput, NotPermitted


class NotYourListing(NotPermitted):
    """A capability's owner, or an admin, says who answers for it."""

    code = "not-your-listing"
    title = "Another organisation keeps this listing"
    cure = "Ask somebody of the owning organisation, or an admin of the center."


class NobodyOfThatName(InvalidInput):
    """An accountable owner is a person who has an account."""

    code = "nobody-of-that-name"
    title = "There is no such person"
