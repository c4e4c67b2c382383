"""Bugs that the campaign must find before its word counts."""

from tests.campaigns.harness import PlantedBug

_LAST = "last = now if leaked else new.active_from + OVERLAP"

BUGS = (
    PlantedBug("no-overlap", "center/access/service.py", _LAST, "last = new.active_from"),
    PlantedBug(
        "keys-are-read-once",
        "edge_gateway/gateway/tokens.py",
        "if fingerprint != self._fingerprint:",
        "if not self._fingerprint:",
    ),
    PlantedBug(
        "keys-stay-published",
        "center/access/domain.py",
        "return self.expires_at is None or now < self.expires_at",
        "return self.active_from is not None",
    ),
    PlantedBug(
        "an-old-state-is-taken-over",
        "edge_gateway/agent/state_on_disk.py",
        """            refuse_rollback(view, self.current.view if self.current else None)
            refuse_below(view, load_floor(self._folder))
        except""",
        "        except",
    ),
    PlantedBug(
        "the-floor-is-forgotten",
        "edge_gateway/state.py",
        "(new.state.epoch, new.revision) < (floor.epoch, floor.revision)",
        "new.state.epoch < floor.epoch",
    ),
)
