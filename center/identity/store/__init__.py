"""Rows and queries of the identity domain."""

from center.identity.store.applications import ApplicationStore
from center.identity.store.flows import FlowStore
from center.identity.store.keys import AuthorKeyStore
from center.identity.store.organisations import OrganisationStore
from center.identity.store.places import PlaceStore, serving_provinces
from center.identity.store.sign_ins import SignInStore
from center.identity.store.tokens import ApiTokenStore
from center.identity.store.users import UserStore

__all__ = [
    "ApiTokenStore",
    "ApplicationStore",
    "AuthorKeyStore",
    "FlowStore",
    "OrganisationStore",
    "PlaceStore",
    "SignInStore",
    "UserStore",
    "serving_provinces",
]
