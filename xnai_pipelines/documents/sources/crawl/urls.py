"""URLs: one form for each page, whether a page is wanted, and its name in the mirror. Pure."""

import re
from fnmatch import fnmatchcase
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote, unquote_to_bytes, urlencode, urljoin, urlsplit

LONGEST_URL = 2_000
LONGEST_PART = 100  # characters of a file's name

_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|igshid|_ga|_gl|_hs\w+|ref_src|"
    r"(?:php|asp|j)?sess(?:ion)?_?id|sid)",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|sid)=[^/;?]*", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[^\w.,+()@=-]+")
_VARIABLE = re.compile(r"\d+|(?<![0-9a-zA-Z])[0-9a-f]{8,}(?![0-9a-zA-Z])")
_REPEATED = 3  # times that a part of a path may recur before it is taken for a loop


def canonical_url(url: str, base: str | None = None) -> str | None:
    """Return the one form of an http(s) URL, None for anything else.

    Scheme and host are in lower case, the default port, the fragment, user names, session ids and parameters that
    count visitors are left out, parameters are sorted, dots in the path are resolved.

    Args:
        url: An absolute URL, or one relative to `base`.
        base: URL of the page that has the link.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or parts.username is not None:
        return None
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    place = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    path = _path(_SESSION_IN_PATH.sub("", parts.path))
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if not _TRACKING.fullmatch(name)]
    query = urlencode(sorted(kept))
    found = f"{parts.scheme}://{place}{path}" + (f"?{query}" if query else "")
    return found if len(found) <= LONGEST_URL else None


def _path(path: str) -> str:
    """Return a path without dots and empty parts, and with one way to escape what needs it."""
    *folders, name = path.split("/")
    parts: list[str] = []
    for part in (*folders, name):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(quote(unquote_to_bytes(part), safe="!$&'()*+,;=:@~"))
    folder = "/" if parts and name in ("", ".", "..") else ""
    return "/" + "/".join(parts) + folder


def page_key(url: str) -> str:
    """Return what tells pages apart: the URL without the slash at the end of its path."""
    parts = urlsplit(url)
    return parts._replace(path=parts.path.rstrip("/")).geturl()


def host_of(url: str) -> str:
    """Return the host of a canonical URL, with its port if it is not the scheme's."""
    return urlsplit(canonical_url(url) or url).netloc


def folder_pattern(url: str) -> str:
    """Return the pattern of the paths in the folder of a page."""
    return urlsplit(url).path.rpartition("/")[0] + "/*"


def is_wanted(url: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Return whether the path of a URL, with its query, matches one of the patterns and none of the excluded ones."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return any(fnmatchcase(path, one) for one in include) and not any(fnmatchcase(path, one) for one in exclude)


def url_pattern(url: str) -> str:
    """Return a URL with its numbers, hashes and values taken out: the pages of a calendar have one pattern."""
    parts = urlsplit(url)
    names = ",".join(name for name, _ in parse_qsl(parts.query, True))
    return _VARIABLE.sub("0", f"{parts.netloc}{parts.path}?{names}")


def is_loop(url: str) -> bool:
    """Return whether a part of the path recurs so often that links must be leading round in a circle."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    return any(parts.count(part) > _REPEATED for part in set(parts))


def file_path(url: str, extension: str) -> str:
    """Return the name of a page in the mirror: host, path, and `index` for a page that is a folder."""
    parts = urlsplit(url)
    folders = [_part(unquote(part)) for part in parts.path.split("/") if part]
    name = "index"
    if folders and not parts.path.endswith("/") and folders[-1].lower().endswith(extension):
        name = folders.pop()[: -len(extension)]
    if parts.query:
        name += "@" + _part(parts.query)
    return "/".join([parts.netloc.replace(":", "_"), *folders, name + extension])


def _part(text: str) -> str:
    safe = _UNSAFE.sub("_", text)[:LONGEST_PART].lstrip(".")
    # what was changed gets a hash, so that two names stay two
    return safe if safe == text else f"{safe}~{sha256(text.encode()).hexdigest()[:8]}"
