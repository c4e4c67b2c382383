"""What a fleet was begun as: kept in its folder, so that a later run goes on with the same one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field

from capability_sdk.contracts.errors import Conflict
from capability_sdk.kit.files import write_atomically
from deploy.fleet.catalogue import blueprints
from deploy.fleet.provinces import MOST_PROVINCES

PLAN_FILE: Final = "fleet.json"


class OtherFleet(Conflict):
    """The folder holds a fleet that was begun otherwise."""

    code = "other-fleet"
    title = "The folder holds another fleet"


class FleetPlan(BaseModel):
    """A fleet: the same plan makes the same records."""

    center: str
    provinces: Annotated[int, Field(ge=1, le=MOST_PROVINCES)]
    capabilities: Annotated[int, Field(ge=1, le=len(blueprints()))]
    days: Annotated[int, Field(ge=1, le=60)]
    seed: Annotated[int, Field(ge=0)]
    begins: datetime
    """First hour, UTC."""

    @classmethod
    def begun(cls, folder: Path, now: datetime, **asked: object) -> Self:
        """Return the plan of a folder: what stands there, or a new one.

        Args:
            folder: The fleet's folder; made if need be.
            now: The moment; a new fleet's ``days`` lie before its hour.
            asked: The other members.

        Raises:
            OtherFleet: The folder holds a fleet with other members.
        """
        found = cls.find(folder)
        if found is not None:
            differing = [name for name, value in asked.items() if getattr(found, name) != value]
            if differing:
                raise OtherFleet(
                    f"{folder} holds a fleet with other {', '.join(differing)}: `jiuzhou fleet"
                    " remove` takes it away, or choose another --folder."
                )
            return found
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        plan = cls.model_validate({**asked, "begins": hour})
        plan = plan.model_copy(update={"begins": hour - timedelta(days=plan.days)})
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(folder / PLAN_FILE, plan.model_dump_json(indent=2).encode())
        return plan

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """Return the plan that a folder holds."""
        try:
            return cls.model_validate_json((folder / PLAN_FILE).read_bytes())
        except FileNotFoundError:
            return None
