"""``jiuzhou documents``: what capabilities are called with."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, show_item, show_rows

Name = Annotated[str, typer.Argument(help="Name of the capability.")]


class Language(StrEnum):
    """What a program is written in."""

    CURL = "curl"
    PYTHON = "python"
    JAVA = "java"
    GO = "go"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    documents = typer.Typer(no_args_is_help=True, help="What capabilities are called with.")
    documents.command("search")(search)
    documents.command("sample")(sample)
    documents.command("openapi")(openapi)
    documents.command("changes")(changes)
    app.add_typer(documents, name="documents")


def search(
    query: Annotated[str | None, typer.Argument(help="Words of a title, a field, a unit.")] = None,
    as_json: AsJson = False,
) -> None:
    """Search all contracts and their fields."""
    with center_client() as client:
        rows = list(client.pages("/documents", q=query))
    if not as_json:
        for row in rows:
            row["fields"] = ", ".join(match["name"] for match in row["matches"])
    columns = ["name", "version", "titles.zh", "titles.en", "owner", "fields"]
    show_rows(rows, columns, as_json=as_json, empty="No contract has all of these words.")


def sample(
    name: Name,
    language: Annotated[Language, typer.Option(help="Of the program.")] = Language.PYTHON,
    version: Annotated[str | None, typer.Option(help="The foremost by default.")] = None,
) -> None:
    """Print a program that calls a capability; it reads GATEWAY, CLIENT_ID and CLIENT_SECRET."""
    samples = _of_version(name, version, "code-samples")
    (text,) = (one["text"] for one in samples if one["language"] == language)
    print(text, end="")


def openapi(
    name: Name,
    version: Annotated[str | None, typer.Option(help="The foremost by default.")] = None,
) -> None:
    """Print a version's OpenAPI document."""
    show_item(_of_version(name, version, "openapi.json"), as_json=True)


def changes(
    name: Name,
    since: Annotated[str, typer.Option(help="The version that callers know.")],
    version: Annotated[str | None, typer.Option(help="The foremost by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare a contract with an earlier one, and name the subscriptions that the step breaks."""
    found = _of_version(name, version, "contract-changes", since=since)
    if as_json:
        show_item(found, as_json=True)
        return
    columns = ["impact", "side", "name", "kind", "member", "before", "after"]
    empty = f"Callers of {found['before']} meet the same in {found['after']}."
    show_rows(found["difference"]["changes"], columns, as_json=False, empty=empty)
    if found["affected_total"]:
        count, after, before = found["affected_total"], found["after"], found["before"]
        print(f"{after} breaks {count} subscriptions of {name} that were made for {before}.")
        columns = ["province", "application", "subscription"]
        show_rows(found["affected"], columns, as_json=False, empty="")


def _of_version(name: str, version: str | None, what: str, **query: str) -> Any:  # noqa: ANN401 - JSON
    with center_client() as client:
        chosen = version or client.get(f"/capabilities/{name}")["version"]
        return client.get(f"/capabilities/{name}/versions/{chosen}/{what}", **query)
