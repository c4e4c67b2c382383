"""What HTTP shows of incident files, and what it takes."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from capability_sdk.contracts.model import (
    PLAIN_LINE,
    CapabilityName,
    Identifier,
    ProvinceName,
    Strict,
    UtcTime,
)
from center.identity.audit import words_of
from center.incident.domain import (
    Account,
    IncidentImpact,
    IncidentKind,
    IncidentState,
    Line,
    Source,
)
from center.incident.service import File

Text = Annotated[str, Field(max_length=20_000)]
Title = Annotated[str, Field(min_length=3, max_length=300, pattern=PLAIN_LINE)]


class IncidentBody(Strict):
    """Everything of a file that people write."""

    title: Title
    severity: IncidentImpact = IncidentImpact.WARNING
    begins_at: UtcTime
    ends_at: UtcTime | None = None
    capabilities: Annotated[list[CapabilityName], Field(max_length=100)] = []
    provinces: Annotated[list[ProvinceName], Field(max_length=100)] = []
    lead: Identifier | None = None
    attendees: Annotated[list[Identifier], Field(max_length=100)] = []
    summary: Text = ""
    near_cause: Text = ""
    root_cause: Text = ""

    @property
    def account(self) -> Account:
        """The same as a value."""
        members = self.model_dump()
        lists = ("capabilities", "provinces", "attendees")
        return Account(**{**members, **{name: tuple(members[name]) for name in lists}})


class NewIncidentBody(IncidentBody):
    """A file to open."""

    kind: IncidentKind = IncidentKind.INCIDENT


class EntryBody(Strict):
    """A line for the timeline."""

    at: UtcTime
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class ActionBody(Strict):
    """What is to be done, by whom, until when."""

    text: Annotated[str, Field(min_length=3, max_length=2000)]
    owner: Identifier
    due_on: date | None = None


class ActionView(BaseModel):
    """Something that is to be done."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str
    owner: str
    due_on: date | None
    created_by: str
    created_at: UtcTime
    done_at: UtcTime | None
    done_by: str | None


class IncidentView(BaseModel):
    """One file."""

    id: str
    kind: IncidentKind
    state: IncidentState
    title: str
    severity: IncidentImpact
    begins_at: UtcTime
    ends_at: UtcTime | None
    capabilities: list[str]
    """Empty for every capability of the provinces."""
    provinces: list[str]
    """Empty for all of them."""
    lead: str | None
    attendees: list[str]
    summary: str
    near_cause: str
    root_cause: str
    opened_by: str
    opened_at: UtcTime
    mitigated_at: UtcTime | None
    closed_at: UtcTime | None
    revision: int
    actions: list[ActionView]

    @classmethod
    def of(cls, file: File) -> Self:
        """Show a file."""
        item, account = file.incident, file.incident.account
        return cls(
            id=item.id,
            kind=item.kind,
            state=item.state,
            title=account.title,
            severity=account.severity,
            begins_at=account.begins_at,
            ends_at=account.ends_at,
            capabilities=list(account.capabilities),
            provinces=list(account.provinces),
            lead=account.lead,
            attendees=list(account.attendees),
            summary=account.summary,
            near_cause=account.near_cause,
            root_cause=account.root_cause,
            opened_by=item.opened_by,
            opened_at=item.opened_at,
            mitigated_at=item.mitigated_at,
            closed_at=item.closed_at,
            revision=item.revision,
            actions=[ActionView.model_validate(action) for action in file.actions],
        )


class LineView(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(from_attributes=True)

    at: UtcTime
    source: Source
    act: str
    actor: str
    subject: str
    province: str
    capability: str
    text: str
    says: dict[str, str] | None
    detail: dict[str, Any] | None

    @computed_field
    def words(self) -> dict[str, str]:
        """What people call the act, in ``zh`` and ``en``."""
        return words_of(self.act)


class TimelineView(BaseModel):
    """Everything that happened around an incident, oldest first."""

    gathered_at: UtcTime
    items: list[LineView]

    @classmethod
    def of(cls, lines: list[Line], now: datetime) -> Self:
        """Show a timeline as it is gathered at a moment."""
        return cls(gathered_at=now, items=[LineView.model_validate(line) for line in lines])
