"""Nouns that say what kind of thing a name is, and its field: "botanist" is of a person, in science. Pure.

A noun of several kinds or fields has a place under each: a "service" is software or an institution. Nouns that could be
of nearly anything are left out. To add a language, add an entry; to add a kind, a line to each language.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

PERSON, SETTLEMENT, CODE, INSTITUTION = "person", "settlement", "code", "institution"

# The noun is the last word of what is said, the end of a compound, and in some languages the first word that is known.
_HEAD_FIRST, _COMPOUNDS = frozenset({"es", "fr", "ru"}), {"de": 4, "zh": 1}  # shortest noun that ends a compound

_KINDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "person": "daughter emperor empress explorer heir king man nobleman prince princess queen son widow woman",
        "person/art": "actor actress architect artist author comedian composer dancer designer director drummer "
        "filmmaker guitarist musician novelist painter photographer pianist playwright poet rapper sculptor singer "
        "songwriter violinist writer",
        "person/science": "anthropologist archaeologist astronomer biologist botanist chemist economist engineer "
        "geographer geologist historian linguist mathematician nurse philosopher physician physicist professor "
        "psychologist scholar scientist surgeon theologian zoologist",
        "person/sport": "athlete boxer cricketer cyclist footballer goalkeeper golfer gymnast jockey player rower "
        "runner sailor skater skier sprinter swimmer wrestler",
        "person/office": "activist admiral antiquary bishop cardinal clergyman diplomat general governor judge "
        "lawyer minister monk nun officer politician president priest saint senator soldier suffragette",
        "person/trade": "banker broker businessman businesswoman developer entrepreneur industrialist merchant "
        "programmer",
        "person/word": "journalist teacher doctor pilot",
        "settlement": "community hamlet settlement village",
        "settlement/own": "borough city municipality town township",
        "settlement/part": "district neighborhood neighbourhood quarter suburb",
        "island": "island archipelago atoll",
        "water": "bay brook canal creek lagoon lake reservoir river sea strait waterfall",
        "height": "hill mountain ridge volcano",
        "work": "album ballet book comedy drama epic film game magazine movie musical newspaper novel opera painting "
        "play poem series sitcom song symphony thriller",
        "creature": "bird breed butterfly cat dog falcon fish flower fungus genus grass horse insect moss moth shrub "
        "species spider tree",
        "software": "app application client compiler database editor framework generator interpreter language "
        "library parser plugin protocol queue server service software system tool",
        "code/function": "callable function procedure subroutine",
        "code/method": "method",
        "code/class": "class dataclass exception struct",
        "code/module": "module package",
        "ware": "brand camera car loudspeaker motorcycle perfume truck watch",
        "vehicle": "aircraft airplane boat car frigate locomotive motorcycle ship steamer submarine tram truck",
        "celestial": "asteroid comet constellation galaxy planet",
        "institution": "agency association band charity club company corporation foundation organisation "
        "organization service",
        "institution/finance": "bank broker insurer",
        "institution/industry": "brewery distillery manufacturer mill mine",
        "institution/trade": "bookstore publisher restaurant retailer shop supermarket wholesaler",
        "institution/transport": "airline airport carrier ferry harbour port station",
        "institution/worship": "abbey cathedral chapel church monastery mosque temple",
        "institution/learning": "college library school university",
        "institution/health": "clinic hospital hospice sanatorium",
        "institution/culture": "cinema gallery hotel museum orchestra stadium team theater theatre",
        "institution/state": "ministry party prison union utility",
        "institution/building": "bridge castle fort lighthouse palace skyscraper tower",
    },
    "de": {
        "person": "kaiser kaiserin könig königin sohn tochter",
        "person/art": "architekt architektin autor autorin bildhauer bildhauerin dichter dichterin fotograf fotografin "
        "komponist komponistin maler malerin musiker musikerin regisseur regisseurin schauspieler schauspielerin "
        "schriftsteller schriftstellerin sänger sängerin",
        "person/science": "arzt biologe biologin chemiker chemikerin historiker historikerin ingenieur ingenieurin "
        "mathematiker mathematikerin philosoph philosophin physiker physikerin professor professorin wissenschaftler "
        "wissenschaftlerin ärztin",
        "person/sport": "bergsteiger bergsteigerin boxer fahrer fahrerin läufer läuferin ruderer ruderin "
        "schwimmer schwimmerin spieler spielerin sportler sportlerin torwart turner turnerin",
        "person/office": "anwalt anwältin bischof general jurist juristin minister ministerin offizier pfarrer "
        "pfarrerin politiker politikerin präsident präsidentin rechtlerin richter richterin",
        "person/trade": "kaufmann kauffrau unternehmer unternehmerin",
        "person/word": "journalist journalistin lehrer lehrerin",
        "settlement": "dorf ort ortschaft siedlung weiler",
        "settlement/own": "gemeinde stadt",
        "settlement/part": "ortsteil stadtteil stadtviertel",
        "island": "insel",
        "water": "bach bucht fluss kanal meer see teich",
        "height": "berg gebirge gipfel hügel vulkan",
        "work": "album buch drama film gedicht gemälde lied oper roman serie spiel zeitschrift zeitung",
        "creature": "baum fisch gattung insekt käfer pflanze rasse schmetterling vogel",
        "software": "anwendung app bibliothek datenbank dienst programm programmiersprache software werkzeug",
        "code/function": "funktion",
        "code/method": "methode",
        "code/class": "klasse",
        "code/module": "modul",
        "vehicle": "auto boot dampfer flugzeug lokomotive motorrad schiff wagen",
        "celestial": "asteroid komet planet",
        "institution": "dienst firma gesellschaft stiftung unternehmen verband verein",
        "institution/finance": "bank sparkasse versicherung",
        "institution/industry": "brauerei fabrik hersteller werk zeche",
        "institution/trade": "gasthaus händler verlag",
        "institution/transport": "bahnhof flughafen hafen",
        "institution/worship": "dom kapelle kirche kloster moschee",
        "institution/learning": "bibliothek hochschule schule universität",
        "institution/health": "klinik krankenhaus",
        "institution/culture": "kino museum orchester stadion theater",
        "institution/state": "behörde ministerium partei",
        "institution/building": "brücke burg schloss turm",
    },
    "fr": {
        "person": "empereur femme fille fils homme prince princesse reine roi",
        "person/art": "acteur actrice architecte artiste auteur autrice chanteur chanteuse compositeur compositrice "
        "danseur danseuse musicien musicienne peintre photographe pianiste poète poétesse romancier romancière "
        "réalisateur réalisatrice sculpteur traducteur traductrice écrivain écrivaine",
        "person/science": "botaniste chimiste géologue historien historienne ingénieur linguiste mathématicien "
        "mathématicienne médecin philosophe physicien physicienne professeur professeure",
        "person/sport": "athlète boxeur boxeuse coureur cycliste footballeur footballeuse joueur joueuse "
        "nageur nageuse",
        "person/office": "avocat avocate diplomate général juge militaire officier prêtre soldat évêque",
        "person/trade": "banquier navigateur négociant",
        "person/word": "journaliste pilote",
        "settlement": "bourgade hameau localité village",
        "settlement/own": "bourg commune municipalité ville",
        "settlement/part": "quartier",
        "island": "île",
        "water": "baie cascade fleuve lac mer rivière ruisseau torrent étang",
        "height": "colline mont montagne sommet volcan",
        "work": "album ballet chanson comédie film opéra poème roman symphonie tableau",
        "creature": "arbre champignon chien insecte oiseau papillon plante poisson",
        "software": "bibliothèque langage logiciel",
        "code/function": "fonction",
        "code/method": "méthode",
        "vehicle": "avion bateau locomotive navire voiture",
        "celestial": "astéroïde comète planète",
        "institution": "association entreprise fondation société",
        "institution/finance": "banque",
        "institution/transport": "aéroport gare",
        "institution/worship": "abbaye cathédrale chapelle monastère église",
        "institution/learning": "bibliothèque université école",
        "institution/health": "hôpital",
        "institution/culture": "musée stade théâtre",
        "institution/building": "château pont",
    },
    "es": {
        "person": "emperador hija hijo princesa príncipe reina rey",
        "person/art": "actor actriz arquitecta arquitecto artista autor autora cantante compositor "
        "compositora director "
        "directora escritor escritora escultor escultora novelista pianista pintor pintora poeta poetisa traductor "
        "traductora",
        "person/science": "botánico científica científico filósofo físico historiador historiadora ingeniera ingeniero "
        "matemático médica médico profesor profesora químico",
        "person/sport": "atleta boxeador ciclista futbolista jugador jugadora nadador nadadora",
        "person/office": "abogada abogado diplomático general juez militar obispo política político sacerdote soldado",
        "person/word": "periodista piloto",
        "settlement": "aldea localidad pueblo",
        "settlement/own": "ciudad municipio villa",
        "settlement/part": "barrio",
        "island": "isla",
        "water": "arroyo bahía cascada lago laguna mar río",
        "height": "cerro colina montaña monte pico volcán",
        "work": "canción comedia cuadro drama novela película poema serie sinfonía álbum ópera",
        "creature": "ave hongo insecto mariposa pez planta pájaro árbol",
        "software": "aplicación biblioteca lenguaje programa",
        "code/function": "función",
        "code/method": "método",
        "vehicle": "automóvil avión barco buque locomotora",
        "celestial": "asteroide cometa planeta",
        "institution": "asociación compañía empresa fundación sociedad",
        "institution/finance": "banco",
        "institution/transport": "aeropuerto",
        "institution/worship": "abadía capilla catedral iglesia monasterio",
        "institution/learning": "biblioteca escuela universidad",
        "institution/health": "hospital",
        "institution/culture": "estadio museo teatro",
        "institution/building": "castillo puente",
    },
    "ru": {
        "person": "дочь император король сын царь",
        "person/art": "актриса актёр архитектор балерина композитор музыкант певец певица писатель писательница поэт "
        "режиссёр скульптор художник художница",
        "person/science": "биолог врач инженер историк математик профессор учёный физик философ химик",
        "person/sport": "боксёр гимнаст гимнастка спортсмен спортсменка футболист хоккеист шахматист шахматистка",
        "person/office": "генерал депутат дипломат министр политик президент священник",
        "person/trade": "бизнесмен купец предприниматель",
        "person/word": "журналист лётчик начальник учитель",
        "settlement": "деревня село хутор станица",
        "settlement/own": "город посёлок",
        "settlement/part": "микрорайон",
        "island": "остров",
        "water": "водопад залив море озеро пруд река ручей",
        "height": "вулкан гора хребет",
        "work": "альбом балет газета журнал картина книга опера песня поэма пьеса роман сериал фильм",
        "creature": "гриб дерево птица растение рыба трава",
        "software": "библиотека приложение программа сервис",
        "code/function": "функция",
        "code/method": "метод",
        "vehicle": "автомобиль корабль самолёт танк теплоход трактор",
        "celestial": "астероид комета планета",
        "institution": "команда компания корпорация организация фирма",
        "institution/finance": "банк",
        "institution/industry": "завод фабрика",
        "institution/trade": "издательство магазин",
        "institution/worship": "монастырь собор храм церковь",
        "institution/learning": "библиотека институт университет школа",
        "institution/health": "больница санаторий",
        "institution/culture": "кинотеатр клуб музей театр",
        "institution/state": "партия",
        "institution/building": "дворец замок мост",
    },
    "zh": {
        "person": "皇帝 国王 女王 儿子 女儿",
        "person/art": "画家 作家 诗人 演员 歌手 导演 编剧 音乐家 作曲家 小说家 摄影师 建筑师 书法家",
        "person/science": "科学家 数学家 物理学家 化学家 生物学家 历史学家 哲学家 医生 工程师 教授 学者",
        "person/sport": "运动员 球员 选手 棋手 教练",
        "person/office": "政治家 官员 将领 将军 律师 法官 僧人",
        "person/trade": "商人 企业家 银行家",
        "person/word": "记者 教师",
        "settlement": "村 村庄",
        "settlement/own": "城市 县 镇 乡",
        "settlement/part": "街道",
        "island": "岛 岛屿",
        "water": "河流 湖泊 河 湖 海湾 水库",
        "height": "山 山峰 火山",
        "work": "电影 小说 专辑 歌曲 电视剧 游戏 杂志 报纸",
        "creature": "鸟类 鱼类 植物 昆虫",
        "software": "软件 编程语言 数据库 操作系统 框架 编辑器",
        "code/function": "函数",
        "code/method": "方法",
        "celestial": "小行星 彗星 行星",
        "institution": "公司 企业 组织 机构 协会 基金会",
        "institution/finance": "银行",
        "institution/transport": "机场 车站 火车站",
        "institution/worship": "寺 寺庙 教堂",
        "institution/learning": "大学 学校 中学 小学 图书馆",
        "institution/health": "医院",
        "institution/culture": "博物馆 乐队 俱乐部 剧院",
    },
}


def kinds_of(words: Sequence[str], language: str) -> tuple[str, ...]:
    """Return the kinds of the noun among the words that say what something is, as "kind" or "kind/field"."""
    if language not in _KINDS:
        return ()
    heads = words if language in _HEAD_FIRST else words[-1:]
    return next(filter(None, (_kinds_of(word, language) for word in heads)), ())


def _kinds_of(word: str, language: str) -> tuple[str, ...]:
    nouns, word = _nouns(language), word.replace("ё", "е")
    if word in nouns or language not in _COMPOUNDS:
        return nouns.get(word, ())
    return nouns[max(ends, key=len)] if (ends := list(_ends(word, language))) else ()


def _ends(word: str, language: str) -> Iterator[str]:
    return (noun for noun in _nouns(language) if len(noun) >= _COMPOUNDS[language] and word.endswith(noun))


@cache
def _nouns(language: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for kind, nouns in _KINDS[language].items():
        for noun in nouns.replace("ё", "е").split():
            found[noun] = (*found.get(noun, ()), kind)
    return found
