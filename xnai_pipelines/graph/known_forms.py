"""The entities that a name may mean, by the forms that the documents use. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from xnai_pipelines.errors import GraphQueryError
from xnai_pipelines.graph.forms import form_of

SUGGESTED = 5  # names like one that is not there
LIKE = 70  # percent that two spellings have in common


@dataclass(frozen=True, slots=True)
class KnownForms:
    """How each entity is written, and the entities of each form's key.

    Attributes:
        version: Version of the table of entities.
        of: Form by entity.
        by_key: Entities by the key of a form, without and with its qualifier.
    """

    version: int | None
    of: Mapping[str, str]
    by_key: Mapping[str, tuple[str, ...]]

    @classmethod
    def of_rows(cls, version: int | None, rows: Iterable[dict[str, Any]]) -> Self:
        """Return the forms of rows of the table `entities`."""
        forms: dict[str, str] = {}
        found: dict[str, dict[str, None]] = {}
        for row in rows:
            forms[row["entity_id"]] = row["form"]
            for form in map(form_of, row["aliases"]):
                for key in {form.key, form.qualified}:
                    found.setdefault(key, {})[row["entity_id"]] = None
        return cls(version, forms, {key: tuple(entities) for key, entities in found.items()})

    def find(self, name: str) -> str:
        """Return the id of the entity with this name or id.

        Raises:
            GraphQueryError: There is none, or several have the name; the message names them.
        """
        if name in self.of:
            return name
        form = form_of(name)
        for key in (form.qualified, form.key):
            found = self.by_key.get(key, ())
            written = [entity for entity in found if self.of[entity] == name]
            exact = [entity for entity in found if form_of(self.of[entity]).qualified == key]
            chosen = next((several for several in (found, written, exact) if len(several) == 1), ())
            if chosen:
                return chosen[0]
            if found:
                forms = "; ".join(sorted(f"{self.of[entity]} ({entity})" for entity in found)[:SUGGESTED])
                raise GraphQueryError(f"{name!r} names {len(found)} entities: {forms}. Give one of these names or ids.")
        raise GraphQueryError(f"No entity is called {name!r}.{self._like(name)}")

    def _like(self, name: str) -> str:
        """Return a question for the names that are like this one or its last part, else where all names are."""
        from rapidfuzz import fuzz, process

        last = form_of(name.rpartition(".")[2]).key  # of module.function
        close = process.extract(
            form_of(name).key, list(self.by_key), scorer=fuzz.ratio, limit=SUGGESTED, score_cutoff=LIKE
        )
        found = [*([last] if last in self.by_key else []), *(key for key, _, _ in close)]
        names = list(dict.fromkeys(self.of[self.by_key[key][0]] for key in found))[:SUGGESTED]
        if not names:
            return " `xnai graph export` writes all names."
        return f" Do you mean {', '.join(map(repr, names))}?"
