"""Why a model could not become a package, and what to do about it."""

from capability_sdk.contracts.errors import InvalidInput


class ConversionFailed(InvalidInput):
    """The model, its data or the wishes of its author do not fit; the cure is part of the text."""

    code = "conversion-failed"
    title = "The model cannot be converted"

    def __init__(self, detail: str, *, cure: str, tensor: str | None = None) -> None:
        super().__init__(f"{detail} {cure}", cure=cure, tensor=tensor)
        self.detail = detail
        self.cure = cure
        self.tensor = tensor
