"""How a text may speak of a thing without a form that `things` knows. Pure."""

import re
from collections.abc import Mapping

from xnai_pipelines.answers.things import Thing


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


PLACE = (
    r"in|on|at|near|under|from|behind|beside|between|opposite|north|south|east|west|inside|outside|into|above|below"
    r"|im|am|an|auf|bei|unter|neben|hinter|zwischen|gegenüber|aus|nach|zur?|à|au|aux|dans|sur|sous|près|chez|rue|en"
    r"|entre"
    r"|в|во|на|у|под|около|возле|рядом|за|между|из"
)
# The place of a name: in Leeds, near the Eiffel Tower.
BEFORE_A_PLACE = re.compile(rf"\b(?:{PLACE})(?: (?:the|der|den|dem|la|le|les|el))? ?\Z", re.IGNORECASE)

# Words that may be an answer.
PERHAPS: Mapping[Thing, re.Pattern[str]] = {
    Thing.NUMBER: _words(
        r"once|twice|thrice|none|no|hundreds|thousands|millions|dozens|several|many|few|half|all|every|single|an?",
        r"einmal|zweimal|kein\w*|mehrere|viele|einige|aucun\w*|plusieurs|ningun\w*|vari[oa]s",
        r"нет|ни одного|несколько|много|однажды|дважды|трижды|сотни|тысячи",
    ),
    Thing.TIME: _words(
        r"after|before|during|since|until|till|when|once|while|whenever|as soon as|every|each|always|never|daily"
        r"|weekly",
        r"monthly|yearly|annually|today|tomorrow|yesterday|night|morning|noon|evening|midnight|spring|summer|autumn",
        r"winter|now|ago|later|age|century|centuries|decade|nach|vor|während|seit|bis|wenn|sobald|jede[nrs]?|täglich|nachts|morgens|abends|mittags|immer|ab",
        r"après|avant|pendant|depuis|jusqu|quand|dès|chaque|lorsque|después|antes|durante|desde|hasta|cuando|cada",
        r"после|до|перед|во время|пока|когда|как только|кажд\w+|ежедневно|ежегодно|ночью|утром|днём|вечером|зимой"
        r"|летом",
        r"за|через",
    ),
    Thing.NAME: _words(
        r"[^\W\d_]{3,}(?:ers|ors|ists|ants|ians)|(?:fisher|sales|police|fire|crafts)?(?:men|women|man|woman)|child(?:ren)?",
        r"students?|everyone|anyone|nobody|somebody|no one|niemand|jeder|personne|nadie|никто|каждый|student(?:en)?",
    ),
    Thing.REASON: _words(
        r"because|since|as|due to|owing to|so that|in order to|to|therefore|reason|caus\w+|for|thanks to|result\w*|led",
        r"weil|da|denn|damit|um|wegen|grund|durch|deshalb|parce|car|afin|pour|puisque|raison|cause|porque|para|debido",
        r"ya que|потому|так как|чтобы|из-за|поскольку|причин\w+|ради|благодаря|для",
    ),
    Thing.PLACE: _words(PLACE),
    Thing.SHARE: _words(
        r"half|third|quarters?|majority|most|all|none|out of|hälfte|drittel|viertel|moitié|tiers|mitad",
        r"половин\w+|треть|четверть|большинство",
    ),
    Thing.TEMPERATURE: _words(
        r"room temperature|refrigerat\w+|fridge|cool|cold|warm|hot|frost\w*|raumtemperatur|kühl\w*|комнатн\w+|холод\w+"
    ),
    Thing.DURATION: _words(
        r"until|till|forever|indefinitely|always|permanent\w*|overnight|nights?|from|since|into|through\w*",
        r"bis|unbefristet|jusqu|hasta|до|бессрочно|всегда",
    ),
}
# Words and forms that are an answer to what is asked for exactly.
SURELY: Mapping[Thing, re.Pattern[str]] = {
    Thing.PRICE: re.compile(
        r"[$€£¥₽₸]"
        r"|\b(?:usd|eur|gbp|chf|rub|kzt|dollars?|euros?|pounds?|francs?|franken|cents?|руб\w*|тенге|евро|доллар\w*)\b"
        r"|\b(?:price|cost|fee|fare|rent|deposit|salar|budget|wage|\w*(?:preis|kosten|miete|beitrag)|prix|precio|prezzo"
        r"|цена|стоимость)\w*\b.*\d"
        r"|\b(?:free|kostenlos|kostenfrei|gratis|gratuit\w*|бесплатн\w+)\b",
        re.IGNORECASE,
    ),
    Thing.PHONE: re.compile(r"(?<![\d-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d ()/-]{4,}\d"),  # no date
    Thing.VERSION: re.compile(
        r"\b(?:latest|stable|lts|beta|neueste\w*|aktuelle\w*|dernière|última|последн\w+|стабильн\w+)\b|\bv\d"
        r"|(?<![\d.,])\d+\.\d+(?![\d%,]|\s?(?:%|[kmgt]?i?b\b|[kcm]?[mgsl]\b|percent|million|seconds?|hours?|inch"
        r"|[mg]hz|euro))",
        re.IGNORECASE,
    ),
}
