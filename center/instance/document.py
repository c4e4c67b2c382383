"""Puts one province's desired state together from every domain below, and signs it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.packages import STATE_TYPE
from capability_sdk.contracts.scaling import Boost, ScalingRule
from capability_sdk.contracts.state import (
    DeploymentState,
    DesiredState,
    SubscriptionState,
    VersionShare,
)
from center.access.delegation import IssuerTerms, certify
from center.access.service import current_key_set, revoked_tokens
from center.access.store import DelegationRow, IssuerKeyRow, RevokedTokenRow, SigningKeyRow
from center.access.trials import TrialTermsRow, rules_of
from center.capability.rows import CapabilityVersionRow
from center.capability.store import CapabilityStore, Released
from center.identity.domain import Edge
from center.identity.store import ApplicationStore, PlaceStore
from center.identity.store.applications import ApplicationRow, ApplicationSecretRow
from center.identity.store.places import EdgeRow, ProvinceRow
from center.identity.store.users import UserRow
from center.instance.boost_store import BoostRow, BoostStore
from center.instance.domain import BoostOrder, Share
from center.instance.draft_store import Draft, DraftRow, DraftStore
from center.instance.overlay_store import OverlayRow, OverlayStore
from center.instance.store import DeploymentRow, DeploymentStore, IssuedState
from center.signing import Signer
from center.subscription.domain import Status, Subscription
from center.subscription.store import SubscriptionRow, SubscriptionStore

LIFETIME = timedelta(days=7)
RENEW_BEFORE = timedelta(days=3, hours=12)
"""Rest of the lifetime at which the document is issued again, though nothing has changed."""

WATCHED_TABLES = frozenset(
    row.__tablename__
    for row in (
        *(ProvinceRow, EdgeRow, ApplicationRow, ApplicationSecretRow),
        *(CapabilityVersionRow, SubscriptionRow, SigningKeyRow, RevokedTokenRow, DeploymentRow),
        *(DelegationRow, IssuerKeyRow, DraftRow, BoostRow, OverlayRow, TrialTermsRow, UserRow),
    )
)
"""Tables that `compose` reads."""

_DRAFT_QUOTA = 1_000_000
_DRAFT_RATE = 5_000.0
_DRAFT_CONCURRENCY = 256
"""What the one caller of a draft may do with it: enough for every load that a manifest declares."""

_MOVING: dict[str, bool | set[str]] = {
    "revision": True,
    "issued_at": True,
    "expires_at": True,
    "issuer": {"expires_at"},
}


@dataclass(frozen=True, slots=True)
class StateTerms:
    """What documents say that stands in no table.

    Attributes:
        issuer: What delegated issuers are certified for.
        origins: Web origins of the console, whose pages may call gateways.
    """

    issuer: IssuerTerms
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a document says, but for its revision and times.

    Attributes:
        digest: Equal for equal content.
        key_set_lead: Added to the version of the key set.
    """

    state: DesiredState
    digest: str
    key_set_lead: int

    def issue(self, revision: int, at: datetime, signer: Signer) -> IssuedState:
        """Sign the content as a revision that is valid from now on."""
        moving = {"revision": revision, "issued_at": at, "expires_at": at + LIFETIME}
        payload = self.state.model_copy(update=moving).model_dump_json(by_alias=True).encode()
        return IssuedState(
            revision=revision,
            content_digest=self.digest,
            issued_at=at,
            document=signer.sign_jws(payload, STATE_TYPE, "state"),
            key_set_lead=self.key_set_lead,
        )


def compose(
    session: Session, edge: Edge, now: datetime, terms: StateTerms, key_set_lead: int = 0
) -> Content:
    """Read what an edge must know now.

    Args:
        session: Open transaction; what it reads is what the document says.
        edge: Whose document.
        terms: What it says that stands in no table.
        now: Decides which revocations still matter.
        key_set_lead: Added to the version of the key set.
    """
    province = edge.province
    keys = current_key_set(session, now)
    state = DesiredState(
        province=province,
        edge=edge.id,
        epoch=edge.epoch,
        revision=1,
        issued_at=now,
        expires_at=now,
        zone=PlaceStore(session).get(province).zone,
        token_keys=keys.model_copy(update={"version": keys.version + key_set_lead}),
        revoked_tokens=revoked_tokens(session, province, now),
        # A revoked edge learns that nobody may do anything in its province, its issuer included.
        **(_rights(session, edge, terms, now) if edge.revoked_at is None else {}),
    )
    plain = state.model_dump(mode="json", by_alias=True, exclude=_MOVING)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    return Content(state, digest, key_set_lead)


