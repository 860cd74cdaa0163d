"""The routes of the chat page: its files, its session, and what its filters can name."""

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from xnai_pipelines.errors import NotAuthenticatedError, NotFoundError
from xnai_pipelines.serving.caller import BEARER, BY_ISSUER, Caller
from xnai_pipelines.serving.current import Served
from xnai_pipelines.serving.reference import reference_page
from xnai_pipelines.serving.routes import Asking, Serving
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.sessions import LIFETIME_SECONDS, Session, cookie_name
from xnai_pipelines.serving.tokens import Scope

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = Path(__file__).parent / "files"
_MAX_FOLDERS = 200

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page(request: Request) -> Response:
    """Return the page."""
    return _file("index.html", request)


@router.get("/docs")
def docs(request: Request) -> Response:  # in a thread: the description takes half a second to make
    """Return the description of all routes, for people."""
    return HTMLResponse(_reference(request.app), headers={"Content-Security-Policy": POLICY})


@lru_cache(maxsize=1)
def _reference(app: FastAPI) -> str:
    return reference_page(app.openapi())


@router.get("/page/{name}")
async def file(name: str, request: Request) -> Response:
    """Return a file of the page."""
    return _file(name, request)


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """Return content, media type and ETag of the page's files by name."""
    found = {}
    for path in _FILES.iterdir():
        content = path.read_bytes()
        found[path.name] = content, _KINDS[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return found


def _file(name: str, request: Request) -> Response:
    if name not in files():
        raise NotFoundError("There is no such file.")
    content, kind, tag = files()[name]
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


class SignIn(BaseModel):
    """A token."""

    token: Annotated[str, Field(min_length=1, max_length=10_000)]


class Person(BaseModel):
    """Who uses the page."""

    id: str = Field(description="The same for one caller, and for nobody else.")
    name: str
    scopes: list[Scope]
    csrf: str | None = Field(default=None, description="To be sent as X-CSRF-Token; None without a session.")
    can_sign_out: bool = False

    @classmethod
    def of(cls, caller: Caller, session: Session | None) -> "Person":
        """Return the caller as the page sees it."""
        name = caller.name
        return cls(
            id=hashlib.sha256(name.encode()).hexdigest()[:32],
            name=name.removeprefix(BY_ISSUER) if name.startswith(BY_ISSUER) else name.partition("/")[0],
            scopes=sorted(caller.scopes),
            csrf=session.csrf if session else None,
            can_sign_out=session is not None,
        )


@router.get("/session")
async def who(request: Request, service: Serving) -> Person:
    """Return who uses the page.

    Raises:
        NotAuthenticatedError: Nobody has signed in.
    """
    caller = await service.doorkeeper.caller(service.sessions.authorization(request.scope))
    return Person.of(caller, service.sessions.of(request.scope))


@router.post("/session")
async def sign_in(body: SignIn, request: Request, response: Response, service: Serving) -> Person:
    """Exchange a token for a session.

    Raises:
        NotAuthenticatedError: The token is not valid.
    """
    authorization = f"{BEARER} {body.token.strip()}"
    try:
        caller = await service.doorkeeper.caller(authorization)
    except NotAuthenticatedError:
        raise NotAuthenticatedError("The token is not valid, or has expired.") from None
    service.sessions.close(request.scope)
    value, session = service.sessions.open(authorization)
    response.set_cookie(
        cookie_name(request.scope),
        value,
        max_age=LIFETIME_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return Person.of(caller, session)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response, service: Serving) -> None:
    """End the session."""
    service.sessions.authorization(request.scope)  # with its CSRF token alone
    service.sessions.close(request.scope)
    response.delete_cookie(
        cookie_name(request.scope), httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


class Choices(BaseModel):
    """What the filters of a question can name."""

    documents: int
    folders: list[str]
    languages: list[str]
    media_types: list[str]


@router.get("/v1/filters", include_in_schema=True)
async def choices(service: Serving, caller: Asking) -> Choices:
    """Return folders, languages and media types of the documents that the caller may read."""
    return await what_can_be_chosen(service, caller)


async def what_can_be_chosen(service: Service, caller: Caller) -> Choices:
    """Return what the filters can name for a caller."""
    caller.require(Scope.READ)

    def work(served: Served, groups: frozenset[str]) -> Choices:
        index = served.for_groups(groups).index
        sources = [source for source, _ in index.contents.documents()]
        folders = dict.fromkeys(f"{source.split('/')[0]}/" for source in sources if "/" in source)
        return Choices(
            documents=len(sources),
            folders=list(folders)[:_MAX_FOLDERS],
            languages=index.contents.distinct("language"),
            media_types=index.contents.distinct("media_type"),
        )

    return await service.result(caller, ("choices",), work)
