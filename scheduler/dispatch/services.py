"""What a call of each deployed version takes, by its measured passport."""

from collections.abc import Iterable
from dataclasses import dataclass

from capability_sdk.contracts.passport import NODE_SCORE, Passport
from capability_sdk.contracts.scheduling import LocalDeployment
from capability_sdk.gate.prediction import request_cpu_seconds


@dataclass(frozen=True, slots=True)
class Service:
    """What the gateway wants to know of a version.

    Attributes:
        cpu_seconds: CPU time of a call of one row on the reference node; 0 where it was not measured.
        is_stateless: Whether a call may be computed twice.
    """

    cpu_seconds: float = 0.0
    is_stateless: bool = False


class Services:
    """Reads each version's passport once."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str, str, str], Service] = {}
        self.known: dict[tuple[str, str], Service] = {}

    def use(
        self, deployments: Iterable[LocalDeployment], running: Iterable[tuple[str, str]]
    ) -> None:
        """Take over what shall run; a version that still runs on its way out stays known."""
        before, self._read = self._read, {}
        self.known = {key: self.known[key] for key in running if key in self.known}
        for item in deployments:
            key = (item.capability, item.version, item.code_digest, item.weights_digest)
            service = before.get(key) or _service_of(item)
            self._read[key] = self.known[item.capability, item.version] = service


def _service_of(deployment: LocalDeployment) -> Service:
    passport = Passport.model_validate(deployment.passport)
    seconds = request_cpu_seconds(passport, 1, NODE_SCORE)
    return Service(seconds, deployment.manifest.stateless)
