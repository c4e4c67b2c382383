"""Who reaches what: every route by every role about one's own, others' and nobody's objects (C01).

The expected answer follows from the permission that the route declares. Whoever may not see an
object must not learn of it: not from the body, not from the status, not from a list's total, not
from an `If-Match`; and what they send must change nothing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from httpx2 import Response

from center.permissions import Permission, UndeclaredRoute, declared_permissions
from tests.campaigns.center_reach.askers import Asker, askers, without_csrf_token
from tests.campaigns.center_reach.database import Watch
from tests.campaigns.center_reach.questions import Question, Questions
from tests.campaigns.harness import Campaign, PlantedBug, Run
from tests.center_tenants import Tenants, migrated_center, settle

_NOTES_REFUSALS = {"POST /api/v1/sessions", "POST /api/v1/edges/{edge}/telemetry"}
"""Routes that keep count of what they refuse."""
_ONLY_WHERE_SET_UP = {"GET /api/v1/oidc/start", "GET /api/v1/oidc/callback"}
"""Routes that there are only with a sign-in provider; tests/integration/test_center_oidc.py has one."""
_TO_ANY_PROVINCE = {"POST /api/v1/work-orders"}
"""Whoever knows every province may ask something of any."""


class Matrix:
    """Asks, and judges each answer by the permission of the route."""

    def __init__(self, run: Run, tenants: Tenants, watch: Watch) -> None:
        self._run = run
        self._watch = watch
        self._rights = declared_permissions(tenants.world.app)
        self._others = tenants.by_province["guizhou"].mark
        self._draft = tenants.by_province["guizhou"].draft
        self.answers: Counter[int] = Counter()
        self.reached: Counter[str] = Counter()

    def ask(self, asker: Asker, questions: Sequence[Question]) -> None:
        """Ask the same about own, other and nobody's objects, and hold the answers together."""
        answers = {question.whose: self._answer(asker, question) for question in questions}
        own, other, nobody = questions
        for question in questions:
            self._judge(asker, question, answers[question.whose])
        told = f"{asker.name}: {own.label} {own.variant}"
        # Where anyone may ask, what is said in the body is the credential.
        right = self._right(own)
        if (
            right is not Permission.ANYONE
            and asker.is_confined
            and self._names_secret(asker, other)
        ):
            seen = _without_words(answers["other"], other)
            alike = seen == _without_words(answers["nobody"], nobody)
            self._run.expect(alike, f"{told} tells others' objects from nobody's")
        if right is Permission.ANYONE or asker.may(right):
            self.reached[own.label] += answers["own"].status_code not in (401, 403, 404)

    def _answer(self, asker: Asker, question: Question) -> Response:
        answer = asker.ask(question)
        self.answers[answer.status_code] += 1
        if self._watch.changed():
            kept = answer.is_success or question.label in _NOTES_REFUSALS
            told = f"{asker.name}: {question.label} about {question.whose}"
            self._run.expect(kept, f"{told} was refused and changed something")
            stranger = question.whose == "other" and asker.is_confined
            stranger = stranger and not (asker.owns and question.label in _TO_ANY_PROVINCE)
            stranger = stranger and self._right(question) is not Permission.ANYONE
            self._run.expect(
                not (stranger and answer.is_success and _names_something(question)),
                f"{told} changed something",
            )
            self._watch.restore()
        return answer

    def _names_secret(self, asker: Asker, question: Question) -> bool:
        """Whether a question names what the asker may not know of; engineers know every province."""
        words = question.words if asker.owns is None else question.words[:-1]
        return any(word in question.said for word in words)

    def _right(self, question: Question) -> Permission:
        return self._rights.get((question.method, question.template), Permission.ANYONE)

    def _judge(self, asker: Asker, question: Question, answer: Response) -> None:
        told = f"{asker.name}: {question.label} {question.variant} about {question.whose}"
        right = self._right(question)
        if right is not Permission.ANYONE and not asker.may(right):
            wanted = 401 if asker.role is None else 403
            status = answer.status_code
            self._run.expect(status == wanted, f"{told}: {status}, not {wanted}")
        self._run.expect(answer.status_code < 500, f"{told}: {answer.status_code}")
        by_code = right is Permission.ANYONE and question.body is not None
        if (asker.role is None or asker.is_confined) and not by_code:
            self._expect_no_leak(told, question, answer)
        if asker.is_confined and answer.is_success and question.method == "GET":
            self._expect_own_list(told, asker, answer)
        if asker.name == "center's engineer" and self._draft not in question.said:
            self._run.expect(self._draft not in answer.text, f"{told} shows another's draft")

    def _expect_no_leak(self, told: str, question: Question, answer: Response) -> None:
        if self._others in question.said:
            return  # what an answer may repeat is compared with nobody's instead
        told_of = self._others in answer.text or self._others in str(answer.headers)
        self._run.expect(not told_of, f"{told} tells of another province")

    def _expect_own_list(self, told: str, asker: Asker, answer: Response) -> None:
        content = answer.json() if "json" in answer.headers.get("content-type", "") else None
        if not isinstance(content, dict) or not {"total", "items"} <= content.keys():
            return
        items = content["items"]
        complete = content.get("next") is not None or content["total"] == len(items)
        self._run.expect(complete, f"{told} counts {content['total']} of {len(items)} items")
        if asker.province is not None:
            foreign = {item.get("province", asker.province) for item in items} - {asker.province}
            self._run.expect(not foreign, f"{told} lists items of {foreign}")
        if asker.owns is not None:
            of_provinces = [item for item in items if "province" in item and "capability" in item]
            foreign = {item["capability"] for item in of_provinces} - {asker.owns}
            self._run.expect(not foreign, f"{told} lists items of {foreign}")


