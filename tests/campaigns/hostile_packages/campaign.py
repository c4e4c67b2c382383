"""Hostile packages (P01 to P08) at upload: refused by name, before any write, executed never.

A real center process takes the whole corpus, then seeded mutations of good archives and of bad ones,
then uploads that break off, then an upload to a full disk. The kernel tells what appears in the
center's folders; memory and CPU are those of the center's process and its children.
"""

import io
import re
import tarfile
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import httpx

from capability_sdk.packaging import archive
from capability_sdk.packaging.builder import build_package
from capability_sdk.packaging.errors import PackageRefused
from capability_sdk.packaging.signing import generate_key
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.hostile_packages.adversity import break_off, check_at_the_desk, fill_the_disk
from tests.campaigns.hostile_packages.cases import Case, Traps, cases, gadgets
from tests.campaigns.hostile_packages.mutations import mutated
from tests.campaigns.hostile_packages.watching import Appearances, Cost, Meter, trap_port
from tests.center_process import CenterProcess, make_signing_key, running_center_process
from tests.unit.capability_sdk.packaging import forge

MOST_MEMORY = 64 << 20
MOST_CPU = 1.0
_PATIENCE = 3.0
"""Times more CPU than the bar are allowed where the machine is shared; the figure is reported."""
_LEAST_CASES = 200
_WHOLE_CORPUS = 1000
"""Mutations from which on a run is a large one."""
_UPLOADING = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """Uploads to one center, each measured and watched."""

    def __init__(self, run: Run, center: CenterProcess) -> None:
        self.center = center
        self.packages = center.data / "packages"
        self._run = run
        self._bearer = {"authorization": f"Bearer {center.token('author')}"}
        self._http = httpx.Client(
            base_url=center.url, headers=self._bearer, timeout=60, trust_env=False
        )
        self._seen = Appearances(self.packages, self.packages / "drafts", center.data)
        self._meter = Meter(center.process.pid)
        self.dearest: dict[str, tuple[float, str]] = {}

    def send(self, name: str, content: bytes) -> httpx.Response:
        """Upload an archive."""
        self._seen.since()
        self._meter.begin()
        answer = self._http.post(
            "/api/v1/packages", content=content, headers={"content-type": "application/gzip"}
        )
        self._weigh(name, self._meter.cost())
        return answer

    def headers(self) -> dict[str, str]:
        """Return the headers of the signed-in author."""
        return self._bearer

    def written(self) -> list[str]:
        """Name what appeared since the upload, but the upload itself and the database's files."""
        return [
            name
            for name in self._seen.since()
            if not _UPLOADING.fullmatch(name) and not name.startswith("center.db")
        ]

    def kept(self) -> set[str]:
        """Name what lies in the package store, drafts included."""
        return {
            str(path.relative_to(self.packages))
            for path in self.packages.rglob("*")
            if path.is_file()
        }

    def close(self) -> None:
        """Stop watching."""
        self._seen.close()
        self._http.close()

    def _weigh(self, name: str, cost: Cost) -> None:
        for kind, figure in (("cpu", cost.cpu), ("memory", float(cost.memory))):
            if figure >= self.dearest.get(kind, (0.0, ""))[0]:
                self.dearest[kind] = (figure, name)
        self._run.expect(cost.memory <= MOST_MEMORY, f"{name} took {cost.memory >> 20} MiB")
        self._run.expect(cost.cpu <= _PATIENCE * MOST_CPU, f"{name} took {cost.cpu:.2f} s of CPU")


