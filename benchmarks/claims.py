"""Claims written by hand that the sentences made from paragraphs lack: technical text, cut quotes, other languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A passage, a sentence that it supports and one that it does not.

    Attributes:
        kind: How the false sentence differs.
        passage: What the document says.
        true: A sentence that is shortened or put in another order.
        false: A sentence that says something else.
    """

    kind: str
    passage: str
    true: str
    false: str


CLAIMS = tuple(
    Claim(*row)
    for row in [
        (
            "attached unit",
            "Each worker may use 512MB of memory. The pool is restarted every night by the scheduler.",
            "Each worker may use 512 MB of memory.",
            "Each worker may use 512GB of memory.",
        ),
        (
            "attached unit",
            "The probe waits 250ms before the first retry and then doubles the delay for each further one.",
            "The probe waits 250 ms before the first retry.",
            "The probe waits 250s before the first retry.",
        ),
        (
            "attached unit",
            "The company raised $40m in its first round, and its founders kept most of the shares.",
            "The company raised $40 million in its first round.",
            "The company raised $40bn in its first round.",
        ),
        (
            "attached unit",
            "Der Akku liefert 5mW im Ruhezustand und 3W unter Last, wie das Datenblatt des Herstellers angibt.",
            "Der Akku liefert 5 mW im Ruhezustand.",
            "Der Akku liefert 5MW im Ruhezustand.",
        ),
        (
            "dropped unit",
            "The cache is cleared every 30 days. It can be cleared by hand with the command line tool as well.",
            "The cache is cleared every 30 days.",
            "The cache is cleared every 30.",
        ),
        (
            "dropped unit",
            "Le délai de garde est de 15 secondes par défaut et peut être modifié dans le fichier de configuration.",
            "Le délai de garde est de 15 secondes par défaut.",
            "Le délai de garde est de 15 par défaut.",
        ),
        (
            "version",
            "Support for the old format was removed in release 2.10 and the converter was moved to a plugin.",
            "Support for the old format was removed in release 2.10.",
            "Support for the old format was removed in release 2.1.",
        ),
        (
            "version",
            "The fix is part of 1.20.3 and of all later releases of the library, but was not backported.",
            "The fix is part of 1.20.3.",
            "The fix is part of 12.0.3.",
        ),
        (
            "version",
            "Исправление вошло в версию 4.10 и во все следующие версии библиотеки, но не было перенесено в старые.",
            "Исправление вошло в версию 4.10.",
            "Исправление вошло в версию 4.1.",
        ),
        (
            "sign",
            "The sensor works down to -20 degrees and is calibrated at the factory before it is shipped.",
            "The sensor works down to -20 degrees.",
            "The sensor works down to 20 degrees.",
        ),
        (
            "sign",
            "La température de stockage est de -18 °C pour tous les vaccins de cette gamme selon la notice.",
            "La température de stockage est de -18 °C.",
            "La température de stockage est de 18 °C.",
        ),
        (
            "comparison",
            "A page is sent if latency > 200 for five minutes, and the person on call has to confirm it.",
            "A page is sent if latency > 200 for five minutes.",
            "A page is sent if latency < 200 for five minutes.",
        ),
        (
            "comparison",
            "The loop ends when count != limit, which is checked after every step of the computation.",
            "The loop ends when count != limit.",
            "The loop ends when count == limit.",
        ),
        (
            "comparison",
            "Set retries=3 in the file to try again, and timeout=9 to wait longer for the remote server.",
            "Set retries=3 in the file to try again.",
            "Set timeout=3 in the file to try again.",
        ),
        (
            "condition dropped",
            "The index can be deleted safely unless a build is running. It is made again by the next run.",
            "The index can be deleted safely unless a build is running.",
            "The index can be deleted safely.",
        ),
        (
            "condition dropped",
            "The flag is ignored when the server runs in read-only mode, as the table of settings explains.",
            "The flag is ignored when the server runs in read-only mode.",
            "The flag is ignored.",
        ),
        (
            "condition dropped",
            "Refunds are paid provided that the ticket was not used. Ask at the counter for the form.",
            "Refunds are paid provided that the ticket was not used.",
            "Refunds are paid.",
        ),
        (
            "condition dropped",
            "Die Garantie gilt fünf Jahre, sofern das Gerät registriert wurde. Die Rechnung muss aufbewahrt werden.",
            "Die Garantie gilt fünf Jahre, sofern das Gerät registriert wurde.",
            "Die Garantie gilt fünf Jahre.",
        ),
        (
            "condition dropped",
            "El pago se devuelve salvo que el billete se haya usado. Pida el formulario en la ventanilla.",
            "El pago se devuelve salvo que el billete se haya usado.",
            "El pago se devuelve.",
        ),
        (
            "condition dropped",
            "De korting geldt alleen voor leden van de vereniging, en moet vooraf worden aangevraagd.",
            "De korting geldt alleen voor leden van de vereniging.",
            "De korting geldt voor leden van de vereniging.",
        ),
        (
            "restriction dropped",
            "The export is available only to administrators. Other users can ask them to run it.",
            "The export is available only to administrators.",
            "The export is available.",
        ),
        (
            "restriction dropped",
            "The old protocol is accepted by none of the current servers, and clients should be updated.",
            "The old protocol is accepted by none of the current servers.",
            "The old protocol is accepted.",
        ),
        (
            "restriction dropped",
            "O desconto vale apenas para estudantes da universidade, e deve ser pedido no balcão.",
            "O desconto vale apenas para estudantes da universidade.",
            "O desconto vale para estudantes da universidade.",
        ),
        (
            "on for off",
            "Switch the compressor off before you open the valve, and wait until the pressure has fallen.",
            "Switch the compressor off before you open the valve.",
            "Switch the compressor on before you open the valve.",
        ),
        (
            "on for off",
            "Users are opted in by default. They can change this on the page with their settings.",
            "Users are opted in by default.",
            "Users are opted out by default.",
        ),
        (
            "middle left out",
            "The north plant makes 300 engines a month and the south plant makes 80 engines a month.",
            "The north plant makes 300 engines a month.",
            "The north plant makes 80 engines a month.",
        ),
        (
            "middle left out",
            "Mercer designed the hull and Okafor built the engine, which is still in use on the river today.",
            "Mercer designed the hull.",
            "Mercer built the engine.",
        ),
        (
            "middle left out",
            "Иванов спроектировал мост, а Петров построил вокзал, который до сих пор стоит на площади.",
            "Иванов спроектировал мост.",
            "Иванов построил вокзал.",
        ),
        (
            "other language: pl",
            "Wniosek nie musi być podpisany przez kierownika. Wystarczy wysłać go pocztą elektroniczną do kadr.",
            "Wniosek nie musi być podpisany przez kierownika.",
            "Wniosek musi być podpisany przez kierownika.",
        ),
        (
            "other language: pl",
            "Rabat przysługuje tylko stałym klientom sklepu, którzy mają ważną kartę i konto w serwisie.",
            "Rabat przysługuje tylko stałym klientom sklepu.",
            "Rabat przysługuje stałym klientom sklepu.",
        ),
        (
            "other language: uk",
            "Податок не сплачують підприємства, які працюють менше року. Звіт вони подають щокварталу.",
            "Податок не сплачують підприємства, які працюють менше року.",
            "Податок сплачують підприємства, які працюють менше року.",
        ),
        (
            "other language: sv",
            "Avgiften återbetalas inte om resan avbokas samma dag. Kontakta kundtjänst för mer information.",
            "Avgiften återbetalas inte om resan avbokas samma dag.",
            "Avgiften återbetalas om resan avbokas samma dag.",
        ),
        (
            "other language: cs",
            "Zařízení není určeno pro děti mladší tří let. Uschovejte návod k pozdějšímu použití.",
            "Zařízení není určeno pro děti mladší tří let.",
            "Zařízení je určeno pro děti mladší tří let.",
        ),
        (
            "other language: hu",
            "A készülék nem vízálló, ezért esőben ne használja. A jótállás két évig érvényes a vásárlástól.",
            "A készülék nem vízálló, ezért esőben ne használja.",
            "A készülék vízálló.",
        ),
        (
            "other language: fi",
            "Lippu ei oikeuta matkustamaan yöjunassa. Lisämaksu maksetaan asemalla ennen lähtöä.",
            "Lippu ei oikeuta matkustamaan yöjunassa.",
            "Lippu oikeuttaa matkustamaan yöjunassa.",
        ),
        (
            "other language: tr",
            "Bu ilaç çocuklar için uygun değildir. Kullanmadan önce doktorunuza danışmanız önerilir.",
            "Bu ilaç çocuklar için uygun değildir.",
            "Bu ilaç çocuklar için uygundur.",
        ),
        (
            "other language: ro",
            "Garanția nu acoperă daunele provocate de apă. Pentru reparații vă rugăm să contactați magazinul.",
            "Garanția nu acoperă daunele provocate de apă.",
            "Garanția acoperă daunele provocate de apă.",
        ),
        (
            "other language: el",
            "Η εγγύηση δεν καλύπτει ζημιές από νερό. Για επισκευές επικοινωνήστε με το κατάστημα.",
            "Η εγγύηση δεν καλύπτει ζημιές από νερό.",
            "Η εγγύηση καλύπτει ζημιές από νερό.",
        ),
        (
            "other language: zh",
            "该设备不防水，请勿在雨中使用。保修期为两年，自购买之日起计算。",
            "该设备不防水。",
            "该设备防水。",
        ),
        (
            "other language: ja",
            "この装置は防水ではありません。保証期間は購入日から二年です。",
            "この装置は防水ではありません。",
            "この装置は防水です。",
        ),
        (
            "other language: ko",
            "이 장치는 방수가 되지 않습니다. 보증 기간은 구입일로부터 2년입니다.",
            "이 장치는 방수가 되지 않습니다.",
            "이 장치는 방수가 됩니다.",
        ),
        (
            "other language: ar",
            "لا يغطي الضمان الأضرار الناتجة عن الماء. يرجى الاتصال بالمتجر لإجراء الإصلاحات اللازمة.",
            "لا يغطي الضمان الأضرار الناتجة عن الماء.",
            "يغطي الضمان الأضرار الناتجة عن الماء.",
        ),
        (
            "two languages",
            "The manual is available in three languages on the web page. Das Gerät ist nicht für Kinder geeignet.",
            "Das Gerät ist nicht für Kinder geeignet.",
            "Das Gerät ist für Kinder geeignet.",
        ),
        (
            "two languages",
            "Руководство доступно на сайте на трёх языках. The device must never be opened by the user.",
            "The device must never be opened by the user.",
            "The device must be opened by the user.",
        ),
        (
            "report",
            "Opponents of the tunnel argued that it would flood within a year. It was opened in 1998.",
            "Opponents argued that the tunnel would flood within a year.",
            "It would flood within a year.",
        ),
        (
            "report",
            "According to local folklore, a giant built the causeway. Geologists date the basalt to the Paleogene.",
            "Geologists date the basalt to the Paleogene.",
            "A giant built the causeway.",
        ),
        (
            "report: de",
            "Laut seinem Anwalt hat Berger die Rechnung bezahlt. Das Gericht entscheidet im Mai.",
            "Das Gericht entscheidet im Mai.",
            "Berger hat die Rechnung bezahlt.",
        ),
        (
            "report: ru",
            "По мнению критиков, завод загрязняет реку. Завод построен в 1964 году.",
            "Завод построен в 1964 году.",
            "Завод загрязняет реку.",
        ),
        (
            "over",
            "Lindqvist was the treasurer of the club until 2016. She lives in Malmö.",
            "Lindqvist was the treasurer of the club until 2016.",
            "Lindqvist is the treasurer of the club.",
        ),
        (
            "over",
            "The valley used to supply the city with water. Today it is a nature reserve.",
            "The valley used to supply the city with water.",
            "The valley supplies the city with water.",
        ),
        (
            "status",
            "The former customs house is now a library. It has two floors.",
            "The former customs house is a library.",
            "The customs house is a library.",
        ),
        (
            "doer",
            "The delay was caused by a software fault in the signal box. Nobody was hurt.",
            "The delay was caused by a software fault.",
            "The delay caused a software fault.",
        ),
        (
            "side of than",
            "The northern line carries more freight than passengers. It was electrified in 1982.",
            "The northern line carries more freight than passengers.",
            "The northern line carries more passengers than freight.",
        ),
        (
            "object of another verb",
            "The board approved the merger but rejected the bonus. The vote was secret.",
            "The board rejected the bonus.",
            "The board rejected the merger.",
        ),
        (
            "address",
            "Send the signed form to claims@harbour.example within ten days. Copies are not accepted.",
            "Send the signed form to claims@harbour.example within ten days.",
            "Send the signed form to claims.desk@harbour.example within ten days.",
        ),
    ]
)