def _names_something(question: Question) -> bool:
    return any(word in question.said for word in question.words)


_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)|(?<=\"age_seconds\":)[\d.]+(e-\d+)?"
)
"""What differs between two answers because time goes by."""


def _without_words(answer: Response, question: Question) -> tuple[int, str]:
    """Take out moments and ages, and the words that the question itself says."""
    text, said = _MOMENT.sub("…", answer.text), question.said
    for word in sorted(question.words, key=len, reverse=True):
        if word in said:
            text, said = text.replace(word, "…"), said.replace(word, "…")
    return answer.status_code, text


def play(run: Run) -> None:
    """Ask everything of a center in this process, over SQLite."""
    for number in range(run.size):
        folder = run.folder / f"center-{number}"
        folder.mkdir()
        path = folder / "center.db"
        try:
            with migrated_center(f"sqlite:///{path}", folder) as world:
                _ask_all(run, settle(world), path)
        except UndeclaredRoute as undeclared:
            run.expect(False, f"the center does not start: {undeclared}")


def _ask_all(run: Run, tenants: Tenants, path: Path) -> None:
    everybody = askers(tenants)
    document = tenants.world.anonymous.get("/openapi.json").json()
    questions = list(Questions(document, tenants, run.seed).all())
    watch = Watch(path)
    _refuse_other_sites(run, tenants, questions, watch)
    matrix = Matrix(run, tenants, watch)
    for asked in questions:
        if run.findings.violations and run.size <= CAMPAIGN.small:
            return  # one suffices to find a planted bug
        for asker in everybody:
            matrix.ask(asker, asked)
    watch.close()
    unreached = {own.label for own, *_ in questions} - set(+matrix.reached) - _ONLY_WHERE_SET_UP
    run.expect(not unreached, f"nobody reached {', '.join(sorted(unreached))}")
    run.report(
        routes=len({own.label for own, *_ in questions}),
        askers=len(everybody),
        questions=matrix.answers.total(),
        answers=dict(sorted(matrix.answers.items())),
    )


def _refuse_other_sites(
    run: Run, tenants: Tenants, questions: Sequence[Sequence[Question]], watch: Watch
) -> None:
    """W04: a cookie alone, as another site's page can send it, changes nothing."""
    rights = declared_permissions(tenants.world.app)
    asked = 0
    for own, *_ in questions:
        if not own.changes or rights[own.method, own.template] is Permission.ANYONE:
            continue
        for asker in without_csrf_token(tenants):
            asked += 1
            answer = asker.ask(own)
            refused = answer.status_code == 403 and not watch.changed()
            refused = refused and answer.json()["type"] == "/problems/csrf-token-missing"
            run.expect(refused, f"{asker.name}: {own.label}: {answer.status_code}")
    run.report(changes_from_other_sites=asked)


CAMPAIGN = Campaign(
    name="center-reach",
    unit="matrices",
    small=1,
    large=3,
    planted=(
        PlantedBug(
            name="list-without-its-province",
            path="center/identity/store/places.py",
            old="""        statement = select(EdgeRow)
        if provinces is not None:
            statement = statement.where(EdgeRow.province.in_(sorted(provinces)))
""",
            new="        statement = select(EdgeRow)\n",
        ),
        PlantedBug(
            name="widened-to-anyone",
            path="center/subscription/api/subscriptions.py",
            old="""    "",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],""",
            new="""    "",
    dependencies=[permit(Permission.ANYONE)],""",
        ),
        PlantedBug(
            name="by-id-without-a-look-at-the-owner",
            path="center/subscription/service/requests.py",
            old="    if foreign or not actor.sees(item.province):",
            new="    if foreign:",
        ),
        PlantedBug(
            name="if-match-before-the-province",
            path="center/instance/service.py",
            old="""    actor.require_province(province)
    was = DeploymentStore(session).lock(province, capability)
    if was is None or not was.shares:
        raise DeploymentNotFound(f"{capability} is not deployed in {province}.")
    require_match(if_match, was.revision)
""",
            new="""    was = DeploymentStore(session).lock(province, capability)
    require_match(if_match, was.revision if was is not None else None)
    actor.require_province(province)
    if was is None or not was.shares:
        raise DeploymentNotFound(f"{capability} is not deployed in {province}.")
""",
        ),
        PlantedBug(
            name="total-of-everybody",
            path="center/subscription/store/subscriptions.py",
            old="        return map_page(page, _to_subscription)\n",
            new="""        total = self._session.query(SubscriptionRow).count()
        page = page.model_copy(update={"total": total})
        return map_page(page, _to_subscription)
""",
        ),
        PlantedBug(
            name="changed-before-refused",
            path="center/identity/service/applications.py",
            old="""    item = _get_living(session, actor, client_id)
    if item.is_active is active:""",
            new="""    item = ApplicationStore(session).get(client_id, lock=True)
    if item.is_active is active:""",
        ),
        PlantedBug(
            name="no-csrf-token-asked-for",
            path="center/authentication.py",
            old='_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})',
            new='_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})',
        ),
        PlantedBug(
            name="route-without-a-permission",
            path="center/subscription/api/subscriptions.py",
            old="""    "/{subscription}",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
""",
            new="""    "/{subscription}",
""",
        ),
    ),
    play=play,
)