def _rights(session: Session, edge: Edge, terms: StateTerms, now: datetime) -> dict[str, Any]:
    province = edge.province
    granted = SubscriptionStore(session).granted_in(province)
    drafts = DraftStore(session).in_force(province, now)
    return {
        "applications": ApplicationStore(session).states(province),
        "subscriptions": [
            *(_subscription(item) for item in granted),
            *(_right(draft) for draft in drafts),
        ],
        "deployments": deployments(session, province, now),
        "issuer": certify(session, edge, terms.issuer, now),
        "trials": rules_of(session, province, terms.origins),
    }


def deployments(session: Session, province: str, now: datetime) -> list[DeploymentState]:
    """Return what a province is to run: a withdrawn version is gone from it at once.

    The other versions keep their weights, so no traffic moves to what nobody chose. Only a proving
    province has drafts, and it has nothing else.
    """
    return [
        *_deployed(session, province, now),
        *_drafted(DraftStore(session).in_force(province, now)),
    ]


def _deployed(session: Session, province: str, now: datetime) -> list[DeploymentState]:
    boosts = BoostStore(session).in_force(province, now)
    overlays = OverlayStore(session).in_force(province)
    wanted = DeploymentStore(session).of_province(province)
    released = CapabilityStore(session).released([item.capability for item in wanted])
    found: list[DeploymentState] = []
    for item in wanted:
        shares = [
            _share(share, released[item.capability, share.version])
            for share in item.shares
            if (item.capability, share.version) in released
        ]
        if shares:
            boost = boosts.get(item.capability)
            found.append(
                DeploymentState(
                    capability=item.capability,
                    versions=shares,
                    boost=None if boost is None else _boost(boost),
                    priority=item.plan.priority,
                    apart=item.plan.apart,
                    overlay=overlays.get(item.capability),
                )
            )
    return found


def _boost(order: BoostOrder) -> Boost:
    return Boost(
        id=order.id,
        replicas=order.replicas,
        by=order.ordered_by,
        reason=order.reason,
        begun_at=order.begun_at,
        until=order.until,
    )


def _drafted(drafts: list[Draft]) -> list[DeploymentState]:
    by_version: dict[str, dict[str, VersionShare]] = {}
    for draft in drafts:
        versions = by_version.setdefault(draft.capability, {})
        before = versions.get(draft.version)
        replicas = max(draft.replicas, before.replicas if before is not None else 0)
        # Of two drafts of one version the later release counts: it ends last.
        released = Released(draft.digests, draft.release)
        versions[draft.version] = _share(Share(draft.version, 1, replicas), released)
    return [
        DeploymentState(capability=capability, versions=list(versions.values()))
        for capability, versions in by_version.items()
    ]


def _right(draft: Draft) -> SubscriptionState:
    return SubscriptionState(
        id=draft.id,
        application=draft.application,
        capability=draft.capability,
        active=True,
        daily_quota=_DRAFT_QUOTA,
        rate_per_second=_DRAFT_RATE,
        concurrency=_DRAFT_CONCURRENCY,
    )


def _share(share: Share, released: Released) -> VersionShare:
    return VersionShare(
        version=share.version,
        weight=share.weight,
        replicas=share.replicas,
        scaling=None if share.scaling is None else ScalingRule(**asdict(share.scaling)),
        engine=None if share.engine is None else Engine(share.engine),
        package_digest=released.digests.package,
        code_digest=released.digests.code,
        weights_digest=released.digests.weights,
        release=released.release,
        parts=released.parts,
    )


def _subscription(item: Subscription) -> SubscriptionState:
    return SubscriptionState(
        id=item.id,
        application=item.application,
        capability=item.capability,
        active=item.status is Status.ACTIVE,
        daily_quota=item.terms.daily_quota,
        rate_per_second=item.terms.rate_per_second,
        concurrency=item.terms.concurrency,
    )
