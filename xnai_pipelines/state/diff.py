"""The difference between the rows a table should have and those it has. Pure."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diff:
    """Keys by what has to be done with them."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]

    @property
    def to_write(self) -> tuple[str, ...]:
        """The keys whose rows have to be made."""
        return self.added + self.changed


def diff(wanted: Mapping[str, Hashable], found: Mapping[str, Hashable]) -> Diff:
    """Return which keys are new, have another revision, are gone, or are unchanged."""
    known = wanted.keys() & found.keys()
    return Diff(
        added=tuple(key for key in wanted if key not in found),
        changed=tuple(key for key in wanted if key in known and wanted[key] != found[key]),
        removed=tuple(key for key in found if key not in wanted),
        unchanged=tuple(key for key in wanted if key in known and wanted[key] == found[key]),
    )
