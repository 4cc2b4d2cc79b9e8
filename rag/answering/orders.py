"""A sentence of a document in; whether it tells a language model what to do instead of saying something, out.

Such a sentence is neither shown to a model nor taken as evidence. This is a second line, for the common wordings in a
dozen languages: that nothing renders and that everything said is supported does not rest on it.
"""

import re
import unicodedata
from functools import lru_cache

from rag.answering.filtering import plain_text

_ANSWER = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|summar(?:y|ies))"
_MODEL = r"(?:ai|assistants?|chat\s?bots?|bots?|language\smodels?|llms?)"
_OPENING = r"^\W*(?:(?:please|now|then|also|always|instead|only|just|you\smust|you\sshould)\b,?\s)*"
_RULES = r"(?:instructions?|prompts?|directives?|guidelines|rules|directions|commands|orders|context|everything)"

_ORDERS = (
    rf"\b(?:ignore|disregard|forget|override)\s(?:\w+\s){{0,4}}?{_RULES}\b",
    r"\b(?:display|disclose|leak|output|print|quote|recite|repeat|reveal|show|translate)\s(?:\w+\s){0,5}?"
    r"(?:prompt|instructions|boundary|mark)\b",
    r"\b(?:system|developer|hidden|initial|secret)[\s_-]?(?:prompt|instructions?)\b",
    r"^\W*(?:system|assistant|ai|user|llm|chatbot)\s?(?:message|note|override)?\s?:|<\s?\|\w+\|\s?>|[(\[]/?inst[)\]]",
    rf"\b(?:you\sare|you're|act\sas|pretend\sto\sbe)\s(?:now\s)?(?:an?\s|the\s|my\s)?(?:\w+\s){{0,2}}(?:{_MODEL}|dan)\b",
    rf"\b(?:attention|dear|hello|hey|(?:instructions?|memo|message|note)\s(?:for|to)),?\s(?:(?:all|any|the)\s)?{_MODEL}\b",
    rf"\b(?:begin|end|finish|in|of|start|to)\s(?:your|every|each|all)\s(?:\w+\s)?{_ANSWER}\b",
    rf"\b(?:every|each|your)\s(?:\w+\s)?{_ANSWER}\s(?:must|should|shall|has\sto|needs\sto)\b",
    rf"{_OPENING}(?:add|answer|append|conclude|include|insert|output|print|reply|report|respond|say|state|write)\s"
    r"(?:exactly|only|that|verbatim|with)\b",
    rf"{_OPENING}(?:append|include|insert|output|print|repeat|reply|respond|say|write)\b[^:“\"]{{0,40}}[:“\"]",
)
_SET_ASIDE_ELSEWHERE = (
    r"\b(?:ignorier(?:e|en\ssie)|missachte|vergiss|ignor(?:ez|a|e|eer)|oublie[zr]?|olvid[ae]|dimentica|esqueça|negeer|"
    r"vergeet|zignoruj|pomiń|zapomnij|игнорируй(?:те)?|забудь(?:те)?)\b|忽略|无视|無視|忘记|忘れ|무시|تجاهل|انس\b"
)
_RULES_ELSEWHERE = (
    r"\b(?:anweisung|vorgabe|regel|instruction|instruccion|instruç|istruzion|instruct|consigne|règle|regla|regola|regra|"
    r"instrukcj|poleceni|zasad|инструкци|указани|правил)\w*|指令|指示|规则|提示|ルール|지시|규칙|تعليمات|القواعد"
)
_DICTATED_ELSEWHERE = (
    r"^\W*(?:antworte|sag(?:e|en\ssie)?\b|schreib|répond|répète|dis\b|dites|écri|affiche|ajoute|responde|di\b|diga|escrib|repit|añad|"
    r"rispond|scriv|ripet|aggiung|escrev|antwoord|zeg|schrijf|odpowiedz|napisz|powtórz|ответь|скажи|напиши|повтори)"
    r"[^:“«\"]{0,60}(?:[:“«\"]|\b(?:dass|que|che|dat|że|что)\b)|"
    r"(?:回答|回复|输出|请写|答え|出力|言って|대답|출력|말해|أجب|قل|اكتب)[^。:：]{0,12}[:：“「\"]"
)
_ORDER = re.compile("|".join((*_ORDERS, _DICTATED_ELSEWHERE)), re.IGNORECASE)
_SET_ASIDE, _RULE = (re.compile(words, re.IGNORECASE) for words in (_SET_ASIDE_ELSEWHERE, _RULES_ELSEWHERE))


@lru_cache(maxsize=4096)  # a question asks it of each sentence several times
def gives_orders(sentence: str) -> bool:
    """Whether it sets rules aside, speaks to a model, or dictates what to say."""
    text = unicodedata.normalize("NFKC", plain_text(sentence) or sentence)
    return bool(_ORDER.search(text) or (_SET_ASIDE.search(text) and _RULE.search(text)))
