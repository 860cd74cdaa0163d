"""From the names that labelled questions give their documents to document ids."""

from collections.abc import Mapping


class DocumentNames:
    """The documents by their source, and by the record id behind a `#` of it where that is unique.

    BEIR's qrels name a document "4983"; the document's source is "corpus.jsonl#4983".
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._by_source = known
        self._by_record: dict[str, set[str]] = {}
        for source, document_id in known.items():
            # Folders and record ids may hold a "#" too: every part behind one is a possible record id.
            _, *parts = source.split("#")
            for at in range(len(parts)):
                self._by_record.setdefault("#".join(parts[at:]), set()).add(document_id)

    def resolve(self, name: str) -> str:
        """Return the document id of a source or record id.

        Raises:
            LookupError: No document or more than one has that name; the message says which.
        """
        if name in self._by_source:
            return self._by_source[name]
        found = self._by_record.get(name, set())
        if len(found) == 1:
            return next(iter(found))
        raise LookupError(f"{len(found) or 'no'} documents are named {name!r}")
