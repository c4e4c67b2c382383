"""HTTP of the notification domain: everybody's own, and nobody else's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from capability_sdk.contracts.errors import NotPermitted
from capability_sdk.contracts.model import Identifier
from capability_sdk.kit.problems import problem_responses
from center.access.vault import Vault
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.notification import service
from center.notification.service import Channels
from center.notification.store import DeliveryStore, InboxStore, RuleStore, WebhookStore
from center.notification.views import (
    ChannelsView,
    DeliveryView,
    NewWebhookView,
    NotificationView,
    ReadView,
    RuleBody,
    RuleView,
    UnreadView,
    WebhookBody,
    WebhookView,
)
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(tags=["notification"])


def _require_whole_person(actor: ActorDep) -> None:
    """People are told of all that they see: no token for less may read that, or send it elsewhere."""
    if actor.is_narrowed or actor.scopes is not None:
        raise NotPermitted(
            "This needs all that you may and see: sign in, or take a token for that."
        )


_OWN = [permit(Permission.USE_OWN_ACCOUNT), Depends(_require_whole_person)]
_RESPONSES = problem_responses(400, 401, 403, 404, 409, 412, 422, 503)


def _channels(request: Request) -> Channels:
    channels: Channels = request.app.state.channels
    return channels


def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


ChannelsDep = Annotated[Channels, Depends(_channels)]
VaultDep = Annotated[Vault, Depends(_vault)]
RuleId = Annotated[Identifier, Path()]


@router.get("/notifications", dependencies=_OWN, responses=_RESPONSES)
def list_notifications(
    session: SessionDep, actor: ActorDep, paging: PagingDep, unread: bool = False
) -> Page[NotificationView]:
    """List what you heard of, newest first."""
    found = service.inbox(session, actor, paging, unread=unread)
    return map_page(found, NotificationView.of)


@router.get("/notifications/unread", dependencies=_OWN, responses=_RESPONSES)
def count_unread(session: SessionDep, actor: ActorDep) -> UnreadView:
    """Count what you have not read."""
    return UnreadView(count=InboxStore(session).count_unread(actor.name))


@router.post("/notifications:read-all", dependencies=_OWN, responses=_RESPONSES)
def read_all(session: SessionDep, actor: ActorDep, clock: ClockDep) -> ReadView:
    """Mark everything as read."""
    return ReadView(read=InboxStore(session).read_all(actor.name, clock()))


@router.post(
    "/notifications/{notification}:read", status_code=204, dependencies=_OWN, responses=_RESPONSES
)
def read_one(
    notification: Annotated[int, Path(ge=1, le=2**53)],
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> None:
    """Mark one as read."""
    InboxStore(session).read(actor.name, notification, clock())


@router.get("/notification-channels", dependencies=_OWN, responses=_RESPONSES)
def show_channels(channels: ChannelsDep) -> ChannelsView:
    """Tell by which ways the center sends."""
    return ChannelsView(email=channels.email, webhooks=channels.webhooks is not None)


@router.get("/notification-rules", dependencies=_OWN, responses=_RESPONSES)
def list_rules(session: SessionDep, actor: ActorDep, paging: PagingDep) -> Page[RuleView]:
    """List your rules."""
    return map_page(RuleStore(session).page(actor.name, paging), RuleView.of)


@router.post("/notification-rules", status_code=201, dependencies=_OWN, responses=_RESPONSES)
def add_rule(
    body: RuleBody, session: SessionDep, actor: ActorDep, channels: ChannelsDep, once: OnceDep
) -> RuleView:
    """Say what you want to hear of, and how."""
    return once(
        lambda: RuleView.of(service.add_rule(session, actor, channels, body.wish)), RuleView
    )


@router.put("/notification-rules/{rule}", dependencies=_OWN, responses=_RESPONSES)
def put_rule(
    rule: RuleId,
    body: RuleBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    channels: ChannelsDep,
    if_match: IfMatch = None,
) -> RuleView:
    """Change one of your rules."""
    item = service.change_rule(session, actor, channels, rule, body.wish, if_match=if_match)
    response.headers["ETag"] = etag(item.revision)
    return RuleView.of(item)


@router.delete(
    "/notification-rules/{rule}", status_code=204, dependencies=_OWN, responses=_RESPONSES
)
def drop_rule(rule: RuleId, session: SessionDep, actor: ActorDep) -> None:
    """Remove one of your rules."""
    service.drop_rule(session, actor, rule)


@router.post(
    "/notification-rules/{rule}:test", status_code=204, dependencies=_OWN, responses=_RESPONSES
)
def test_rule(
    rule: RuleId, session: SessionDep, actor: ActorDep, channels: ChannelsDep, clock: ClockDep
) -> None:
    """Send something by a rule's way at once; the deliveries tell how it went."""
    service.test_rule(session, actor, channels, rule, clock())


@router.get("/webhooks", dependencies=_OWN, responses=_RESPONSES)
def list_webhooks(session: SessionDep, actor: ActorDep, paging: PagingDep) -> Page[WebhookView]:
    """List your webhooks."""
    found = WebhookStore(session).page(actor.name, paging)
    return map_page(found, WebhookView.model_validate)


@router.post("/webhooks", status_code=201, dependencies=_OWN, responses=_RESPONSES)
def add_webhook(
    body: WebhookBody,
    session: SessionDep,
    actor: ActorDep,
    channels: ChannelsDep,
    vault: VaultDep,
    clock: ClockDep,
    once: OnceDep,
) -> NewWebhookView:
    """Add an address that takes your notifications; its secret is shown this once."""

    def make() -> NewWebhookView:
        named = (body.name, body.url)
        made = service.add_webhook(session, actor, channels, vault, named, clock())
        shown = WebhookView.model_validate(made.webhook).model_dump()
        return NewWebhookView(**shown, secret=made.secret)

    return once(make, NewWebhookView)


@router.delete("/webhooks/{webhook}", status_code=204, dependencies=_OWN, responses=_RESPONSES)
def drop_webhook(
    webhook: Annotated[Identifier, Path()], session: SessionDep, actor: ActorDep, clock: ClockDep
) -> None:
    """Remove one of your webhooks."""
    service.drop_webhook(session, actor, webhook, clock())


@router.get("/notification-deliveries", dependencies=_OWN, responses=_RESPONSES)
def list_deliveries(session: SessionDep, actor: ActorDep, paging: PagingDep) -> Page[DeliveryView]:
    """List what was sent to you, and what failed, newest first."""
    return map_page(DeliveryStore(session).page(actor.name, paging), DeliveryView.of)
