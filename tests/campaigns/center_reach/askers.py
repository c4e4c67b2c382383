"""Who asks: every role, and every credential that is not, or no longer, one for the center."""

from dataclasses import dataclass

from httpx2 import Response
from starlette.testclient import TestClient

from center.permissions import PERMISSIONS, REGIONAL, Permission, Role
from tests.campaigns.center_reach.questions import Question
from tests.center_tenants import Tenants


@dataclass(frozen=True)
class Asker:
    """Somebody of zhejiang, of the center, or of nowhere.

    Attributes:
        role: None where the credential is worth nothing at the center.
        province: Whose objects are within reach; None where that is for nobody, or not by province.
        owns: Capability whose engineers they are; None for everybody but a province's engineers.
        rights: What they may do; None for everything that their role may.
    """

    name: str
    role: Role | None
    http: TestClient
    province: str | None = None
    owns: str | None = None
    rights: frozenset[Permission] | None = None

    def may(self, right: Permission) -> bool:
        """Tell whether the role has a right, here."""
        if self.role is None:
            return False
        return right in (PERMISSIONS[self.role] if self.rights is None else self.rights)

    @property
    def is_confined(self) -> bool:
        """Tell whether another province's objects are out of reach."""
        return self.province is not None or self.owns is not None

    def ask(self, question: Question) -> Response:
        """Ask one question."""
        body = question.body
        if isinstance(body, bytes):
            content: dict[str, object] = {"content": body}
        elif question.template == "/oauth2/token":
            content = {"data": body or {}}
        else:
            content = {} if body is None else {"json": body}
        # A sign-in or sign-out that was asked for is not kept: everybody stays who they are.
        cookies = dict(self.http.cookies)
        answer = self.http.request(
            question.method,
            question.path,
            params=dict(question.query),
            headers=dict(question.headers),
            **content,  # type: ignore[arg-type]  # one of the client's own arguments
        )
        self.http.cookies.clear()
        self.http.cookies.update(cookies)
        return answer


def askers(tenants: Tenants) -> list[Asker]:
    """Return everybody who asks; all that are confined are zhejiang's."""
    world, own = tenants.world, tenants.by_province["zhejiang"]
    former = own.edge
    own.edge = world.enrol(own.province).sign_in()
    application = _bearer(tenants, _access_token(tenants))
    token = own.operator.post("/api-tokens", {"label": "matrix"}).json()["token"]
    province = own.province
    wanted = {"label": "narrow", "provinces": [province]}
    narrow = _bearer(tenants, world.admin.post("/api-tokens", wanted).json()["token"])
    for program in (_bearer(tenants, token), narrow):
        program.get("/api/v1/me")  # its use is noted now, and by no question
    regional = world.add_person("regional", "admin", provinces=[province])
    detached = world.add_person("detached", "operator", provinces=[province])
    return [
        Asker("anonymous", None, world.anonymous),
        Asker("application", None, application),
        Asker("former edge", None, former.http),
        Asker("edge", Role.EDGE, own.edge.http, province),
        Asker("operator", Role.OPERATOR, own.operator.http, province),
        Asker("operator's token", Role.OPERATOR, _bearer(tenants, token), province),
        Asker("center's operator", Role.OPERATOR, detached.http, province),
        Asker("region's admin", Role.ADMIN, regional.http, province, rights=REGIONAL),
        Asker("admin's token for a province", Role.ADMIN, narrow, province, rights=REGIONAL),
        Asker("engineer", Role.ENGINEER, own.engineer.http, owns=own.capability),
        Asker("center's engineer", Role.ENGINEER, tenants.shop.author.http),
        Asker("admin", Role.ADMIN, world.admin.http),
    ]


def without_csrf_token(tenants: Tenants) -> list[Asker]:
    """Return people whose requests another site's page could have made."""
    own = tenants.by_province["zhejiang"]
    found = []
    for role, person in ((Role.ADMIN, tenants.world.admin), (Role.OPERATOR, own.operator)):
        http = TestClient(tenants.world.app, cookies=person.http.cookies)
        found.append(Asker(f"{person.name} from another site", role, http))
    return found


def _bearer(tenants: Tenants, token: str) -> TestClient:
    return TestClient(tenants.world.app, headers={"Authorization": f"Bearer {token}"})


def _access_token(tenants: Tenants) -> str:
    own = tenants.by_province["zhejiang"]
    body = {"client_id": own.application, "client_secret": own.client_secret}
    path = f"/api/v1/edges/{own.edge.identity.edge}/tokens"
    answer = own.edge.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token
