"""Whether the graph tells namesakes apart, and takes what two documents say of one person or place for one.

Forty pairs of short documents, written before the rule was, and twenty later ones: half are about one bearer of the
name, half about two. All are read as one corpus, and again each pair alone.

python -m benchmarks.namesakes
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from xnai_pipelines.documents.identity import chunk_id, document_id
from xnai_pipelines.graph.extraction import read_document
from xnai_pipelines.graph.mentions import mention_rows
from xnai_pipelines.graph.reading import reading_of
from xnai_pipelines.graph.resolution import resolve
from xnai_pipelines.graph.rows import digest
from xnai_pipelines.graph.tables import EXTRACTIONS


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that use one name, and whether they mean one bearer of it."""

    language: str
    name: str
    is_same: bool
    one: str
    other: str


# fmt: off
PAIRS = (
    Pair("en", "Helen Marsh", False,
         "Helen Marsh was a British botanist. She was born in Norwich on 4 March 1861 and described forty mosses.",
         "Helen Marsh is an Australian swimmer. Born in Perth in 1988, she won two medals at the Commonwealth Games."),
    Pair("en", "Helen Dorsey", True,
         "Helen Dorsey is an American novelist. Her first book, The Salt Road, appeared in 1999.",
         "The committee was chaired by Helen Dorsey. Dorsey, a lawyer from Ohio, wrote The Salt Road."),
    Pair("en", "Ashford", False,
         "Ashford is a town in Kent, England. The Great Stour flows through Ashford.",
         "Ashford is a small community in Alabama, United States. A sawmill made Ashford grow in the 1890s."),
    Pair("en", "Tallow Creek", True,
         "Tallow Creek is a village in Oregon. Its school burned down in 1921.",
         "The bridge at Tallow Creek was rebuilt by Marion County in 2004. Tallow Creek has 410 inhabitants."),
    Pair("en", "Merlin", False,
         "Merlin is a small falcon that breeds in Europe and America. Larks are what the Merlin hunts.",
         "Merlin is a company in Leeds that makes pumps for hospitals. Sixty people work for Merlin."),
    Pair("en", "Robert Quill", False,
         "Robert Quill was an Irish bishop who died in 1702. He is buried in Cork.",
         "Robert Quill joined the finance team in May. He reports to Dana Reyes and works from Toronto."),
    Pair("en", "Priya Nair", True,
         "Priya Nair leads the platform team. She moved to Rotterdam in 2021.",
         "For access to the staging cluster ask Priya Nair. She approves requests on Mondays."),
    Pair("en", "Samuel Okoye", True,
         "Samuel Okoye was a Nigerian painter, born in Enugu in 1932.",
         "Samuel Okoye taught drawing in Lagos for thirty years. He died in 2001 and left 600 works."),
    Pair("en", "Aurora", False,
         "Aurora is a database that the billing service uses. Invoices stay in Aurora for ten years.",
         "Aurora is the daughter of Queen Isolde in the opera. In the second act Aurora sings."),
    Pair("en", "Cedar Falls", False,
         "Cedar Falls is a waterfall in Ohio. It is in a gorge of Hocking County.",
         "Cedar Falls is a novel by Peter Lang. It was published in 1978 and translated into Dutch."),
    Pair("en", "Thomas Reed", False,
         "Thomas Reed was born in 1755 in Bristol. He sailed with the East India Company.",
         "Thomas Reed was born in 1931 in Chicago. He designed the Harrow Bridge."),
    Pair("en", "Lake Orvel", True,
         "Lake Orvel is a lake in Finland. It freezes in November.",
         "Perch and pike are caught in Lake Orvel. The road from Kuopio ends at its shore."),
    Pair("en", "Quarry Lane", True,
         "The depot at Quarry Lane opened in 2015. It has twelve docks.",
         "Deliveries to Quarry Lane have to be announced a day before."),
    Pair("en", "Ida Feldman", True,
         "Ida Feldman was an American actress and writer. She starred in Night Ferry.",
         "Ida Feldman was a politician and an early member of the Senate. Feldman, once an actress, spoke for Maine."),
    Pair("de", "Karl Brandner", False,
         "Karl Brandner war ein österreichischer Maler. Er wurde 1820 in Graz geboren und starb 1889 in Wien.",
         "Karl Brandner ist ein deutscher Handballspieler. Er wurde 1990 in Kiel geboren."),
    Pair("de", "Neudorf", False,
         "Neudorf ist eine Gemeinde in Niederösterreich. In Neudorf leben 640 Menschen.",
         "Neudorf ist ein Ortsteil in Sachsen. Die Kirche in Neudorf ist von 1730."),
    Pair("de", "Weidenbach", True,
         "Weidenbach ist ein Dorf in Bayern. Der Bahnhof wurde 1905 eröffnet.",
         "In Weidenbach gibt es eine Mühle. Der Ort liegt im Landkreis Ansbach."),
    Pair("de", "Sabine Kröger", True,
         "Sabine Kröger leitet den Einkauf. Sie sitzt in Hannover.",
         "Rechnungen über 5.000 Euro gibt Sabine Kröger frei. Ihre Vertretung ist Jens Wolter."),
    Pair("de", "Falke", False,
         "Falke ist ein Motorrad der Firma Hartung. Von 1952 bis 1957 wurde die Falke gebaut.",
         "Falke ist ein Dienst, der Protokolle sammelt. Im Rechenzentrum Nord läuft Falke."),
    Pair("de", "Johann Stiller", False,
         "Johann Stiller war ein Komponist. Er starb 1761 in Leipzig.",
         "Johann Stiller wurde 1948 geboren. Er war ein Bergsteiger und bestieg den Nanga Parbat."),
    Pair("de", "Maria Lindt", True,
         "Maria Lindt war eine Schweizer Ärztin. Sie gründete ein Spital in Basel.",
         "Maria Lindt war eine Frauenrechtlerin. Sie wurde 1871 geboren und sprach oft in Zürich."),
    Pair("de", "Osterau", False,
         "Die Osterau ist ein Fluss in Schleswig-Holstein. Bei Wrist mündet die Osterau in die Bramau.",
         "Osterau ist ein Roman von Lisa Behn. Im Jahr 2011 wurde Osterau veröffentlicht."),
    Pair("de", "Petra Solms", False,
         "Petra Solms ist eine Richterin. Sie wurde am 3. Mai 1957 in Mainz geboren.",
         "Petra Solms ist eine Radsportlerin. Sie wurde am 9. August 1994 in Gera geboren."),
    Pair("de", "Projekt Lotse", True,
         "Projekt Lotse ist ein Vorhaben der Hafenbehörde. Es begann 2022.",
         "Die Schnittstelle von Projekt Lotse wird im Herbst umgestellt. Ansprechpartner ist Uwe Pahl."),
    Pair("de", "Grünsee", True,
         "Grünsee ist ein See in Tirol. Er liegt auf 1.400 Metern.",
         "Der Weg zum Grünsee ist im Winter gesperrt. Vom Grünsee sieht man die Ortlergruppe."),
    Pair("de", "Anton Vogt", True,
         "Anton Vogt wurde 1902 in Ulm geboren. Er war ein Architekt.",
         "Das Rathaus wurde von Anton Vogt entworfen. Vogt starb 1977."),
    Pair("de", "Hella Riemann", False,
         "Hella Riemann ist eine Stadträtin in Bremen. Sie kümmert sich um Schulen.",
         "Hella Riemann spielt im Film die Köchin. Der Film wurde 1936 in Berlin gedreht."),
    Pair("ru", "Анна Сомова", False,
         "Анна Сомова — русская балерина. Она родилась в 1880 году в Москве и умерла в 1942 году.",
         "Анна Сомова — российская шахматистка. Она родилась в 1996 году в Казани."),
    Pair("ru", "Берёзовка", False,
         "Берёзовка — деревня в Пермском крае. В деревне Берёзовка живут сорок человек.",
         "Берёзовка — река в Якутии. На реке Берёзовка нашли мамонта."),
    Pair("ru", "Озёрск", True,
         "Озёрск — город в Челябинской области. В 1945 году был основан Озёрск.",
         "На берегу озера Иртяш стоит Озёрск. Завод в Озёрске работает с 1948 года."),
    Pair("ru", "Пётр Лагин", True,
         "Пётр Лагин — советский инженер. Он родился в 1908 году в Туле.",
         "Мост построил Пётр Лагин. Пётр Лагин умер в 1983 году."),
    Pair("ru", "Иван Ковров", False,
         "Иван Ковров — художник. Он умер в 1799 году в Твери.",
         "Иван Ковров — хоккеист. Он родился в 1985 году и играет за команду «Северсталь»."),
    Pair("ru", "Марина Глебова", True,
         "Марина Глебова руководит отделом кадров. Она работает в Самаре.",
         "Отпуск согласует Марина Глебова. Её кабинет на третьем этаже."),
    Pair("ru", "Комета", False,
         "Комета — теплоход. Из Сочи в Сухум ходит Комета.",
         "Комета — кинотеатр в Омске. Два зала есть в кинотеатре Комета."),
    Pair("ru", "Лев Туманов", True,
         "Лев Туманов — поэт и переводчик. Он родился в 1925 году.",
         "Лев Туманов — лауреат Государственной премии. Его стихи изданы в 1979 году."),
    Pair("ru", "Заречье", False,
         "Заречье — село в Крыму. Переселенцы основали Заречье.",
         "Заречье — посёлок в Карелии. Железная дорога проходит через Заречье."),
    Pair("ru", "Виктор Ранов", False,
         "Виктор Ранов — начальник смены на заводе в Липецке. Он отвечает за печь номер два.",
         "Виктор Ранов — генерал. Он погиб в 1812 году под Смоленском."),
    Pair("ru", "Серебрянка", True,
         "Серебрянка — река на Урале. В Чусовую впадает Серебрянка.",
         "Весной Серебрянка разливается. Через Серебрянку построен мост."),
    Pair("ru", "Ольга Дёмина", True,
         "Ольга Дёмина — врач. Она окончила институт в Томске в 1978 году.",
         "Ольга Дёмина — депутат. Она родилась в 1955 году в Барнауле."),
    Pair("ru", "Сокол", True,
         "Проект «Сокол» начат в 2023 году. Сокол заменяет старую систему учёта.",
         "Отчёты из Сокола приходят в понедельник. Вопросы о Соколе принимает Дарья Юнина."),
)
# Written before regions, and single words that a sentence defines, were read.
LATER = (
    Pair("en", "Brookfield", False,
         "Brookfield is a village in Lancashire, England. Its church has a Norman tower.",
         "Brookfield is a village in Vermont, United States. A floating bridge crosses its lake."),
    Pair("en", "Martin Hale", False,
         "Martin Hale is a Canadian astronomer who discovered four comets. He works in Victoria.",
         "Martin Hale is a Scottish footballer who plays for Dundee as a goalkeeper."),
    Pair("en", "Delta", False,
         "Delta is the internal name of the payroll service. It runs on two servers in Frankfurt.",
         "Delta is an airline with its seat in Atlanta. It flies to sixty countries."),
    Pair("de", "Neuhof", False,
         "Neuhof ist ein Ortsteil der Stadt Teltow in Brandenburg. Er hat 300 Einwohner.",
         "Neuhof ist eine Gemeinde im Landkreis Fulda in Hessen. Dort wird Kali abgebaut."),
    Pair("de", "Anna Richter", False,
         "Anna Richter ist eine deutsche Ruderin. Sie gewann 2016 in Rio de Janeiro Silber.",
         "Anna Richter war eine österreichische Malerin. Sie starb 1934 in Linz."),
    Pair("fr", "Saint-Aubin", False,
         "Saint-Aubin est une commune française du département de l'Aube. Elle compte 500 habitants.",
         "Saint-Aubin est un village du canton de Fribourg, en Suisse. Son château date de 1631."),
    Pair("fr", "Paul Mercier", False,
         "Paul Mercier est un peintre belge né à Liège en 1842. Il peint des ports.",
         "Paul Mercier est un cycliste français. Il remporte une étape du Tour de France en 1951."),
    Pair("es", "San Miguel", False,
         "San Miguel es un municipio del estado de Jalisco, en México. Tiene una iglesia del siglo XVII.",
         "San Miguel es una localidad de la provincia de Almería, en España. Está junto al mar."),
    Pair("ru", "Берёзовка", False,
         "Берёзовка — деревня в Тверской области. В ней живут сорок человек.",
         "Берёзовка — река в Красноярском крае. Она впадает в Енисей."),
    Pair("ru", "Озёрное", False,
         "Озёрное — село в Саратовской области. Школа открыта в 1911 году.",
         "Озёрное — село в Тюменской области. Рядом проходит железная дорога."),
    Pair("en", "Larkspur", True,
         "Larkspur is a town in Colorado. It lies between Denver and Colorado Springs.",
         "Larkspur is a town in Douglas County. Every summer it holds a Renaissance festival."),
    Pair("en", "Nora Whitfield", True,
         "Nora Whitfield is a British geologist. She mapped the volcanoes of Iceland.",
         "Nora Whitfield is an author of children's books. Before that she worked as a geologist in Reykjavik."),
    Pair("en", "Kestrel", True,
         "Kestrel is a message queue written in Rust. It keeps messages on disk.",
         "Kestrel needs port 9400. Restart Kestrel after changing its certificate."),
    Pair("en", "Port Ellery", True,
         "Port Ellery is a city in Nova Scotia, Canada. Its harbour never freezes.",
         "Port Ellery is a city on the Atlantic coast of Canada. The ferry leaves Port Ellery at noon."),
    Pair("de", "Grünau", True,
         "Grünau ist ein Dorf in Sachsen. Die Kirche wurde 1820 gebaut.",
         "Grünau ist ein Dorf in Deutschland, nahe der tschechischen Grenze. Seit 1994 gehört es zu Zittau."),
    Pair("de", "Georg Weller", True,
         "Georg Weller war ein Schweizer Chemiker. Er lehrte in Basel.",
         "Georg Weller wurde 1871 in Bern geboren. Weller erhielt 1912 einen Preis für seine Arbeiten zu Farben."),
    Pair("fr", "Jeanne Castel", True,
         "Jeanne Castel est une romancière française. Son premier livre paraît en 1968.",
         "Née à Nantes en 1940, Jeanne Castel enseigne l'histoire avant d'écrire. Elle est aussi traductrice."),
    Pair("fr", "Valmont", True,
         "Valmont est une commune de Normandie. Une abbaye y fut fondée en 1169.",
         "Valmont est un village de France. Le marché de Valmont a lieu le mercredi."),
    Pair("es", "Elena Robles", True,
         "Elena Robles es una arquitecta chilena. Nació en Valdivia en 1955.",
         "Elena Robles diseñó la biblioteca de Temuco. La arquitecta vive en Santiago."),
    Pair("ru", "Пётр Лукин", True,
         "Пётр Лукин — русский инженер. Он построил мост через Волгу.",
         "Пётр Лукин родился в Казани в 1870 году. Лукин преподавал механику."),
)
# Written before kinds had fields; the rules were then shaped on the first dozen, and the second was looked at once.
SHAPING = (
    Pair("en", "Clara Whitcombe", False,
         "Clara Whitcombe was an English suffragette. She was arrested in Manchester in 1909 and again in 1912.",
         "Clara Whitcombe is a New Zealand rower who won bronze in Tokyo."),
    Pair("en", "Halberd", False,
         "Halberd is a brewery in Yorkshire, founded in 1874. Halberd's stout is sold in bottles.",
         "Halberd is an insurance broker in Singapore. It employs ninety people."),
    Pair("en", "parse_row", False,
         "`parse_row` is a function of the module `ledger.reader`. It splits a line at tabs.",
         "`parse_row` is a method of `HtmlTable`. It returns a list of cells."),
    Pair("de", "Altenbrunn", False,
         "Altenbrunn ist eine Gemeinde in Kärnten. Sie hat 1.200 Einwohner.",
         "Altenbrunn ist ein Stadtteil von Chemnitz. Die Straßenbahn fährt seit 1912 dorthin."),
    Pair("ru", "Заря", False,
         "Заря — санаторий в Кисловодске. Санаторий открыт в 1986 году.",
         "Заря — футбольный клуб из Луганска. В 1972 году «Заря» стала чемпионом."),
    Pair("zh", "李文涛", False,
         "李文涛是清代画家，擅长山水。李文涛于1790年去世。",
         "李文涛是中国足球运动员，司职门将。李文涛1995年出生于大连。"),
    Pair("en", "Skylark", True,
         "Skylark is a video conferencing tool by Ambit Labs. It runs in the browser.",
         "Meetings of more than fifty people use Skylark. Skylark records them for thirty days."),
    Pair("en", "Joan Petrossian", True,
         "Joan Petrossian is an American chemist. She teaches at Reed College.",
         "Joan Petrossian, who directs the laboratory since 2012, won the Weller Medal. Petrossian is also a cellist."),
    Pair("de", "Gerstmann", True,
         "Gerstmann ist ein Hersteller von Landmaschinen in Soest. Das Unternehmen wurde 1921 gegründet.",
         "Die Firma Gerstmann beschäftigt 800 Menschen. Gerstmann liefert Mähdrescher nach Polen."),
    Pair("ru", "Каменка", True,
         "Каменка — посёлок в Архангельской области. Население — 300 человек.",
         "Каменка — посёлок на реке Мезень. В Каменке есть лесопильный завод."),
    Pair("zh", "华晨科技", True,
         "华晨科技是一家软件公司，总部位于成都。华晨科技成立于2009年。",
         "去年华晨科技发布了新的数据库。华晨科技有三百名员工。"),
    Pair("en", "retry_policy", True,
         "`retry_policy` is a function of `netkit.client`. It returns the delays between attempts.",
         "Pass `retry_policy` to the client to change how often it tries again. By default `retry_policy` gives five "
         "delays."),
)
UNSEEN = (
    Pair("en", "Edmund Farrow", False,
         "Edmund Farrow was an English clergyman and antiquary who wrote on the churches of Suffolk. He died at "
         "Lavenham in 1768.",
         "Edmund Farrow is an American software engineer. He maintains the scheduler of the Orbit project."),
    Pair("en", "Millbrook", False,
         "Millbrook is a town in Dutchess County, New York. It is known for its horse farms.",
         "Millbrook is a suburb of Southampton. Its railway station opened in 1861."),
    Pair("en", "Pelican", False,
         "Pelican is a static site generator written in Python. Pelican reads Markdown files.",
         "Pelican is a brand of hard cases for cameras. Photographers take a Pelican on the boat."),
    Pair("de", "Jürgen Hollweg", False,
         "Jürgen Hollweg ist ein deutscher Physiker an der Universität Bonn. Er forscht über Neutrinos.",
         "Jürgen Hollweg ist ein Schweizer Eishockeytorwart. Er spielt seit 2019 für den EHC Biel."),
    Pair("ru", "Николай Строев", False,
         "Николай Строев — советский лётчик, Герой Советского Союза. Погиб в бою в 1943 году.",
         "Николай Строев — российский бизнесмен. В 2008 году он основал сеть аптек."),
    Pair("zh", "石桥镇", False,
         "石桥镇是四川省达州市的一个镇。石桥镇面积为90平方公里。",
         "石桥镇是河南省南阳市下辖的镇。石桥镇以月季闻名。"),
    Pair("en", "Brightwater", True,
         "Brightwater is a water utility in Ohio. It serves 200,000 homes.",
         "Bills from Brightwater arrive every quarter. Since 2018 Brightwater has been owned by the city of Dayton."),
    Pair("en", "Gull Island", True,
         "Gull Island is an island off the coast of Maine. It has a lighthouse from 1852.",
         "Puffins breed on Gull Island. Boats to Gull Island leave from Rockland."),
    Pair("de", "Wetterfrosch", True,
         "Wetterfrosch ist eine App für Segler. Sie zeigt Wind und Wellen.",
         "In der neuen Fassung von Wetterfrosch lassen sich Karten speichern. Wetterfrosch kostet nichts."),
    Pair("ru", "Вера Лаптева", True,
         "Вера Лаптева — советский биолог. Родилась в 1921 году в Саратове.",
         "Вера Лаптева — доктор наук и автор учебника по ботанике. Лаптева преподавала до 1989 года."),
    Pair("zh", "陈立群", True,
         "陈立群是台湾导演，1958年出生于台南。陈立群的第一部电影是《雨季》。",
         "导演陈立群在节目中谈到《雨季》。陈立群说拍摄用了三年。"),
    Pair("en", "xlint", True,
         "`xlint` is a command that checks configuration files. It exits with 1 if a file is wrong.",
         "Run `xlint` before every release. The continuous integration runs `xlint --strict`."),
)
# fmt: on


