"""Taking rights away: for good, and from all who hold them."""

from datetime import datetime
from typing import Annotated

import typer

from capability_sdk.cli.acts import act
from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    revoking = typer.Typer(no_args_is_help=True, help="Take a right away, for good.")
    revoking.command("subscription")(revoke_subscription)
    revoking.command("application")(revoke_application)
    revoking.command("secret")(revoke_secret)
    revoking.command("token")(revoke_token)
    revoking.command("edge")(revoke_edge)
    revoking.command("signing-key")(withdraw_signing_key)
    app.add_typer(revoking, name="revoke")
    keys = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")
    keys.command("rotate")(rotate_token_keys)
    app.add_typer(keys, name="token-key")


def revoke_subscription(
    subscription: Annotated[str, typer.Argument(help="Id of the subscription.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a subscription: its calls end on every gateway within seconds."""
    act(f"/subscriptions/{subscription}:revoke", as_json=as_json)


def revoke_application(
    application: Annotated[str, typer.Argument(help="Client id of the application.")],
    as_json: AsJson = False,
) -> None:
    """Revoke an application: its secrets and tokens are worthless, and nothing brings it back."""
    act(f"/applications/{application}:revoke", as_json=as_json)


def revoke_secret(
    application: Annotated[str, typer.Argument(help="Client id of the application.")],
    secret: Annotated[str, typer.Argument(help="Id of the secret.")],
) -> None:
    """Revoke one secret of an application, and every token that was asked with it."""
    with center_client() as client:
        client.delete(f"/applications/{application}/secrets/{secret}")
    print(f"{secret} is revoked.")


def revoke_token(
    jti: Annotated[str, typer.Argument(help="Token id, the claim jti.")],
    expires_at: Annotated[datetime, typer.Argument(help="When it expires, UTC.")],
) -> None:
    """Revoke one access token before it expires."""
    with center_client() as client:
        body = {"jti": jti, "expires_at": f"{expires_at.isoformat()}Z"}
        client.post("/token-revocations", body)
    print(f"{jti} is revoked.")


def revoke_edge(
    edge: Annotated[str, typer.Argument(help="Id of the edge, such as edge-zhejiang.")],
    as_json: AsJson = False,
) -> None:
    """Revoke an edge's key and every right in its province, until it enrols with a new code."""
    act(f"/edges/{edge}:revoke", as_json=as_json)


def withdraw_signing_key(
    key: Annotated[str, typer.Argument(help="Id of the key: the SHA-256 of its DER form.")],
    as_json: AsJson = False,
) -> None:
    """Withdraw a signing key: no upload and no approval rests on it any more."""
    act(f"/signing-keys/{key}:withdraw", as_json=as_json)


def rotate_token_keys(
    leaked: Annotated[
        bool, typer.Option("--leaked", help="Refuse whatever the old keys signed, at once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the key that signs access tokens; without --leaked no valid token is refused."""
    act("/token-keys:rotate", {"leaked": leaked}, as_json=as_json)