def play(run: Run) -> None:
    """Send the corpus, ``size`` mutations, and what else can go wrong on the way."""
    with tempfile.TemporaryDirectory(prefix="jz") as short, trap_port() as port:
        scratch = Path(short)
        traps = Traps(str(scratch / "executed"), port.port)
        with running_center_process(scratch / "c") as center:
            author = center.join("author", "engineer")
            key = make_signing_key(author, scratch / "author.pem")
            uploads = Uploads(run, center)
            good = _good_package(scratch / "good", key)
            generate_key(scratch / "foreign.pem")
            foreign = _good_package(scratch / "foreign", scratch / "foreign.pem")
            try:
                corpus = _choose(run, traps)
                _corpus(run, uploads, corpus)
                _signed(run, uploads, good, foreign)
                if CAMPAIGN.has_told(run):
                    return
                _mutations(run, uploads, good, corpus)
                break_off(run, uploads, good)
                fill_the_disk(run, uploads, good)
            finally:
                uploads.close()
                author.close()
        check_at_the_desk(run, scratch / "desk", traps)
        run.expect(not Path(traps.file).exists(), "a payload was executed: it left its file")
        run.expect(port.sprung == 0, f"a payload was executed: it connected {port.sprung} times")
        astray = [path.name for path in scratch.rglob("*evil*")]
        run.expect(not astray, f"written out of the package: {astray}")
    run.report(
        **{
            f"most_{kind}": f"{figure:,.2f} ({name})"
            for kind, (figure, name) in uploads.dearest.items()
        }
    )


def _good_package(folder: Path, key: Path) -> bytes:
    project = forge.project(folder / "project")
    return build_package(project, folder / "good.tar.gz", signing_key=key).path.read_bytes()


def _choose(run: Run, traps: Traps) -> list[Case]:
    """Take the whole corpus; in a small run each gadget travels in one of its carriers only."""
    pickles = list(gadgets(traps))
    if run.size < _WHOLE_CORPUS:
        by_gadget = defaultdict(list)
        for case in pickles:
            by_gadget[case.name.split("-")[1]].append(case)
        pickles = [run.random.choice(carriers) for carriers in by_gadget.values()]
    return [*cases(traps), *pickles]


def _corpus(run: Run, uploads: Uploads, corpus: list[Case]) -> None:
    for case in corpus:
        if CAMPAIGN.has_told(run):
            return
        answer = uploads.send(case.name, case.make())
        kind = answer.json().get("type", "")
        details = [item["detail"] for item in answer.json().get("breaks", [])]
        run.expect(
            (answer.status_code, kind) == (422, "/problems/package-refused"),
            f"{case.name} was answered {answer.status_code} {kind}",
        )
        run.expect(case.explains(details), f"{case.name} was refused for {details[:2]}")
        written = uploads.written()
        run.expect(not written, f"{case.name} was written before it was refused: {written}")
    run.expect(uploads.kept() == set(), f"the corpus left {sorted(uploads.kept())[:3]}")
    counts = Counter(case.name.partition("-")[0] for case in corpus)
    if len(corpus) < _LEAST_CASES:
        raise Void("the corpus is incomplete")
    run.report(corpus=dict(sorted(counts.items())))


def _signed(run: Run, uploads: Uploads, good: bytes, foreign: bytes) -> None:
    """P08: what a signature says of other files is a lie, and the good package is taken."""
    files = _files(good)
    changed = {**files, "README.md": b"# Changed after it was signed\n"}
    other = {**files, "samples/more.json": files["samples/one.json"]}
    missing = {name: content for name, content in files.items() if name != "samples/one.json"}
    broken = {**files, "package.sig": b"{}"}
    versioned = {**files, "capability.toml": files["capability.toml"].replace(b"1.0.0", b"2.0.0")}
    resources = files["capability.toml"] + b"\n[resources]\nmemory_mib = 1\n"
    lies = {
        "changed": changed, "added": other, "missing": missing, "broken": broken,
        "other-version": versioned, "resources": {**files, "capability.toml": resources},
        "foreign-key": _files(foreign),
        "unsigned": {n: c for n, c in files.items() if n != "package.sig"},
    }  # fmt: skip
    for name, content in lies.items():
        answer = uploads.send(f"P08-{name}", forge.packed(content=content))
        run.expect(
            (answer.status_code, answer.json().get("type")) == (422, "/problems/signature-refused"),
            f"P08-{name} was answered {answer.status_code} {answer.json().get('type')}",
        )
        run.expect(uploads.kept() == set(), f"P08-{name} left {sorted(uploads.kept())[:3]}")
    answer = uploads.send("good", good)
    run.expect(answer.status_code == 201, f"the good package was answered {answer.text[:200]}")
    run.expect(len(uploads.kept()) == 1, f"the good package left {sorted(uploads.kept())}")


