"""What pages may listen to: one table, topic by topic."""

from dataclasses import dataclass

from center.instance.document import WATCHED_TABLES as DESIRED_STATE_TABLES
from center.instance.domain import DESIRED_STATE
from center.permissions import Permission

SIGN_INS = "sign-ins"
"""Nobody listens to it; open streams look anew whether they may go on."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that pages show.

    Attributes:
        permission: Who may listen.
        tables: Written when it changes. People who are confined to a province hear of its rows
            alone where the table has a column ``province``.
    """

    permission: Permission
    tables: frozenset[str]


def _topic(permission: Permission, *tables: str) -> Topic:
    return Topic(permission, frozenset(tables))


_P = Permission
TOPICS: dict[str, Topic] = {
    "store": _topic(_P.READ_STORE, "capability", "capability_version", "catalogue_listing"),
    "discussion": _topic(_P.READ_STORE, "rating", "comment", "knowledge_note", "favourite"),
    "reviews": _topic(
        _P.READ_STORE, "capability_version", "review_tick", "review_comment", "retirement"
    ),
    "subscriptions": _topic(_P.READ_SUBSCRIPTIONS, "subscription", "subscription_change"),
    "applications": _topic(_P.READ_APPLICATIONS, "application"),
    "deployments": _topic(
        _P.READ_DEPLOYMENTS, "deployment", "boost", "overlay", "reported_content", "rollout"
    ),
    "monitoring": _topic(_P.READ_MONITORING, "drift_verdict", "board_province"),
    "operations": _topic(_P.READ_USAGE, "usage_hour", "province_health"),
    "alarms": _topic(_P.READ_ALARMS, "alarm", "alarm_silence"),
    "incidents": _topic(_P.READ_INCIDENTS, "incident", "incident_entry", "incident_action"),
    "notifications": _topic(_P.USE_OWN_ACCOUNT, "notification"),
    "objectives": _topic(_P.READ_OBJECTIVES, "objective", "objective_measured"),
    "provinces": _topic(_P.READ_PROVINCES, "province", "edge"),
    "users": _topic(_P.MANAGE_USERS, "user_account", "invitation"),
    "audit": _topic(_P.READ_AUDIT, "audit"),
}
"""Every topic; who adds one to it adds nothing else."""

WATCHED: dict[str, frozenset[str]] = {
    DESIRED_STATE: DESIRED_STATE_TABLES,
    SIGN_INS: frozenset({"sign_in", "api_token", "user_account"}),
    **{name: topic.tables for name, topic in TOPICS.items()},
}
"""What `note_writes` watches, in every process that writes."""
