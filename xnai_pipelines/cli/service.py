"""Commands of the service: serve it, and the tokens of its callers."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, settings
from xnai_pipelines.state.layout import Home

token_app = typer.Typer(no_args_is_help=True, help="Create, list and revoke tokens for callers of the service.")
app.add_typer(token_app, name="token")


@app.command()
def serve(
    auth: Annotated[bool, typer.Option("--auth/--no-auth", help="Require a token with every request.")] = True,
) -> None:
    """Serve search over HTTP until Ctrl-C.

    --no-auth is allowed only while the service listens on this machine alone.
    """
    from xnai_pipelines.extras import require

    require("serve", "The service")
    from xnai_pipelines.serving.run import run_service
    from xnai_pipelines.settings.language_model import language_model

    current = settings()
    writer = None
    if (model := language_model(current)) is not None:
        from xnai_pipelines.serving.writer import Writer

        writer = Writer(model.load(), current.llm_head_start, current.llm_keep_unsupported)

    def serving() -> None:
        print(f"Serving {current.home} at {current.service_url}. Ctrl-C stops it.", flush=True)

    run_service(
        Home(current.home),
        current.service,
        threads=current.threads,
        authenticated=auth,
        writer=writer,
        serving=serving,
    )


@app.command()
def mcp(
    group: Annotated[list[str] | None, typer.Option(help="Group of `access.yaml`; repeatable.")] = None,
) -> None:
    """Serve search to one agent over standard input and output (Model Context Protocol).

    The agent starts this command itself. It reads documents that no rule protects, and those of the groups named.
    """
    from xnai_pipelines.extras import require

    require("serve", "The service")
    from xnai_pipelines.serving.run import run_agent_server

    run_agent_server(Home(settings().home), frozenset(group or ()), settings().service.limits)


@token_app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who or what the token is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="search, answer, read, feedback or admin; repeatable.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option(help="Group of `access.yaml`; repeatable.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days until it expires.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Create a token and print it; it is stored as a hash and cannot be shown again."""
    from xnai_pipelines.errors import OptionError
    from xnai_pipelines.serving.tokens import Scope, create_token

    unknown = [one for one in scope or () if one not in list(Scope)]
    if unknown:
        raise OptionError(f"--scope {unknown[0]!r} is not one of {', '.join(Scope)}.")
    scopes = tuple(map(Scope, scope or (Scope.SEARCH, Scope.ANSWER, Scope.READ)))
    text, token = create_token(Home(settings().home), name, scopes, tuple(group or ()), timedelta(days=days))
    if as_json:
        print_json({"token": text, **_shown(asdict(token))})
        return
    print(text)
    typer.echo(
        f"Scopes: {', '.join(token.scopes)}. Groups: {', '.join(token.groups) or 'none'}. Expires {token.expires_at}. "
        f"Revoke it with `xnai token revoke {token.token_id}`.",
        err=True,
    )


@token_app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    from xnai_pipelines.serving.tokens import tokens

    found = [_shown(asdict(token)) for token in tokens(Home(settings().home))]
    if as_json:
        print_json(found)
        return
    from xnai_pipelines.cli.terminal import table

    columns = ("id", "name", "scopes", "groups", "expires")
    rows = [[t["token_id"], t["name"], ", ".join(t["scopes"]), ", ".join(t["groups"]), t["expires_at"]] for t in found]
    table("Tokens", columns, rows)


@token_app.command("revoke")
def revoke(token_id: Annotated[str, typer.Argument(help="Id of the token, from `xnai token list`.")]) -> None:
    """Revoke a token; the running service refuses it from the next request."""
    from xnai_pipelines.serving.tokens import revoke_token

    token = revoke_token(Home(settings().home), token_id)
    print(f"The token {token.token_id} of {token.name} is revoked.")


def _shown(token: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in token.items() if name != "digest"}
