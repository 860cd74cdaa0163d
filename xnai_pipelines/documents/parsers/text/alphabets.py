"""The letters of each language in order of frequency, and the legacy encodings that texts in it are in.

To add a language, add a line. Of a language in Latin script only the letters beyond ASCII are named. The first encoding
of a line is the most frequent one.
"""

from dataclasses import dataclass

WESTERN = ("cp1252", "iso8859_15", "mac_roman", "cp850", "cp437")
CENTRAL = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")

PUNCTUATION = "’–“”„«»—…‘\u00a0°€£§©®·•×±½²³²¼¾µ¿¡‚‹›™†‰¢¥º\u00ad№"
"""Signs beyond ASCII that texts in any language have, the frequent ones first."""
DRAWN = "─│├└┌┐┘┤┬┴┼═║╔╗╚╝╠╣█▓▒░■"
"""Signs that texts in the encodings of DOS draw tables with."""
WIDE_PUNCTUATION = "，。、「」：；！？（）《》・“”…—～\u3000『』【】％"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its ISO 639-1 code, its script, its encodings and its letters, the frequent ones first.

    Attributes:
        rarity: Bits that a text in it costs beforehand. Zero for the languages of most documents.
    """

    code: str
    script: str
    encodings: tuple[str, ...]
    letters: str
    rarity: float = 1.0


LANGUAGES = (
    Language("en", "Latin", WESTERN, "éïèöüñçáóà", 0.0),
    Language("de", "Latin", WESTERN, "üäößéà", 0.0),
    Language("fr", "Latin", WESTERN, "éàèêçâùîôûœëïæü", 0.0),
    Language("es", "Latin", WESTERN, "óíáéñúü", 0.0),
    Language("pt", "Latin", WESTERN, "ãçáéíóêõúâàôü"),
    Language("it", "Latin", WESTERN, "èàùòéìî"),
    Language("nl", "Latin", WESTERN, "éëïèöüó"),
    Language("sv", "Latin", WESTERN, "äåöéü"),
    Language("da", "Latin", WESTERN, "øæåéö"),
    Language("fi", "Latin", WESTERN, "äöåé"),
    Language("ca", "Latin", WESTERN, "àéèóíòçïúü", 2.0),
    Language("is", "Latin", WESTERN, "áðíóéþöúæý", 3.0),
    Language("pl", "Latin", CENTRAL, "łęążśćóńź"),
    Language("cs", "Latin", CENTRAL, "íáéěýřščžůúťňóďö"),
    Language("sk", "Latin", CENTRAL, "áíéžčúľýšťôňďäóŕĺ", 2.0),
    Language("hu", "Latin", CENTRAL, "áéöíóőüűú"),
    Language("ro", "Latin", CENTRAL, "ăîâşţé", 2.5),
    Language("hr", "Latin", CENTRAL, "čšžćđ", 1.5),
    Language("sq", "Latin", ("cp1252", "cp1250"), "ëç", 3.0),
    Language("tr", "Latin", ("cp1254", "iso8859_9", "cp857"), "ıüşçğöİâî", 1.5),
    Language("lt", "Latin", ("cp1257", "iso8859_13"), "ėųšžįąūčę", 2.0),
    Language("lv", "Latin", ("cp1257", "iso8859_13"), "āīēšņūļžķčģ", 2.0),
    Language("et", "Latin", ("cp1257", "iso8859_15"), "äõüöšž", 3.0),
    Language("vi", "Latin", ("cp1258",), "đưôâăơê\u0323\u0301\u0300\u0309\u0303áàéèóòíúùýãõ", 5.0),
    Language("ru", "Cyrillic", CYRILLIC, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    Language("uk", "Cyrillic", ("cp1251", "koi8_u", "iso8859_5"), "оанитівреслкдупмязьгбчйхжїюшцщєфґ"),
    Language("bg", "Cyrillic", ("cp1251", "iso8859_5"), "аиоентрсвлкдпмзяъгбучщжцхюйшфь", 2.0),
    Language("sr", "Cyrillic", ("cp1251", "iso8859_5"), "аоиенрсјтукдвмплзгбцшчжђћљњхџф", 2.0),
    Language("be", "Cyrillic", ("cp1251", "iso8859_5"), "анісеортлкуядвпмызьцбгчўшжхёйэюф", 3.0),
    Language("el", "Greek", ("cp1253", "iso8859_7", "cp737"), "αοιετσνηυρπκμλςωίόδάγχθέφήύβώξζψϊΐϋΰ"),
    Language("he", "Hebrew", ("cp1255", "iso8859_8", "cp862"), "יוהלאתרבמשנעדחקפםסטגכצןזךףץ"),
    Language("ar", "Arabic", ("cp1256", "iso8859_6"), "اليمنوتربةعدسفهكقحجشصطخأذضىزغئثءظإؤآ،؟"),
    Language("fa", "Arabic", ("cp1256",), "ارنيدهمتوبشسزلكگخفعقپجحچآصطضثذغظژئ،؟", 3.0),
    Language("th", "Thai", ("cp874",), "านรอกเงมยลวดทสตะปบคห่้ิีัแไ็์ืุูึโชพจขถผซใศธญฟณษภฉำ๊ๆฐฎฏฑฒฆฌฤๅฯ๋๑๒๓๔๕๖๗๘๙๐"),
)


@dataclass(frozen=True, slots=True)
class Ideographs:
    """One language in wide characters.

    Attributes:
        encodings: The legacy encodings of its texts, the most frequent one first.
        common: Its most frequent characters, in order.
        level: The encoding whose rows tell common characters from rare ones.
        first, last: The first byte of the first and of the last row of common characters.
        common_share: The share of a text that is in `common`.
    """

    code: str
    script: str
    encodings: tuple[str, ...]
    common: str
    level: str
    first: int
    last: int
    common_share: float


IDEOGRAPHS = (
    Ideographs(
        "zh",
        "Han",
        ("gb18030",),
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事"
        "成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公"
        "此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回"
        "特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何"
        "电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白"
        "却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导"
        "争运测试文件内容数据备份",
        "gb2312",
        0xB0,
        0xD7,
        0.75,
    ),
    Ideographs(
        "zh",
        "Han",
        ("big5", "big5hkscs"),
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事"
        "成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公"
        "此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回"
        "特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何"
        "電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白"
        "台灣請謝您測試檔案資料網路",
        "big5",
        0xA4,
        0xC6,
        0.75,
    ),
    Ideographs(
        "ja",
        "Kana",
        ("cp932", "euc_jp"),
        "のいるにはをたとしてがでなれんまかすっらりこもーあくさうきよつそちけどみえおめせわだ、。ンストルイリアラクレシドジロタ"
        "ナバマムテフコプサメディカッパニュョャグブオヤズネソミウワツキエチヘノハヒビベボポモユヨザゼゾダガギゲゴケセやほへひ"
        "ふげぎぐござじずぜぞづでばびぶべぼぱぴぷぺぽむぬねゆよろ日本人年大一国会中出事者社月時分行見生地場上自業部間言体気"
        "文試験用語使入力電話東京家学校新定理開設先今何水車名前金長高手立書内外同明動期議案約契説取扱作成対当方法全最後度通知"
        "区分市民政府国際経済業務係員教育世界関連情報変更必要点検確認修正資料数値表示記録保存管理計画実施結果年間毎春夏秋冬温",
        "euc_jp",
        0xB0,
        0xCF,
        0.8,
    ),
    Ideographs(
        "ko",
        "Hangul",
        ("cp949", "johab"),
        "이다는의에을가고한하로지은를기사도어서아자나리인시대들정그수해과으스전부일보만있게라면했니안주습여상원되제적장요구동조"
        "비음관국경선할것우성공거치소오년위신세문유모마중명무회던저미내화방실용물였없까연러트계때려개발재생두말간당반학단오통행"
        "든외분강드와하입출심회교모란데달업영금민후진산체바역교차양각월현작된같야매호설포차터점남최식처등목울불개속운권감행초",
        "euc_kr",
        0xB0,
        0xC8,
        0.75,
    ),
)
