"""What is known of a source before it is asked: one frozen dataclass a kind, with the form of every value."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from xnai_pipelines.documents.sources.crawl.urls import folder_pattern, host_of

KINDS = ("git", "s3", "crawl")


def _form(pattern: str, meaning: str) -> AfterValidator:
    """Return the check that a text has a form; `meaning` is what is allowed, in words."""

    def checked(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(meaning)
        return text

    return AfterValidator(checked)


Name = Annotated[str, _form(r"[a-z0-9][a-z0-9-]{0,39}", "it must be up to 40 small letters, digits and hyphens")]
_PART = r"[^/.\x00-\x1f][^/\x00-\x1f]*"
Prefix = Annotated[str, _form(rf"({_PART}(/{_PART})*)?", "it must be a relative path without hidden folders")]
Folder = Annotated[str, _form(r"([^/\x00]+(/[^/\x00]+)*)?", "it must be a relative path")]
Patterns = tuple[str, ...]
# without user and password, which come from the environment; a hyphen at the start would be an option of git
RepositoryUrl = Annotated[
    str,
    _form(
        r"(https?|file|git)://[^\s@]+|ssh://[\w.@-]+(:\d+)?/\S+|[\w.][\w.-]*@[\w.-]+:[^\s-]\S*",
        "it must be an https, ssh, git or file URL without a password; set a token in XNAI_SOURCE_<NAME>_TOKEN",
    ),
]
Ref = Annotated[str, _form(r"\w[^\s:?*\[\\^~]*", "it must be a branch, a tag or a full commit")]
Bucket = Annotated[str, _form(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", "it must be the name of a bucket")]
Endpoint = Annotated[str, _form(r"https?://[^\s@/]+/?", "it must be an http or https URL without a path")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """What every source has.

    Attributes:
        name: Name in commands and reports, and of the mirror's folder.
        prefix: What the names of its documents begin with. Default: the name.
        max_mb: Larger entries are not fetched.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Name
    prefix: Prefix = ""
    max_mb: Annotated[int, Field(ge=1, le=65_536)] = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSpec(SourceSpec):
    """A Git repository at a ref.

    Attributes:
        kind: git.
        url: https, ssh, git or file URL. A token for https is read from `XNAI_SOURCE_<NAME>_TOKEN`.
        ref: Branch, tag or full commit.
        folder: Only files below this folder of the repository.
    """

    kind: Literal["git"]
    url: RepositoryUrl
    ref: Ref = "HEAD"
    folder: Folder = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStoreSpec(SourceSpec):
    """A bucket of an object store that speaks the S3 protocol.

    Attributes:
        kind: s3.
        bucket: Name of the bucket.
        folder: Only keys below this one.
        endpoint: URL of the server. Unset: Amazon's.
        region: Region of the bucket.
        anonymous: Send no credentials.
    """

    kind: Literal["s3"]
    bucket: Bucket
    folder: Folder = ""
    endpoint: Endpoint | None = None
    region: str = "us-east-1"
    anonymous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSpec(SourceSpec):
    """A web site, read page by page.

    Attributes:
        kind: crawl.
        url: First page.
        hosts: Hosts that are read beside that of the first page, with a port if it is not the scheme's.
        include: Patterns of paths that are read, such as `/docs/*`. Default: the folder of the first page.
        exclude: Patterns of paths that are not.
        depth: Max links from the first page.
        pages: Max pages.
        pages_per_pattern: Max pages whose URLs differ in numbers only, such as the days of a calendar.
        delay: Min seconds between two requests to a host. A longer delay that robots.txt asks for is kept.
        minutes: Max minutes of one run; the next one resumes.
        refresh_hours: Pages are asked for again after so many hours.
        sitemap: Read the sitemaps of the host.
    """

    kind: Literal["crawl"]
    url: str
    hosts: tuple[str, ...] = ()
    include: Patterns = ()
    exclude: Patterns = ()
    depth: Annotated[int, Field(ge=0, le=64)] = 8
    pages: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    pages_per_pattern: Annotated[int, Field(ge=1)] = 200
    delay: Annotated[float, Field(ge=0, le=600)] = 1.0
    minutes: Annotated[float, Field(gt=0)] = 60.0
    refresh_hours: Annotated[float, Field(ge=0)] = 24.0
    sitemap: bool = True

    @property
    def all_hosts(self) -> frozenset[str]:
        """The hosts that may be read."""
        return frozenset({host_of(self.url), *(host.lower() for host in self.hosts)})

    @property
    def included(self) -> Patterns:
        """The patterns of paths that are read."""
        return self.include or (folder_pattern(self.url),)


Spec = GitSpec | ObjectStoreSpec | CrawlSpec
