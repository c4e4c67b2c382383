"""What HTTP shows of overlays, and what it takes."""

from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.model import Strict, UtcTime, Wire
from capability_sdk.contracts.scaling import Reason
from capability_sdk.contracts.settings import MAX_SETTINGS, Setting, SettingName, Value
from center.instance.overlay_store import Choice
from center.instance.overlays import Line


class OverlayBody(Strict):
    """Body of ``PUT /provinces/{p}/deployments/{capability}/settings``."""

    values: Annotated[dict[SettingName, Value], Field(max_length=MAX_SETTINGS)] = Field(
        description="By name; what is left out has its default."
    )
    reason: Reason


class RollBackBody(Strict):
    """Body of ``POST /provinces/{p}/deployments/{capability}/settings:roll-back``."""

    version: Annotated[int, Field(ge=0, le=2**31, description="0 is as the package has it.")]
    reason: Reason


class SettingView(Wire):
    """One setting, with what stands in it."""

    name: str
    setting: Setting
    chosen: Value | None = None
    before: Value | None = Field(default=None, description="Chosen in the version before.")
    declared_by: list[str] = Field(description="Versions of the deployment that read it.")


class ChoiceView(Wire):
    """What a province chose at one time."""

    version: int
    values: dict[str, Value]
    digest: str
    reason: str
    changed_by: str
    changed_at: UtcTime

    @classmethod
    def of(cls, item: Choice) -> Self:
        """Show a choice."""
        return cls.model_validate(item, from_attributes=True)


class OverlayView(Wire):
    """The settings of one capability in one province."""

    version: int = Field(description="Also the `ETag`; 0 where nobody chose yet.")
    choice: ChoiceView | None = None
    settings: list[SettingView]

    @classmethod
    def of(cls, item: Choice | None, lines: list[Line]) -> Self:
        """Show what is in force, setting by setting."""
        return cls(
            version=0 if item is None else item.version,
            choice=None if item is None else ChoiceView.of(item),
            settings=[SettingView.model_validate(line, from_attributes=True) for line in lines],
        )
