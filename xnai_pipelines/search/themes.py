"""What a corpus says on a question as a whole: the communities of the graph that the best passages mention most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.errors import GraphQueryError
from xnai_pipelines.graph.answers import Community, Excerpt
from xnai_pipelines.graph.arrays import Floats, Ints, flat, position_in, sum_by
from xnai_pipelines.graph.incidence import Incidence
from xnai_pipelines.graph.stored import KnowledgeGraph
from xnai_pipelines.graph.tables import COMMUNITIES
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.ranking import FUSED_DEPTH, Candidate
from xnai_pipelines.state.tables import Tables

PASSAGES_SHOWN = 2  # of a theme


@dataclass(frozen=True, slots=True)
class Theme:
    """A community, its share of what the best passages mention, and the best passages that mention a member."""

    community: Community
    share: float
    passages: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class Themes:
    """The themes of a question, the largest share first.

    Attributes:
        themes: The themes.
        passages: Number of passages that were looked at, the best for the question.
        covered: Share of what these passages mention that the themes hold, 0 to 1.
    """

    themes: tuple[Theme, ...]
    passages: int
    covered: float


def themes_of(index: SearchIndex, tables: Tables, question: str, *, level: int = 0, most: int = 5) -> Themes:
    """Return the themes of a question, from the best 200 passages of hybrid search.

    Args:
        index: The release.
        tables: Tables of the same home.
        question: What a person asks of the corpus as a whole.
        level: Level of the communities, 0 for the largest groups.
        most: Max themes.

    Raises:
        QueryError: The question is empty, too long or has no word, or there is no graph.
        GraphQueryError: No community has this level.
    """
    known = {one.community_id: one for one in KnowledgeGraph(tables).communities(level)}
    if not known:
        raise GraphQueryError("There are no communities: the documents mention too few names together.")
    found = index.rank(question, FUSED_DEPTH)
    rows = tables.read(COMMUNITIES, ["community_id", "members"], f"level = {int(level)}").sort_by("community_id")
    incidence = index.graph.incidence
    members, community = flat(rows["members"])
    place = position_in(members, incidence.entity_ids)
    community_of = np.full(len(incidence.entity_ids), len(rows), np.int64)  # the last column: in no community
    community_of[place[place >= 0]] = community[place >= 0]
    shares = _shares(found, incidence, community_of, len(rows) + 1)
    total = shares[:, :-1].sum(axis=0)
    best = [at for at in np.argsort(-total, kind="stable")[:most].tolist() if total[at] > 0]
    themes = []
    for at in best:
        mentioning = np.flatnonzero(shares[:, at])[:PASSAGES_SHOWN].tolist()
        passages = index.corpus.shown([found[row].row for row in mentioning])
        shown = tuple(Excerpt(**{name: one[name] for name in Excerpt.__slots__}) for one in passages)
        themes.append(Theme(known[rows["community_id"][at].as_py()], float(total[at]), shown))
    return Themes(tuple(themes), len(found), float(total[best].sum()))


def _shares(found: Sequence[Candidate], incidence: Incidence, column_of: Ints, columns: int) -> Floats:
    """Return the share of each passage's mentions by the column of the entity, float64 [passages, columns]; sum 1.

    A passage counts by the exponential of its score, and a mention by how much its passage is about it, as in a walk.
    """
    shares = np.zeros((len(found), columns))
    highest = max((one.score for one in found), default=0.0)
    for at, one in enumerate(found):
        entities, about = incidence.weights.row(one.row)
        if len(entities):
            shares[at] = np.exp(one.score - highest) * sum_by(column_of[entities], about, columns) / about.sum()
    shares /= max(float(shares.sum()), np.finfo(np.float64).tiny)
    return shares