def _files(good: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(good)) as tar:
        return {item.name: tar.extractfile(item).read() for item in tar}  # type: ignore[union-attr]


def _mutations(run: Run, uploads: Uploads, good: bytes, corpus: list[Case]) -> None:
    """Whatever is sent is answered in the 400s, and the store stays as it was."""
    kept = uploads.kept()
    bases = [case.make() for case in run.random.sample(corpus, 20)]
    bases = [base for base in bases if len(base) < 1 << 20]
    outcomes: Counter[str] = Counter()
    for number in range(run.size):
        base = good if number % 2 else run.random.choice(bases)
        kind, content = mutated(base, run.random)
        answer = uploads.send(f"mutation {number}, {kind}", content)
        outcomes[f"{answer.status_code} {answer.json().get('type', '')}"] += 1
        is_fair = answer.status_code == 422 or _is_same(run.folder, content, good)
        run.expect(is_fair, f"mutation {number}, {kind}, was answered {answer.status_code}")
        if number % 50 == 0:
            run.expect(uploads.kept() == kept, f"mutation {number} left something")
    run.expect(uploads.kept() == kept, "the mutations left something")
    run.report(mutations=run.size, outcomes=dict(outcomes))


def _is_same(folder: Path, content: bytes, good: bytes) -> bool:
    """Tell whether a mutated archive holds the good package's files: then it exists already."""
    digests = []
    for number, item in enumerate((content, good)):
        path = folder / f"compared-{number}"
        path.write_bytes(item)
        try:
            digests.append(archive.read(path).digests)
        except PackageRefused:
            return False
    return digests[0] == digests[1]


CAMPAIGN = Campaign(
    name="hostile-packages",
    unit="mutations",
    small=60,
    large=10_000,
    play=play,
    planted=(
        PlantedBug(
            "link-check-off",
            "capability_sdk/packaging/archive.py",
            "if kind != tarfile.REGTYPE:",
            "if kind not in {tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE}:",
            along=(
                (
                    "capability_sdk/packaging/archive.py",
                    "    elif info.linkname:",
                    "    elif False:",
                ),
            ),
        ),
        PlantedBug(
            "size-by-header",
            "capability_sdk/packaging/inflate.py",
            "        self._inflated += len(content)\n",
            "",
        ),
        PlantedBug(
            "allowed-by-extension",
            "capability_sdk/packaging/layout.py",
            "(rule for rule in _RULES if rule.pattern.fullmatch(path))",
            '(r for r in _RULES if path.endswith(r.pattern.pattern.rsplit(".", 1)[-1]))',
        ),
        PlantedBug(
            "pickles-not-looked-for",
            "capability_sdk/packaging/formats.py",
            "if _PICKLE.match(head):",
            "if False:",
        ),
        PlantedBug(
            "written-before-judged",
            "capability_sdk/packaging/archive.py",
            "        content = _judge(file)\n        file.seek(0)\n"
            "        with _draft_of(folder) as draft:\n",
            "        with _draft_of(folder) as draft:\n"
            "            content = _judge(file)\n            file.seek(0)\n",
        ),
        PlantedBug(
            "signed-digests-not-compared",
            "capability_sdk/packaging/signing.py",
            "    _verify_by_library(folder, signature, canonical_public_key(public_key))\n"
            "    _verify_completeness(folder, signature)\n",
            "",
        ),
    ),
)
