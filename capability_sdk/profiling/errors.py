"""What can be wrong with a profile."""

from capability_sdk.contracts.errors import InvalidInput


class UnusableData(InvalidInput):
    """The data given as reference does not fit the manifest."""

    code = "unusable-reference-data"
    title = "The reference data does not fit the manifest"


class AnchorMismatch(InvalidInput):
    """Counts, anchors and tensors do not belong together."""

    code = "anchor-mismatch"
    title = "The profile does not fit its anchors"


class ForeignContent(InvalidInput):
    """A profile carries something else than anchored counts; it may not leave the province."""

    code = "foreign-content"
    title = "The profile carries more than anchored counts"
