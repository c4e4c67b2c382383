"""Replaces the key that signs access tokens, when it is old enough."""

from dataclasses import dataclass

from capability_sdk.kit.clock import Clock
from center.access.keys import KeyRing
from center.access.service import rotate_if_due
from center.access.vault import Vault
from center.database import Database
from center.permissions import WORKER
from center.settings import CenterSettings


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """One look at the age of the token key."""

    database: Database
    settings: CenterSettings
    clock: Clock

    def run(self) -> bool:
        """Look once; there is never a second look at once."""
        keys = KeyRing(Vault(self.settings.data / "keys"))
        with self.database.session() as session:
            rotate_if_due(
                session,
                WORKER,
                keys,
                self.clock(),
                lead=self.settings.key_publish_lead,
                age=self.settings.token_key_age,
            )
        return False
