"""Who may read which document: the rules of `access.yaml`, and the one function that turns a caller into a filter."""

import hashlib
import re
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pathspec import GitIgnoreSpec

from xnai_pipelines.documents.identity import possible_files, source_name
from xnai_pipelines.errors import AccessRulesError
from xnai_pipelines.state.claim import ACCESS_FILE

EVERYONE = "everyone"
_WRITTEN_SECONDS = 0.05  # a file that stays the same for that long is whole
_FORM = f"It maps a pattern in .gitignore syntax to a list of groups, such as `hr/**: [hr]`; `{EVERYONE}` is a group"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Documents by a pattern in .gitignore syntax, and the groups that may read them."""

    pattern: GitIgnoreSpec
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules in the order of the file: the last one that matches a document decides, as in .gitignore.

    Attributes:
        rules: One per line of the file; none if there is no file.
        digest: Hash of the file, empty if there is none.
    """

    rules: tuple[AccessRule, ...] = ()
    digest: str = ""

    def readers(self, source: str) -> frozenset[str] | None:
        """Return the groups that may read a document, None if everyone may.

        A record, attachment or member of an archive is read by those who may read the file that holds it.
        """
        names = possible_files(source_name(source))
        for rule in reversed(self.rules):
            if any(map(rule.pattern.match_file, names)):
                return None if EVERYONE in rule.groups else rule.groups
        return None

    def reader(self, groups: frozenset[str]) -> Callable[[str], bool]:
        """Return the filter of a caller in these groups: whether the caller may read the document of a source."""

        def may_read(source: str) -> bool:
            allowed = self.readers(source)
            return allowed is None or not allowed.isdisjoint(groups)

        return may_read


NO_RULES = AccessRules()
"""All may read all."""


def read_access_rules(documents: Path, known: AccessRules = NO_RULES, *, closed: bool = False) -> AccessRules:
    """Return the rules of a documents folder; none if it has no `access.yaml`.

    Args:
        documents: Documents folder.
        known: The rules that were read last; returned if the file is still the same, or is being written.
        closed: Whether nobody may read anything since: a file that is being written opens nothing.

    Raises:
        AccessRulesError: The file cannot be read or has another form, or the folder is not there. Nobody may read
            anything until it is fixed.
    """
    path = documents / ACCESS_FILE
    try:
        if not documents.is_dir():  # a volume that is not mounted must not look like a folder without rules
            raise AccessRulesError(
                f"The documents folder {documents} is missing, so the access rules are unknown. Mount it."
            )
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest == known.digest:
            return known
        if known.rules and _later(path) != data:  # the half that an editor has written could open what was closed
            if closed:
                raise AccessRulesError(f"The access rules {path} are being written. Nobody is served until then.")
            return known
        content = yaml.safe_load(data.decode())
    except FileNotFoundError:
        return NO_RULES
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise AccessRulesError(
            f"The access rules {path} cannot be read: {error}. Nobody is served until then."
        ) from error
    if not isinstance(content, dict) or not content:
        raise AccessRulesError(
            f"The access rules {path} have no rule. {_FORM}. Delete the file if everyone may read everything."
        )
    return AccessRules(tuple(_rule(path, pattern, groups) for pattern, groups in content.items()), digest)


def _later(path: Path) -> bytes:
    time.sleep(_WRITTEN_SECONDS)
    return path.read_bytes()


def _rule(path: Path, pattern: Any, groups: Any) -> AccessRule:
    well_formed = isinstance(groups, list) and groups and all(isinstance(group, str) and group for group in groups)
    spec = _spec(pattern) if isinstance(pattern, str) else None
    if spec is None or not well_formed:
        raise AccessRulesError(f"The rule {pattern!r}: {groups!r} in {path} is not valid. {_FORM}.")
    return AccessRule(spec, frozenset(groups))


def _spec(pattern: str) -> GitIgnoreSpec | None:
    """Return the pattern, None if it is not one, excludes, or is what .gitignore skips, as a comment or "["."""
    try:
        spec = GitIgnoreSpec.from_lines([unicodedata.normalize("NFC", pattern)])
    except (ValueError, re.error):
        return None
    return spec if [one.include for one in spec.patterns] == [True] else None
