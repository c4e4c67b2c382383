"""The console's files as the center serves them: what a browser may do with them, and where they end."""

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from center.front.assets import ConsoleFolder
from tests.center_world import World, running_center

_SCRIPT = "console.log('a built file')"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("center")
    assets = folder / "dist" / "assets"
    assets.mkdir(parents=True)
    page = '<style nonce="CSP_NONCE"></style><script src="/assets/index-1.js"></script>'
    (folder / "dist" / "index.html").write_text(page)
    (assets / "index-1.js").write_text(_SCRIPT)
    (assets / "index-1.js.gz").write_bytes(gzip.compress(_SCRIPT.encode()))
    (folder / "secret.txt").write_text("not the console's")
    with running_center(f"sqlite:///{folder / 'c.db'}", folder) as made:
        made.app.state.console_folder = ConsoleFolder(folder / "dist")
        made.add_province("zhejiang")
        made.add_province("guizhou")
        made.add_province("yunnan")
        made.add_province("hainan")
        made.enrol("zhejiang", "https://gw.zhejiang.example/v2")
        made.enrol("guizhou", "https://gw.guizhou.example; script-src *")
        made.enrol("yunnan", "https://gw.yunnan.example/v2")
        made.enrol("hainan", "https://gw.hainan.example/v2")
        yield made


def policy(answer_headers: Mapping[str, str]) -> dict[str, str]:
    text = answer_headers["content-security-policy"]
    rules = [rule.strip().partition(" ") for rule in text.split(";")]
    return {name: values for name, _, values in rules}


@pytest.mark.parametrize("address", ["/", "/store/digit-recognition", "/monitoring?province=x"])
def test_every_address_of_the_console_answers_with_its_page(world: World, address: str) -> None:
    answer = world.anonymous.get(address)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "index-1.js" in answer.text


def test_W06_the_page_runs_no_inline_script_and_no_frame_holds_it(world: World) -> None:
    first, second = world.anonymous.get("/"), world.anonymous.get("/")

    rules = policy(first.headers)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    nonce = rules["style-src"].removeprefix("'self' 'nonce-").removesuffix("'")
    assert f'nonce="{nonce}"' in first.text
    assert rules["style-src"] != policy(second.headers)["style-src"]
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["referrer-policy"] == "no-referrer"


def test_W07_a_browser_may_call_the_gateways_where_its_person_may_try_and_nothing_else(
    world: World,
) -> None:
    operator = world.add_person("op", "operator", "zhejiang")
    nothing = {"enabled": False, "concurrency": 1, "rate_per_second": 1}
    world.admin.http.put("/api/v1/provinces/yunnan/trials", json=nothing).raise_for_status()

    stranger = policy(world.anonymous.get("/").headers)["connect-src"]
    seen = policy(operator.http.get("/").headers)["connect-src"]
    by_admin = policy(world.admin.http.get("/").headers)

    assert stranger == "'self'"
    # Guizhou's address would have changed the policy, and nothing is tried in Yunnan.
    assert seen == "'self' https://gw.hainan.example https://gw.zhejiang.example"
    assert by_admin["connect-src"] == seen
    assert by_admin["script-src"] == "'self'"


def test_a_hashed_file_is_kept_for_a_year_and_sent_compressed(world: World) -> None:
    answer = world.anonymous.get("/assets/index-1.js", headers={"accept-encoding": "gzip"})
    plain = world.anonymous.get("/assets/index-1.js", headers={"accept-encoding": "identity"})

    assert answer.text == plain.text == _SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("address", ["/assets/gone.js", "/api/v1/nope"])
def test_what_is_no_file_of_the_console_is_not_found(world: World, address: str) -> None:
    answer = world.anonymous.get(address)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_path_that_leaves_the_folder_leads_to_the_page_and_to_no_file(world: World) -> None:
    answer = world.anonymous.get("/%2e%2e/secret.txt")

    assert "not the console's" not in answer.text


def test_a_center_without_built_files_says_how_they_are_built_and_finds_them_then(
    world: World, tmp_path: Path
) -> None:
    served = world.app.state.console_folder
    world.app.state.console_folder = ConsoleFolder(tmp_path)
    unbuilt = world.anonymous.get("/store")
    (tmp_path / "index.html").write_text("built while the center runs")
    built = world.anonymous.get("/store")
    world.app.state.console_folder = served

    assert unbuilt.status_code == 503
    assert "make console" in unbuilt.text
    assert built.text == "built while the center runs"


def test_a_console_learns_what_its_person_may_do(world: World) -> None:
    engineer = world.add_person("eng", "engineer")

    given = engineer.get("/me").json()["permissions"]

    assert "publish:capabilities" in given
    assert "read:audit" not in given
    assert "read:audit" in world.admin.get("/me").json()["permissions"]
