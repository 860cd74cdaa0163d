"""Nations by the words for them: "belge" and "Belgique" are of one. Pure. To add a language, add an entry.

Words that stand for nations of several states, such as "Soviet", are left out.
"""

from collections.abc import Mapping
from functools import cache

# Codes of ISO 3166 with their words; one that ends with a hyphen is the beginning of some.
_NATIONS: Mapping[str, str] = {
    "en": "ar:argentina,argentine,argentinian at:austria,austrian au:australia,australian be:belgium,belgian "
    "br:brazil,brazilian bg:bulgaria,bulgarian ca:canada,canadian ch:switzerland,swiss cl:chile,chilean "
    "cn:china,chinese co:colombia,colombian cz:czechia,czech de:germany,german dk:denmark,danish "
    "eg:egypt,egyptian es:spain,spanish fi:finland,finnish fr:france,french "
    "gb:britain,british,england,english,scotland,scottish,wales,welsh gr:greece,greek hr:croatia,croatian "
    "hu:hungary,hungarian id:indonesia,indonesian ie:ireland,irish il:israel,israeli in:india,indian "
    "ir:iran,iranian is:iceland,icelandic it:italy,italian jp:japan,japanese ke:kenya,kenyan kr:korea,korean "
    "mx:mexico,mexican ng:nigeria,nigerian nl:netherlands,dutch no:norway,norwegian nz:zealand pe:peru,peruvian "
    "pk:pakistan,pakistani pl:poland,polish pt:portugal,portuguese ro:romania,romanian rs:serbia,serbian "
    "ru:russia,russian se:sweden,swedish th:thailand,thai tr:turkey,turkish ua:ukraine,ukrainian "
    "us:american,states,usa vn:vietnam,vietnamese",
    "de": "ar:argentin- at:österreich- au:austral- be:belg- br:brasil- bg:bulgar- ca:kanad- ch:schweiz- "
    "cl:chile- cn:china,chinesisch- co:kolumb- cz:tschech- de:deutsch- dk:dänemark,dänisch- eg:ägypt- "
    "es:spanien,spanisch- fi:finnland,finnisch- fr:frankreich,französisch- "
    "gb:britisch-,england,englisch-,schott- gr:griech- hr:kroat- hu:ungar- id:indones- ie:irland,irisch- "
    "il:israel- in:indien,indisch- ir:iran- is:island,isländisch- it:italien- jp:japan- kr:korea- mx:mexik- "
    "ng:nigeria- nl:niederländ-,niederlande no:norweg- nz:neuseel- pe:peru- pk:pakistan- pl:polen,polnisch- "
    "pt:portug- ro:rumän- rs:serb- ru:russ- se:schwed- th:thailänd-,thailand tr:türk- ua:ukrain- "
    "us:amerika,amerikanisch-,us-amerikanisch-,usa vn:vietnam- za:südafrika-",
    "fr": "ar:argentin- at:autrich- au:austral- be:belg- br:brésil- bg:bulgar- ca:canad- ch:suisse- cl:chili- "
    "cn:chin- co:colomb- cz:tchèque-,tchéqu- de:allem- dk:danemark,danois- eg:égypt- es:espagn- fi:finland- "
    "fr:français-,france gb:britannique-,anglais-,angleterre,écoss-,royaume-uni gr:grec-,grèce hr:croat- "
    "hu:hongr- ie:irland- il:israél- in:inde,indien- ir:iran- is:island- it:itali- jp:japon- kr:coré- mx:mexi- "
    "ng:nigéria- nl:néerland-,pays-bas no:norvég-,norvège pe:pérou,péruvien- pl:polog-,polonais- pt:portug- "
    "ro:rouma- rs:serb- ru:russ- se:suéd-,suède tr:turc-,turqu- ua:ukrain- us:américain-,états-unis vn:vietnam- "
    "za:sud-africain-",
    "es": "ar:argentin- at:austri- au:austral- be:belg-,bélgica br:brasil- bg:búlgar- ca:canad- ch:suiz- "
    "cl:chile- cn:chin- co:colomb- cu:cuba- cz:chec- de:alem- dk:danés-,dinamarca eg:egip- es:españ- "
    "fi:finland-,finlandés fr:francia,francés- gb:británic-,inglés-,inglaterra,escoc-,inglesa gr:grec-,griega "
    "hu:húngar-,hungría ie:irland- il:israel- in:india,indio ir:irán,iraní it:itali- jp:japón,japon- "
    "mx:méxico,mexican- nl:neerland-,holand- no:norueg- pe:perú,peruan- pl:polac-,polonia pt:portug- ro:ruman- "
    "ru:rus-,rusia se:suec- tr:turc-,turquía ua:ucran- us:estadounidense-,unidos ve:venez- za:sudafric-",
    "ru": "ar:аргентин- at:австри- au:австрали- be:бельги- br:бразил- bg:болгар- by:белорус- ca:канад- "
    "ch:швейцар- cn:кита- cz:чеш-,чехи- de:немец-,германи- dk:датск-,дани- eg:египет- es:испан- "
    "fi:финлянд-,финск- fr:франц- gb:британ-,англи-,шотланд- ge:грузин-,грузия,грузии gr:греч-,греци- hu:венг- "
    "ie:ирланд- il:израил- in:индийск-,индия,индии ir:иран- it:итал- jp:япон- kr:коре- kz:казах- mx:мексик- "
    "nl:нидерланд-,голланд- no:норве- pl:польск-,польш- pt:португал- ro:румын- rs:сербск-,сербия "
    "ru:русск-,росси- se:швед-,швеци- tr:турец-,турци- ua:украин- us:американ-,сша vn:вьетнам-",
}


def nation_of(word: str, language: str) -> str | None:
    """Return the nation of a word in small letters, None if it stands for none."""
    words, beginnings = _words(language)
    if word in words:
        return words[word]
    return next((code for beginning, code in beginnings.items() if word.startswith(beginning)), None)


@cache
def _words(language: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the nation of each whole word, and of each beginning, the longest first."""
    whole: dict[str, str] = {}
    begins: dict[str, str] = {}
    for entry in _NATIONS.get(language, "").split():
        code, _, words = entry.partition(":")
        for word in words.split(","):
            (begins if word.endswith("-") else whole)[word.removesuffix("-")] = code
    return whole, dict(sorted(begins.items(), key=lambda each: -len(each[0])))
