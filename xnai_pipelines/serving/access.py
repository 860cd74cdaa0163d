"""Who may read which document: the rules of `access.yaml`, and the one function that turns a caller into a filter."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pathspec import GitIgnoreSpec

from xnai_pipelines.documents.identity import possible_files, source_name
from xnai_pipelines.documents.listing import ACCESS_FILE
from xnai_pipelines.errors import AccessRulesError

EVERYONE = "everyone"
_FORM = f"It maps a pattern in .gitignore syntax to a list of groups, such as `hr/**: [hr]`; `{EVERYONE}` is a group"


@dataclass(frozen=True, slots=True)
class Rule:
    """Documents by a pattern in .gitignore syntax, and the groups that may read them."""

    pattern: GitIgnoreSpec
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules in the order of the file: the last one that matches a document decides, as in .gitignore."""

    rules: tuple[Rule, ...] = ()

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


def read_access_rules(documents: Path) -> AccessRules:
    """Return the rules of a documents folder; none if it has no `access.yaml`.

    Raises:
        AccessRulesError: The file cannot be read or has another form, or the folder is not there. Nobody may read
            anything until it is mended.
    """
    path = documents / ACCESS_FILE
    if not documents.is_dir():  # a volume that is not mounted must not look like a folder without rules
        raise AccessRulesError(f"The documents folder {documents} is not there, so who may read is unknown. Mount it.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return AccessRules()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise AccessRulesError(
            f"The access rules {path} cannot be read: {error}. Nobody is served until then."
        ) from error
    if not isinstance(content, dict) or not content:
        raise AccessRulesError(f"The access rules {path} hold no rule. {_FORM}. Delete the file if all may read all.")
    return AccessRules(tuple(_rule(path, pattern, groups) for pattern, groups in content.items()))


def _rule(path: Path, pattern: Any, groups: Any) -> Rule:
    well_formed = isinstance(groups, list) and groups and all(isinstance(group, str) and group for group in groups)
    if not isinstance(pattern, str) or pattern.startswith("!") or not well_formed:
        raise AccessRulesError(f"The rule {pattern!r}: {groups!r} of {path} is not one. {_FORM}.")
    spec = GitIgnoreSpec.from_lines([unicodedata.normalize("NFC", pattern)])
    return Rule(spec, frozenset(groups))
