"""Every table of the center in one place, for migrations and for tests."""

from center import changes, idempotency, jobs
from center.access import store as access
from center.access import trials
from center.alarm import store as alarm
from center.board import rows as board
from center.capability import store as capability
from center.capability.review import store as review
from center.catalogue import rows as catalogue
from center.database import Base
from center.discussion import rows as discussion
from center.feedback import store as feedback
from center.identity import audit
from center.identity import store as identity
from center.incident import store as incident
from center.instance import boost_store, content_store, draft_store, overlay_store
from center.instance import store as instance
from center.monitoring import store as monitoring
from center.notification import store as notification
from center.objective import store as objective
from center.operations import store as operations
from center.rollout import rows as rollout
from center.subscription import store as subscription
from center.trial import store as trial
from center.work_order import store as work_order

MODULES = (
    changes,
    idempotency,
    jobs,
    audit,
    identity,
    capability,
    review,
    discussion,
    subscription,
    access,
    instance,
    draft_store,
    boost_store,
    content_store,
    overlay_store,
    trials,
    trial,
    monitoring,
    feedback,
    operations,
    rollout,
    catalogue,
    objective,
    alarm,
    incident,
    board,
    notification,
    work_order,
)
"""Modules that declare rows; importing them fills the metadata."""

metadata = Base.metadata
"""All tables."""
