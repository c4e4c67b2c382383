"""Expected failures of the catalogue."""

from capability_sdk.contracts.errors import InvalidInput, NotPermitted


class NotYourListing(NotPermitted):
    """A capability's owner, or an admin, says who answers for it."""

    code = "not-your-listing"
    title = "Another organisation keeps this listing"


class NobodyOfThatName(InvalidInput):
    """An accountable owner is a person who has an account."""

    code = "nobody-of-that-name"
    title = "There is no such person"
