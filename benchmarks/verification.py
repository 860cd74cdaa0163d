# ruff: noqa: E501, S311
"""How often the verifier lets a false sentence through, and refuses a true one, on sentences made from XQuAD's paragraphs.

python -m benchmarks.verification --data DATA [--split test] [--language en ru] [--per-kind 25] [--show 0]

A sentence is true (as it stands, shortened, reordered, its numbers in another form) or corrupted (a number, name, unit,
negation, quantity, comparison or role changed), by the rules below and a fixed seed. The evidence is its paragraph and two others
of the same article; a third of the sentences name the wrong one. Rules were tuned on train paragraphs.

Claims of `claims.py` are written by hand; their evidence is their passage and those of the next two.
"""

import argparse
import itertools
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from benchmarks.claims import CLAIMS
from xnai_pipelines.answers.answer import State
from xnai_pipelines.answers.draft import DraftSentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.verify import verify
from xnai_pipelines.chunks.boundaries import sentence_starts

SEED = 7
WORDS = {
    "en": ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
    "ru": ["два", "три", "четыре", "пять", "шесть", "семь", "восемь"],
}
_NAME = {
    "en": r"(?<=[a-z,] )[A-Z][a-zé]{2,}(?: [A-Z][a-zé]{2,})*",
    "ru": r"(?<=[а-я,] )[А-ЯЁ][а-яё]{2,}(?: [А-ЯЁ][а-яё]{2,})*",
}
_NOT_A_NAME = re.compile(
    r"The|This|However|January|February|March|April|May|June|July|August|September|October|November|December"
)
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w-]|,\d)")

