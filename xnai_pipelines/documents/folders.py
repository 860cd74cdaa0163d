"""The folders that a home reads: the documents folder and, each under its prefix, the mirrors of its sources."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xnai_pipelines.documents.listing import Listing, list_folder
from xnai_pipelines.errors import SourcesError


@dataclass(frozen=True, slots=True)
class MirroredFolder:
    """The mirror of a source: its folder, and why it cannot be read as complete, None if it can."""

    folder: Path
    unlisted: str | None = None


@dataclass(frozen=True, slots=True)
class Folders:
    """What a home reads.

    Attributes:
        documents: The documents folder.
        mirrors: Mirrors by prefix, without a slash at its end.
        apart: Folders that are not read if they lie in the documents folder.
    """

    documents: Path
    mirrors: Mapping[str, MirroredFolder] = field(default_factory=dict)
    apart: Collection[Path] = ()

    def listing(self, exclude: Sequence[str]) -> Listing:
        """Return the entries of all folders. A source that was never listed is unknown, which is not deleted.

        Raises:
            InputsError: The documents folder is missing.
            ListingError: A folder cannot be listed.
            SourcesError: The documents folder has something under the prefix of a source.
        """
        listing = list_folder(self.documents, exclude, apart=self.apart)
        for prefix, mirror in self.mirrors.items():
            if (self.documents / prefix).exists():
                raise SourcesError(
                    f"{self.documents / prefix} has the prefix of a source, {prefix}, so their documents would have "
                    "the same names. Rename it, or give the source another prefix in the list of sources."
                )
            if mirror.unlisted is not None:
                listing.unlisted[f"{prefix}/"] = mirror.unlisted
            elif mirror.folder.is_dir():
                mirrored = list_folder(mirror.folder, exclude, f"{prefix}/")
                listing.files.update(mirrored.files)
                listing.skipped.update(mirrored.skipped)
                listing.unlisted.update(mirrored.unlisted)
        return listing

    def file(self, path: str) -> Path:
        """Return where the file of a listed path lies."""
        for prefix, mirror in self.mirrors.items():
            if path.startswith(f"{prefix}/"):
                return mirror.folder / path[len(prefix) + 1 :]
        return self.documents / path
