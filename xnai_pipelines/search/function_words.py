"""Function words: what questions are made of besides what they ask about; a question is searched for without them.

Articles, pronouns, prepositions, conjunctions, auxiliaries and question words, in their folded form. Without them, a
passage that says "how do I" is not taken for an answer to "How do I copy a folder?". Passages keep them.
"""

from collections.abc import Iterable

_BY_LANGUAGE = {
    "en": """
        a about after all also am an and any are as at be because been before being between both but by can
        could did do does doing during each few for from had has have having he her here hers him his how i if
        in into is it its just me more most my no nor not of off on once only or other our out over own same she
        should so some such than that the their them then there these they this those through to too under until
        up us very was we were what when where which while who whom why will with would you your""",
    "de": """
        aber als also am an auch auf aus bei beim bin bis bist da damit dann das dass dein deine dem den der des
        die dies diese dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas fur hat
        habe haben hatte hier ich ihm ihn ihr ihre im in ist ja jede jeder jedes kann kein keine konnen man mein
        meine mich mir mit nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so soll uber um und
        uns unter vom von vor wann war waren warum was welche welchem welchen welcher welches wenn wer wie wieso
        wir wird wo woher wohin wurde zu zum zur""",
    "fr": """
        a ai au aux avec c ce ces cette comment d dans de des donc du elle elles en est et etre eu fait il ils j
        je l la le les leur lui m ma mais me mes moi mon n ne nos notre nous on ont ou par pas plus pour
        pourquoi qu quand que quel quelle quelles quels qui s sa sans se ses si son sont sur t ta te tes toi ton
        tu un une vos votre vous y""",
    "es": """
        a al algo como con cual cuales cuando cuanto de del desde donde e el ella ellos en entre era es esa ese
        eso esta estan este esto fue ha han hasta hay la las le les lo los mas me mi mis muy ni no nos o para
        pero por porque puede puedo que quien quienes se ser si sin sobre son su sus tambien te tiene tu un una
        uno y yo""",
    "it": """
        a ad ai al alla alle allo anche c che chi ci come con cosa cui d da dal dalla de dei del della delle
        dello di dove e ed era gli ha hanno ho i il in io l la le lei lo loro lui ma mi mia mio ne negli nei nel
        nella non o per perche piu posso puo quale quali quando quanto se si sono sta su sua sul sulla suo ti
        tra tu un una uno vi""",
    "pt": """
        a ao aos as ate com como da das de do dos e ela ele eles em entre era essa esse esta este eu foi ha isso
        isto ja lhe mais mas me meu minha muito na nao nas no nos o onde os ou para pela pelo pode por porque
        posso qual quais quando quanto que quem se sem ser seu seus sua suas tambem te tem um uma voce""",
    "nl": """
        aan al als bij ben bent dan dat de den der deze die dit doe door een en er geen had heb hebben heeft hem
        het hier hij hoe hun ik in is je kan kun kunnen maar me meer men met mij mijn moet na naar niet nog nu
        of om omdat onder ons onze ook op over te tot u uit uw van veel voor waar waarom wanneer was wat we welk
        welke wie wij worden zal ze zich zij zijn zo zou""",
    "ru": """
        а без более бы был была были было быть в вам вас весь во вот все всего вы где да даже для до его ее если
        есть еще же за здесь и из или им их к как какая какие какой ко когда кто куда ли либо мне может можно
        мой моя мы на над надо наш не него нее нет ни них но о об однако он она они оно от очень по под почему
        при про с сколько со так также такой там те тем то того тоже той только том ты у уже хотя чего чей чем
        что чтобы чья эта эти это я""",
}

FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _BY_LANGUAGE.items()}


def function_words(languages: Iterable[str]) -> frozenset[str]:
    """Return the function words of these languages (ISO 639-1) together."""
    return frozenset().union(*(FUNCTION_WORDS.get(language, frozenset()) for language in languages))