# Each pair is tried both ways.
OPPOSITES = {
    "en": """increased/decreased increase/decrease before/after first/last more/less largest/smallest highest/lowest
        north/south east/west northern/southern eastern/western early/late above/below won/lost began/ended higher/lower
        larger/smaller better/worse rich/poor strong/weak old/new major/minor public/private most/least greater/lesser
        positive/negative inside/outside always/sometimes long/short high/low upper/lower internal/external""",
    "ru": """больше/меньше первый/последний до/после высокий/низкий северной/южной западной/восточной крупнейший/мельчайший
        выше/ниже старый/новый раньше/позже увеличение/уменьшение северный/южный восточный/западный сильный/слабый""",
}
QUANTITIES = {
    "en": """all/some most/few many/few every/no both/neither several/all some/all only/also many/all often/rarely
        always/never at_least/at_most more_than/less_than nearly/more_than each/no usually/always majority/minority""",
    "ru": "все/некоторые многие/немногие большинство/меньшинство всегда/иногда часто/редко более/менее каждый/никакой",
}
UNITS = {
    "en": "miles/kilometres feet/metres km/miles kilometers/miles percent/dollars years/months days/weeks hours/minutes "
    "million/billion %/_dollars square/cubic points/yards yards/points meters/feet",
    "ru": "лет/месяцев км/миль миллионов/миллиардов тысяч/миллионов года/месяца метров/километров долларов/рублей "
    "процентов/тысяч %/_тонн дней/недель очков/ярдов",
}
HEDGES = {
    "en": "may/ might/ could/ probably/ possibly/ likely/ perhaps/ reportedly/ allegedly/ apparently/",
    "ru": "возможно/ вероятно/ якобы/ может/",
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, its article and its sentences."""

    document_id: str
    title: str
    text: str

    @property
    def sentences(self) -> list[str]:
        """Its sentences of a usual length."""
        starts = [0, *sentence_starts(self.text, 0, len(self.text)), len(self.text)]
        found = [self.text[start:end].strip() for start, end in itertools.pairwise(starts)]
        return [sentence for sentence in found if 30 <= len(sentence) <= 400]


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence made from a paragraph."""

    kind: str
    true: bool
    text: str
    original: str
    paragraph: Paragraph


Change = Callable[[str, Paragraph, Sequence[Paragraph], random.Random, str], str | None]


def swapped(table: Mapping[str, str]) -> Change:
    """Return the change that puts one word of a pair in the other's place."""

    def change(
        text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
    ) -> str | None:
        pairs = [pair.replace("_", " ").split("/") for pair in table[language].split()]
        pairs += [[second, first] for first, second in pairs if second.strip()]
        there = [pair for pair in pairs if re.search(_whole(pair[0]), text)]
        if not there:
            return None
        old, new = chance.choice(there)
        return " ".join(re.sub(_whole(old), new, text, count=1).split())

    return change


def _whole(word: str) -> str:
    return re.escape(word) if word.strip() == "%" else rf"\b{re.escape(word.strip())}\b"


def number_changed(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with another number, by one or by a digit."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    digits = match.group()
    places = [at for at, character in enumerate(digits) if character.isdigit()]
    at = chance.choice(places)
    new = digits[:at] + str((int(digits[at]) + chance.randint(1, 8)) % 10 or 9) + digits[at + 1 :]
    return None if new == digits else text[: match.start()] + new + text[match.end() :]


def number_of_the_paragraph(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with a number that stands elsewhere in its paragraph."""
    found = list(_NUMBER.finditer(text))
    rest = sorted(set(_NUMBER.findall(paragraph.text)) - {match.group() for match in found})
    if not found or not rest:
        return None
    match = chance.choice(found)
    return text[: match.start()] + chance.choice(rest) + text[match.end() :]


def numbers_exchanged(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with two of its numbers in each other's place."""
    return _exchanged(text, [m.span() for m in _NUMBER.finditer(text)], chance)


def number_word_changed(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with another number word."""
    there = [word for word in WORDS[language] if re.search(rf"\b{word}\b", text)]
    if not there:
        return None
    old = chance.choice(there)
    return re.sub(rf"\b{old}\b", chance.choice([word for word in WORDS[language] if word != old]), text, count=1)


def _names(text: str, language: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(_NAME[language], text) if not _NOT_A_NAME.match(m.group())]


def name_of_the_paragraph(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with a name that stands elsewhere in its paragraph."""
    return _renamed(text, paragraph.text, chance, language)


def foreign_name(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with a name of another article."""
    return _renamed(text, chance.choice(others).text, chance, language)


def _renamed(text: str, source: str, chance: random.Random, language: str) -> str | None:
    here = _names(text, language)
    own = {text[start:end] for start, end in here}
    words = {word for name in own for word in name.split()}
    names = {source[start:end] for start, end in _names(source, language)}
    rest = sorted(name for name in names if not words & set(name.split()) and name not in text)
    if not here or not rest:
        return None
    start, end = chance.choice(here)
    return text[:start] + chance.choice(rest) + text[end:]


def names_exchanged(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with two of its names in each other's place, unless they are members of one list."""
    spans = _names(text, language)
    listed = re.compile(r"\W*(?:and|or|и|или)?\W*(?:the )?\Z")
    pairs = [
        (one, two)
        for one, two in itertools.pairwise(spans)
        if not listed.match(text[one[1] : two[0]]) and text[slice(*one)] != text[slice(*two)]
    ]
    return _exchanged(text, list(chance.choice(pairs)), chance) if pairs else None


def _exchanged(text: str, spans: list[tuple[int, int]], chance: random.Random) -> str | None:
    if len(spans) < 2:
        return None
    at = chance.randrange(len(spans) - 1)
    (a, b), (c, d) = spans[at], spans[at + 1]
    # the same name in two cases, a date in another order, and a list say the same when exchanged
    same = text[a : a + 4] == text[c : c + 4] or text[a:b] == text[c:d]
    if same or re.fullmatch(r" [^\W\d]+ |(?: \w+)?,? (?:and|or|и|или) ", text[b:c]):
        return None
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


_AUXILIARY = {
    "en": r"\b(is|are|was|were|can|could|will|would|has been|have been|had been)\b(?! not)",
    "ru": r"\b(был[аои]?|является|являются|может|имеет|стал[аои]?|начал[аои]?)\b",
}
_NEGATED = {
    "en": r"\b(is|are|was|were|can|could|will|would|did|does|do|has|have|had)(?: not\b|n't\b)|\b(?:never|no) |(?<=can)not\b",
    "ru": r"(?<!Тем )(?<!тем )\b(?:не|никогда не) ",
}


def negation_added(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence with a negation at its verb."""
    found = list(re.finditer(_AUXILIARY[language], text))
    if not found:
        return None
    match = chance.choice(found)
    new = f"{match.group()} not" if language == "en" else f"не {match.group()}"
    return text[: match.start()] + new + text[match.end() :]


def negation_dropped(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the sentence without its negation."""
    match = re.search(_NEGATED[language], text)
    return (
        None
        if match is None
        else text[: match.start()] + (match.group(1) if match.groups() and match.group(1) else "") + text[match.end() :]
    )


def spliced(
    text: str, paragraph: Paragraph, others: Sequence[Paragraph], chance: random.Random, language: str
) -> str | None:
    """Return the beginning of this sentence with the end of another one of its paragraph, both cut at a verb."""
    verb = re.compile(
        r"\b(?:is|are|was|were|had|has|have|became|led)\b"
        if language == "en"
        else r"\b(?:был[аои]?|является|стал[аои]?|являются)\b"
    )
    mine = verb.search(text)
    rest = [
        s for s in paragraph.sentences if s != text and (m := verb.search(s)) and mine and m.group() == mine.group()
    ]
    rest = [s for s in rest if s[: 1 + s.find(" ")] != text[: 1 + text.find(" ")]]
    if mine is None or not rest or mine.start() < 8 or text not in paragraph.text:
        return None
    other = chance.choice(rest)
    found = verb.search(other)
    assert found
    return text[: mine.start()] + other[found.start() :]


CORRUPTIONS: Mapping[str, Change] = {
    "number changed": number_changed,
    "number of the paragraph": number_of_the_paragraph,
    "numbers exchanged": numbers_exchanged,
    "number word changed": number_word_changed,
    "name of the paragraph": name_of_the_paragraph,
    "foreign name": foreign_name,
    "names exchanged": names_exchanged,
    "negation added": negation_added,
    "negation dropped": negation_dropped,
    "opposite": swapped(OPPOSITES),
    "quantity": swapped(QUANTITIES),
    "unit": swapped(UNITS),
    "hedge dropped": swapped(HEDGES),
    "spliced": spliced,
}


def shortened(text: str) -> str | None:
    """Return the sentence without what follows its last comma that begins a clause."""
    match = re.search(
        r", (?:while|which|who|where|although|but|and then|который|которая|которые|а также|хотя|но)\b", text
    )
    return f"{text[: match.start()]}." if match and match.start() > 30 else None


def without_brackets(text: str) -> str | None:
    """Return the sentence without what stands in brackets."""
    new = re.sub(r" \([^()]*\)", "", text)
    return new if new != text else None


def fronted(text: str) -> str | None:
    """Return the sentence with its last phrase of time or place in front."""
    match = re.search(r" ((?:in|during|on) (?:the )?(?:\d{4}|[A-Z]\w+)|в \d{4} году)\.$", text)
    if not match or text[0] in "\"'(" or not text[1:2].islower():
        return None
    first = match.group(1)
    head = text[: match.start()]
    head = head[0].lower() + head[1:] if re.match(r"(?:The|A|An|It|He|She|They|This|In) ", head) else head
    return f"{first[0].upper()}{first[1:]}, {head}."


def other_number_form(text: str) -> str | None:
    """Return the sentence with its numbers written otherwise."""
    new = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    new = re.sub(r"\b(\d+(?:\.\d+)?)%", r"\1 percent", new)
    for value, word in enumerate(WORDS["en"][:7], start=2):
        new = re.sub(rf"(?<!-)\b{word}\b(?! hundred|-)", str(value), new)
    for value, word in enumerate(WORDS["ru"], start=2):
        new = re.sub(rf"(?<!дцать )\b{word}\b", str(value), new)
    new = re.sub(r"(?<=\d)[\u00a0 ](?=\d{3}\b)", "", new)
    return new if new != text else None


def introduced(text: str) -> str | None:
    """Return the sentence with the words that a model likes to begin with."""
    if re.search("[а-я]", text):
        return f"Согласно документу, {text}"
    return f"According to the document, {text}" if text[:1].isupper() else None


def contracted(text: str) -> str | None:
    """Return the sentence with its negation contracted, or without it."""
    new = re.sub(r"\b(is|are|was|were|did|does|do|could|would) not\b", r"\1n't", text)
    return new if new != text else None


def without_adverb(text: str) -> str | None:
    """Return the sentence without its first adverb of manner."""
    new = re.sub(
        r" (?:also|quickly|greatly|widely|heavily|directly|traditionally|также|официально|быстро|значительно)\b(?! \w+ly)",
        "",
        text,
        count=1,
    )
    return new if new != text else None


PARAPHRASES: Mapping[str, Callable[[str], str | None]] = {
    "as it stands": lambda text: text,
    "shortened": shortened,
    "without brackets": without_brackets,
    "fronted": fronted,
    "other number form": other_number_form,
    "introduced": introduced,
    "contracted": contracted,
    "without adverb": without_adverb,
}


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
            new = corrupt(base, paragraph, others, chance, language)
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


def measure_claims(show: int) -> None:
    """Print the share of wrong verdicts on claims written by hand by kind."""
    wrong: dict[tuple[bool, str], list[bool]] = {}
    passages = [Paragraph(f"claim-{at}", "Guide", claim.passage) for at, claim in enumerate(CLAIMS)]
    for at, claim in enumerate(CLAIMS):
        evidence = [as_evidence(passages[(at + step) % len(passages)]) for step in range(3)]
        for true, text in ((True, claim.true), (False, claim.false)):
            (verdict,) = verify((DraftSentence(text, ()),), evidence)
            failed = (verdict.state is State.UNSUPPORTED) == true
            wrong.setdefault((true, claim.kind), []).append(failed)
            if failed and show:
                print(f"  [{claim.kind}] {text}\n     {verdict.state}: {verdict.reason}")
    print("\nwritten by hand\n| sentence | number | wrong verdicts |\n|---|---|---|")
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
    measure_claims(arguments.show)


if __name__ == "__main__":
    main()
