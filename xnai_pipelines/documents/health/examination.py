"""An examination: the corpus, the rules, and what several inspections share, made once."""

from dataclasses import dataclass, field
from functools import cached_property

from xnai_pipelines.documents.health.corpus import ExaminedCorpus
from xnai_pipelines.documents.health.external_links import ExternalLinks
from xnai_pipelines.documents.health.freshness import Dated, dated
from xnai_pipelines.documents.health.readability import Readability, reading
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.documents.health.targets import Targets
from xnai_pipelines.documents.health.translations import Translations


@dataclass(frozen=True)
class Examination:
    """What an inspection is given."""

    corpus: ExaminedCorpus
    rules: HealthRules
    external: ExternalLinks = field(default_factory=ExternalLinks)

    @cached_property
    def readings(self) -> dict[str, Readability]:
        """Length and reading ease of each page, by source."""
        return {document.source: reading(document) for document in self.corpus.documents if document.is_page}

    @cached_property
    def dates(self) -> dict[str, Dated]:
        """When each document was last changed or reviewed, by source."""
        return {document.source: dated(document, self.corpus) for document in self.corpus.documents}

    @cached_property
    def targets(self) -> Targets:
        """Where the links lead."""
        return Targets(self.corpus)

    @cached_property
    def translations(self) -> Translations:
        """Which pages translate others."""
        return Translations(self.corpus, self.dates)
