# ruff: noqa: E501, S311
"""How often the verifier lets a false sentence through, and refuses a true one, on sentences made from XQuAD's paragraphs.

python -m benchmarks.verification --data DATA [--split test] [--language en ru] [--per-kind 25] [--show 0]

A sentence is true (as it stands, shortened, reordered, its numbers in another form) or corrupted (a number, name, unit,
negation, quantity, comparison or role changed), by the rules of `sentences.py` and a fixed seed. The evidence is its paragraph and two others
of the same article; a third of the sentences name the wrong one. Rules were tuned on train paragraphs.

Claims of `claims.py` are written by hand; their evidence is their passage and those of the next two. Those of
`rewordings.jsonl` say the same or something else in other words.
"""

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from benchmarks.claims import CLAIMS, Claim
from benchmarks.sentences import CORRUPTIONS, PARAPHRASES, Draw, Paragraph
from xnai_pipelines.answers.answer import State
from xnai_pipelines.answers.draft import DraftSentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.verify import verify

SEED = 7
REWORDINGS = Path(__file__).parent / "rewordings.jsonl"


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence made from a paragraph."""

    kind: str
    true: bool
    text: str
    original: str
    paragraph: Paragraph


def cases(paragraphs: Sequence[Paragraph], language: str, per_kind: int) -> Iterator[Case]:
    """Yield up to `per_kind` sentences of each kind; a corruption is of a paraphrase half of the time."""
    chance = random.Random(SEED)
    pool = [(sentence, paragraph) for paragraph in paragraphs for sentence in paragraph.sentences]
    for kind, paraphrase in PARAPHRASES.items():
        made = 0
        for sentence, paragraph in chance.sample(pool, len(pool)):
            new = paraphrase(sentence)
            if new is not None and made < per_kind:
                made += 1
                yield Case(kind, True, new, sentence, paragraph)
    for kind, corrupt in CORRUPTIONS.items():
        made = 0
        for sentence, paragraph in chance.sample(pool, len(pool)):
            others = [other for other in paragraphs if other.title != paragraph.title]
            base = chance.choice([sentence, *filter(None, (change(sentence) for change in PARAPHRASES.values()))])
            new = corrupt(Draw(base, paragraph, others, chance, language))
            if new is not None and made < per_kind and new not in paragraph.text:
                made += 1
                yield Case(kind, False, new, sentence, paragraph)


def evidence_of(case: Case, paragraphs: Sequence[Paragraph], chance: random.Random) -> list[Evidence]:
    """Return the paragraph of a sentence among two others of its article, in any order."""
    beside = [other for other in paragraphs if other.title == case.paragraph.title and other != case.paragraph]
    chosen = [case.paragraph, *chance.sample(beside, min(2, len(beside)))]
    chance.shuffle(chosen)
    return [as_evidence(one) for one in chosen]


def as_evidence(one: Paragraph) -> Evidence:
    """Return a paragraph as a piece of evidence."""
    return Evidence(
        one.document_id, one.document_id, one.title, (one.document_id,), 0, len(one.text), one.text, (), None, 1.0
    )


def read_paragraphs(folder: Path, split: str) -> list[Paragraph]:
    """Return the paragraphs of a split."""
    wanted = {line.split("\t")[1] for line in (folder / f"questions/qrels/{split}.tsv").read_text().splitlines()[1:]}
    lines = (folder / "documents/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Paragraph(row["_id"], row["title"], row["text"]) for row in rows if row["_id"] in wanted]


def measure(data: Path, language: str, split: str, per_kind: int, show: int) -> None:
    """Print the share of wrong verdicts by kind."""
    paragraphs = read_paragraphs(data / f"xquad-{language}", split)
    chance = random.Random(SEED)
    wrong: dict[tuple[bool, str], list[bool]] = {}
    for case in cases(paragraphs, language, per_kind):
        evidence = evidence_of(case, paragraphs, chance)
        cited = chance.randrange(len(evidence)) if chance.random() < 1 / 3 else 0
        (verdict,) = verify((DraftSentence(case.text, (cited,)),), evidence)
        failed = (verdict.state is State.UNSUPPORTED) == case.true
        seen = wrong.setdefault((case.true, case.kind), [])
        seen.append(failed)
        if failed and sum(seen) <= show:
            print(f"  [{case.kind}] {case.text}\n     from: {case.original}\n     {verdict.state}: {verdict.reason}")
    print(f"\n{language}, {split} paragraphs\n| sentence | number | wrong verdicts |\n|---|---|---|")
    for (true, kind), failures in wrong.items():
        print(f"| {'true' if true else 'false'}: {kind} | {len(failures)} | {sum(failures)} |")
    print_shares(wrong)


def read_rewordings() -> dict[str, list[Claim]]:
    """Return the claims in other words than their passages' by language."""
    claims: dict[str, list[Claim]] = {}
    for line in REWORDINGS.read_text(encoding="utf-8").splitlines():
        claim = json.loads(line)
        claims.setdefault(claim.pop("language"), []).append(Claim(**claim))
    return claims


def measure_claims(name: str, claims: Sequence[Claim], show: int) -> None:
    """Print the share of wrong verdicts on claims written by hand by kind."""
    wrong: dict[tuple[bool, str], list[bool]] = {}
    passages = [Paragraph(f"claim-{at}", "Guide", claim.passage) for at, claim in enumerate(claims)]
    for at, claim in enumerate(claims):
        evidence = [as_evidence(passages[(at + step) % len(passages)]) for step in range(3)]
        for true, text in ((True, claim.true), (False, claim.false)):
            (verdict,) = verify((DraftSentence(text, ()),), evidence)
            failed = (verdict.state is State.UNSUPPORTED) == true
            wrong.setdefault((true, claim.kind), []).append(failed)
            if failed and show:
                print(f"  [{claim.kind}] {text}\n     {verdict.state}: {verdict.reason}")
    print(f"\n{name}\n| sentence | number | wrong verdicts |\n|---|---|---|")
    print_shares(wrong)


def print_shares(wrong: Mapping[tuple[bool, str], Sequence[bool]]) -> None:
    """Print the shares of true sentences that were refused and of false ones that were let through."""
    for true, name in ((True, "true sentences refused"), (False, "false sentences let through")):
        all_of = [failed for (kind_true, _), failures in wrong.items() if kind_true is true for failed in failures]
        interval = binomtest(sum(all_of), len(all_of)).proportion_ci()
        share = sum(all_of) / len(all_of)
        print(f"| **{name}** | {len(all_of)} | {share:.3f} [{interval.low:.3f}, {interval.high:.3f}] |")


def main() -> None:
    """Measure both languages and the claims written by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with xquad-en and xquad-ru")
    parser.add_argument("--language", nargs="+", default=["en", "ru"])
    parser.add_argument("--split", choices=["train", "test"], default="test")
    parser.add_argument("--per-kind", type=int, default=25)
    parser.add_argument("--show", type=int, default=0, help="wrong verdicts to print per kind")
    arguments = parser.parse_args()
    for language in arguments.language:
        measure(arguments.data, language, arguments.split, arguments.per_kind, arguments.show)
    measure_claims("written by hand", CLAIMS, arguments.show)
    for language, claims in read_rewordings().items():
        measure_claims(f"in other words, {language}", claims, arguments.show)


if __name__ == "__main__":
    main()
