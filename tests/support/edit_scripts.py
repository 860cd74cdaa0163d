"""Random edits of a folder, with runs that are cut off between; afterwards the graph has the bytes of a rebuild.

python -m tests.support.edit_scripts --scripts 2000 --seed 1
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.support.cut_off import cut_off_at
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.changes import VanishGuard
from xnai_pipelines.documents.make import ingest_documents
from xnai_pipelines.documents.parsers.parsed import ParseLimits
from xnai_pipelines.documents.plan import DocumentsRequest, FolderRules
from xnai_pipelines.encoders.source import default_encoder_folder, tokenizer_file
from xnai_pipelines.graph.checking import compare_with_rebuild, orphans
from xnai_pipelines.graph.make import bring_graph
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.context import Progress, StageContext
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.tables import Tables

CHUNKING = ChunkingSpec(Strategy.STRUCTURE, 64)
RULES = FolderRules((), ParseLimits(), VanishGuard(share=0.3, count=20))
FILES = 6
MOST_STEPS = 6
COMMITS = (1, 2, 3, 4, 5, 7, 9, 100, 100, 100)  # at which a run is cut off; it has about ten

# What decides for other documents: words in lower case, titles with and without qualifiers, longer names, acronyms,
# articles, plurals, code that differs by case, case endings, facts that tell namesakes apart.
TITLES = ("Ann Lee", "Ann Lee (singer)", "Ann Lee (painter)", "Bo Ek", "Oslo", "Guide", "Das Boot", "Mercury (star)")
PEOPLE = ("Ann Lee", "Bo Ek", "Cy Oz", "Lee", "Mary Ann Lee", "Ek", "Ann", "Ángel Ruiz", "the Ninth Gate")
PLACES = (
    "Oslo",
    "New York",
    "Lyon",
    "Acme Corp",
    "the Ninth Gate (NG)",
    "Ninth Gate",
    "Boot",
    "Mercury",
    "lee",
    "`queue`",
)
FRAMES = (
    "{} was born in {} in 1901.",
    "{} was born in 1930. She left {}.",
    "{} is a river in {}.",
    "{} is a singer of {}.",
    "{} met Cy Oz in {}, see [more]({}.md).",
    "{}, also known as Bo, works for {}.",
    "We saw {} and a knowledge graph (KG) in {}. One KG, two KGs.",
    "The class `Queue` of {} calls `queue` in {}.",
    "**Queues**: {} of {}. **Queue**: one.",
    "in haste, {} saw ann and the gate of {}.",
)
OTHERS = (
    "Анна Белова родилась в 1901 году в Москве. Белова любила Москву.\n",
    "Анна Белова — река. В Москве идёт дождь.\n",
    "安娜住在奥斯陆。奥斯陆下雨。安娜离开奥斯陆。\n",
    "```python\nclass Queue(Base):\n    def take(self):\n        return load(self)\n```\n",
)
# In a language that writes all nouns with a capital letter.
GERMAN = (
    "Wir sehen heute ein Boot, und jedes Boot gehört am Ende doch wieder {}.",
    "Dort wohnt {} mit einem neuen Boot, und das freut hier wirklich alle.",
    "Am Abend ging dann auch Boot wieder mit {} nach Hause, wie an jedem Tag.",
    "Das neue Segelboot von {} liegt im Hafen, aber ohne das alte Segel.",
)
OVERRIDES = (
    "aliases:\n  Ann Lee: [Lee, Bo]\n",
    "stop_names: [Oslo]\ntypes:\n  Acme Corp: organisation\n",
    "never_merge:\n  - [Ann Lee, Mary Ann Lee]\n  - [Ek, Bo Ek]\n",
)


def page(chosen: random.Random) -> str:
    """Return a page of a few sentences that name and link to what other pages have."""
    frames = GERMAN if chosen.random() < 0.15 else FRAMES
    sentences = [
        chosen.choice(frames).format(chosen.choice(PEOPLE), chosen.choice(PLACES), chosen.randrange(FILES))
        for _ in range(chosen.randint(1, 5))
    ]
    parts = [f"# {chosen.choice(TITLES)}\n", f"## {chosen.choice(PLACES)}\n", " ".join(sentences) + "\n"]
    kept = [part for part in parts[:2] if chosen.random() < 0.7] + parts[2:]
    return "\n".join([*kept, chosen.choice(OTHERS)] if chosen.random() < 0.2 else kept)


def edit(documents: Path, chosen: random.Random, gone: dict[str, str]) -> None:
    """Write, rewrite, delete or bring back a file; at times the user's rules."""
    if chosen.random() < 0.1:
        path, text = documents / "graph.yaml", chosen.choice(OVERRIDES)
    else:
        path, text = documents / f"{chosen.randrange(FILES)}.md", page(chosen)
    if path.exists() and chosen.random() < 0.3:
        gone[path.name] = path.read_text(encoding="utf-8")
        path.unlink()
    else:
        path.write_text(gone.pop(path.name, text) if chosen.random() < 0.5 else text, encoding="utf-8")


def differences(root: Path, tokens: TokenCounter, seed: int) -> tuple[str, ...]:
    """Run the script of a seed in a new folder; return what differs from a rebuild at its end, or rests on nothing."""
    chosen, gone = random.Random(seed), dict[str, str]()
    documents, home = root / "documents", Home(root / "home")
    for folder in (documents, home.root):
        folder.mkdir(parents=True)

    def run(commit: int) -> None:
        context = StageContext(home, Tables.of(home, cut_off_at(commit)), "run", Progress(lambda _: None, bar=False))
        ingest_documents(context, Inputs(documents, None), RULES, DocumentsRequest(allow_vanishing=True))
        make_chunks(context, CHUNKING, tokens)
        bring_graph(context)

    for _ in range(chosen.randint(1, MOST_STEPS)):
        for _ in range(chosen.choice((1, 1, 1, 3))):
            edit(documents, chosen, gone)
        with suppress(KeyboardInterrupt):
            run(chosen.choice(COMMITS))
    run(-1)
    tables = Tables.of(home)
    found = compare_with_rebuild(home, tables).different
    return (*found, *(f"{n} orphans of {name}" for name, n in orphans(tables).items() if n))


def main() -> int:
    """Run scripts, each in a home of its own; print the seeds of those whose graph differs, return 1 if any does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the first script; the others follow")
    arguments = parser.parse_args()
    tokens = TokenCounter(tokenizer_file(default_encoder_folder()))
    found: Counter[str] = Counter()
    for at, seed in enumerate(range(arguments.seed, arguments.seed + arguments.scripts), 1):
        with tempfile.TemporaryDirectory(prefix="xnai-edits-") as root:
            different = differences(Path(root), tokens, seed)
        if different:
            found["wrong"] += 1
            print(f"seed {seed}: {', '.join(different)}", flush=True)
        if at % 100 == 0:
            print(f"{at:,} scripts, {found['wrong']} wrong, {time.process_time():.0f} s of CPU", flush=True)
    print(f"{arguments.scripts:,} scripts from seed {arguments.seed}: {found['wrong']} end in another graph")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
