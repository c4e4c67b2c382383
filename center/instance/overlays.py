"""What a province chooses of a capability's settings: checked by name, kept by version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.settings import Setting, Value
from center.capability.store import CapabilityStore, Sight
from center.identity.audit import record
from center.instance.domain import Share
from center.instance.errors import BadOverlay, OverlayNotFound
from center.instance.overlay_store import Choice, OverlayStore
from center.permissions import Actor
from center.preconditions import require_match


@dataclass(frozen=True, slots=True)
class Line:
    """One setting, with what stands in it.

    Attributes:
        chosen: What the province chose; None where it did not.
        before: What it had chosen in the version before.
        declared_by: Versions of the deployment that read it.
    """

    name: str
    setting: Setting
    chosen: Value | None
    before: Value | None
    declared_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """Whose settings."""

    province: str
    capability: str


def choose(  # noqa: PLR0913 - what is chosen, by whom, and on what ground
    session: Session,
    actor: Actor,
    where: Where,
    shares: Sequence[Share],
    values: Mapping[str, Value],
    *,
    reason: str,
    if_match: str | None,
    at: datetime,
) -> Choice:
    """Set what a province's versions find in their settings from now on.

    Args:
        session: Open transaction.
        actor: Who chooses; they may change the deployment.
        where: Province and capability.
        shares: Versions of the deployment.
        values: By name; what is left out has its default again.
        reason: Why.
        if_match: ``ETag`` of the choice that this one was made for.
        at: Now.

    Raises:
        BadOverlay: No version declares a name, or one does not take the value.
        PreconditionFailed: Somebody else chose in the meantime.
    """
    was = OverlayStore(session).newest(where.province, where.capability)
    require_match(if_match, was.version if was is not None else 0)
    manifests = _manifests(session, where.capability, shares)
    _require_declared(manifests, values)
    _require_taken(manifests, values)
    version = was.version + 1 if was is not None else 1
    item = Choice(
        *(where.province, where.capability, version, dict(values), reason, actor.name, at)
    )
    OverlayStore(session).add(item)
    detail = {"version": version, "digest": item.digest, "reason": reason}
    subject = f"deployment/{where.province}/{where.capability}"
    record(session, actor, "deployment.settings", subject, detail, at=at)
    return item


def earlier(session: Session, where: Where, version: int) -> dict[str, Value]:
    """Return the values of a version of the past; 0 is the package's own defaults.

    Raises:
        OverlayNotFound: There never was one of this number.
    """
    if version == 0:
        return {}
    found = OverlayStore(session).find(where.province, where.capability, version)
    if found is None:
        raise OverlayNotFound(f"The settings never had a version {version}.")
    return found.values


def compare(
    session: Session, where: Where, shares: Sequence[Share], item: Choice | None
) -> list[Line]:
    """Return each setting of a deployment, beside its default and the version before."""
    chosen = {} if item is None else item.values
    before = {} if item is None else earlier(session, where, item.version - 1)
    declared: dict[str, tuple[Setting, list[str]]] = {}
    for manifest in _manifests(session, where.capability, shares):
        for name, setting in manifest.settings.items():
            declared.setdefault(name, (setting, []))[1].append(manifest.version)
    return [
        Line(name, setting, chosen.get(name), before.get(name), tuple(versions))
        for name, (setting, versions) in sorted(declared.items())
    ]


def require_fitting(
    session: Session, province: str, capability: str, shares: Sequence[Share]
) -> None:
    """Refuse versions that would not take what their province has chosen.

    Raises:
        BadOverlay: One does not take a value.
    """
    chosen = OverlayStore(session).newest(province, capability)
    if chosen is not None and chosen.values:
        _require_taken(_manifests(session, capability, shares), chosen.values)


def _manifests(session: Session, capability: str, shares: Sequence[Share]) -> list[Manifest]:
    store = CapabilityStore(session)
    return [store.get(capability, share.version, Sight()).manifest for share in shares]


def _require_declared(manifests: Sequence[Manifest], values: Mapping[str, Value]) -> None:
    declared = {name for manifest in manifests for name in manifest.settings}
    for name in values:
        if name not in declared:
            there = f"there are {', '.join(sorted(declared))}" if declared else "there are none"
            raise BadOverlay(f"{name}: no version declares this setting; {there}.", field=name)


def _require_taken(manifests: Sequence[Manifest], values: Mapping[str, Value]) -> None:
    for manifest in manifests:
        for name in manifest.settings.keys() & values.keys():
            if (reason := manifest.settings[name].refusal(values[name])) is not None:
                raise BadOverlay(
                    f"{name}: {values[name]!r} {reason}, says {manifest.version}.", field=name
                )
