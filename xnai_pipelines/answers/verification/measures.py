"""Units of measure however they are written: 5 km, 5km and five kilometres have the same unit."""

from decimal import Decimal

# The same measure has the same term. To add one, add a line; letters of one case mean one measure only, so "MB" and
# "Mb", or "mW" and "MW", are listed apart.
_MEASURES = (
    "% percent prozent процент процента процентов процентами процентах procent",
    "km kilometre kilometer kilometres kilometers км километр километра километров",
    "mile miles mi миля мили миль", "metre meter metres meters метр метра метров",
    "cm centimetre centimeter centimetres centimeters см сантиметр сантиметра сантиметров",
    "mm millimetre millimeter millimetres millimeters мм миллиметр миллиметра миллиметров",
    "kg kilogram kilograms kilogramme кг килограмм килограмма килограммов kilogramm",
    "mg milligram milligrams мг миллиграмм миллиграмма миллиграммов milligramm",
    "g gram grams грамм грамма граммов gramm", "tonne tonnes тонна тонны тонн",
    "$ dollar dollars usd доллар доллара долларов", "€ euro euros eur евро",
    "£ pound pounds gbp фунт фунта фунтов", "₽ ruble rubles rub рубль рубля рублей руб",
    "millisecond milliseconds миллисекунда миллисекунды миллисекунд millisekunden",
    "second seconds секунда секунды секунд sekunde sekunden", "minute minutes минута минуты минут minuten",
    "hour hours час часа часов stunde stunden", "day days день дня дней tag tage tagen",
    "week weeks неделя недели недель woche wochen", "month months месяц месяца месяцев monat monate monaten",
    "year years год года году годом лет годы годах jahr jahre jahren", "° degree degrees градус градуса градусов grad",
    "byte bytes", "kilobyte kilobytes", "megabyte megabytes", "gigabyte gigabytes", "terabyte terabytes",
)  # fmt: skip
_TERMS = {name: names.split()[0] for names in _MEASURES for name in names.split()}
# Right behind a number these are units, elsewhere they may be anything.
_SYMBOLS = {
    "ms": "millisecond", "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "hrs": "hour",
    "m": "metre", "t": "tonne", "B": "byte", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "с": "second", "мс": "millisecond", "м": "metre", "г": "g", "т": "tonne", "ч": "hour",
    "мин": "minute",
}  # fmt: skip
_OWN = """mW kW MW GW W V mV kV mA A Hz kHz MHz GHz KiB MiB GiB TiB Kb Mb Gb kb Pa hPa kPa MPa J kJ l ml µg px pt dB ft
    lb oz rpm mph"""
_SYMBOLS_BEHIND = {**_SYMBOLS, **{symbol: symbol for symbol in _OWN.split()}}
CURRENCIES = frozenset(f"unit:{sign}" for sign in "$€£¥₽")


def measure(folded: str) -> str | None:
    """Return the term of a unit that is written out, None if the word is none."""
    name = _TERMS.get(folded)
    return None if name is None else f"unit:{name}"


def measure_behind_a_number(word: str, folded: str, *, attached: bool) -> str | None:
    """Return the term of a unit that follows a number. What is attached to a number always measures it."""
    name = _SYMBOLS_BEHIND.get(word) or _TERMS.get(folded) or (word if attached else None)
    return None if name is None else f"unit:{name}"


# Units that are counted in another one: 1.5 km is 1,500 m, and 90 minutes are 1.5 hours.
IN_BASE_UNITS = {
    "unit:km": ("unit:metre", Decimal(1000)),
    "unit:cm": ("unit:metre", Decimal("0.01")),
    "unit:kg": ("unit:g", Decimal(1000)),
    "unit:tonne": ("unit:g", Decimal(1_000_000)),
    "unit:hour": ("unit:minute", Decimal(60)),
    "unit:week": ("unit:day", Decimal(7)),
}