def main() -> None:
    """Print the figures of all pairs as one corpus, and of each pair alone."""
    for pairs in (PAIRS, LATER, SHAPING, UNSEEN):
        print(json.dumps({"one corpus": figures(pairs, pairs), "each pair alone": figures(pairs, None)}, indent=2))


def figures(pairs: Sequence[Pair], corpus: Sequence[Pair] | None) -> dict[str, object]:
    """Return precision and recall of taking two bearers for one, and which pairs are judged wrongly."""
    merged = merges(corpus) if corpus is not None else {pair: merges([pair])[pair] for pair in pairs}
    right = sum(merged[pair] and pair.is_same for pair in pairs)
    found, same = sum(merged[pair] for pair in pairs), sum(pair.is_same for pair in pairs)
    return {
        "pairs": len(pairs),
        "taken for one": found,
        "precision": round(right / max(1, found), 3),
        "recall": round(right / max(1, same), 3),
        "wrong": [f"{pair.name} ({pair.language})" for pair in pairs if merged[pair] != pair.is_same],
    }


def merges(pairs: Sequence[Pair]) -> dict[Pair, bool]:
    """Return whether each name is one entity in the two documents of its pair."""
    rows = [row for pair in pairs for text in (pair.one, pair.other) for row in _read(pair, text)]
    reading = reading_of(pa.Table.from_pylist(rows, schema=EXTRACTIONS.schema))
    mentions = mention_rows(reading, resolve(reading)).to_pylist()
    found = {}
    for pair in pairs:
        stem = pair.name[: -2 if pair.language == "ru" else None]
        named = [
            {one["entity_id"] for one in mentions if one["document_id"] == _identity(text) and stem in one["surface"]}
            for text in (pair.one, pair.other)
        ]
        found[pair] = bool(named[0] & named[1])
    return found


def _identity(text: str) -> str:
    return document_id(digest(text))


def _read(pair: Pair, text: str) -> Iterator[dict[str, object]]:
    identity = _identity(text)
    document = {
        "document_id": identity,
        "source": f"{digest(text)}.txt",
        "title": "",
        "headings": [],
        "language": pair.language,
        "revision": digest(text),
    }
    place = {"ordinal": 0, "start": 0, "end": len(text)}
    yield from read_document(document, [{"chunk_id": chunk_id(identity, 0, len(text), text), **place, "text": text}])


if __name__ == "__main__":
    main()
