"""A word in, what kind of word it is out: the closed lists of English that the rules of follow-ups look things up in.

All but closed classes (auxiliaries, prepositions, pronouns) are the commonest of their kind, never all of it.
"""

import re

from rag.text import STOP_WORDS

WORD = re.compile(r"(?:[A-Z]\.){1,4}|\bv\.|[^\W_]+(?:(?:[&-]|['’](?!s\b))[^\W_]+)*")
"""A word as it stands in a text: "O.J.", "al-Haq", "AT&T"; a possessive "’s" is none of it."""

AUXILIARIES = frozenset(
    "am are can could did do does had has have is may might must shall should was were will would".split()
)
QUESTION_WORDS = frozenset("who whom whose which what when where why how".split())
BE = frozenset("am are is was were".split())
DETERMINERS = frozenset("a an any every no some the what which".split())
_PREPOSITIONS = frozenset(
    "about above after against among around as at before behind below beside between by despite during for from in "
    "inside into like near of off on onto outside over per since than through to toward towards under until via with "
    "within without".split()
)
PLACING = frozenset("across around at in inside near".split())
_ADVERBS = frozenset(
    "again ago already alone currently either ever exactly finally first last later never next now often originally "
    "really recently still together yet".split()
)
_OTHER = frozenset(
    "although because else if instead neither nobody none nothing since so somebody someone something whether anybody "
    "anyone anything everybody everyone everything ok okay yes one two three four five six seven eight nine ten "
    "eleven twelve hundreds thousands early late both many much several according see".split()
)
_COUNTS = frozenset("two three four five six".split())  # "the three groups"
_BREAKS = (STOP_WORDS - {"other"}) | AUXILIARIES | _PREPOSITIONS | _ADVERBS | (_OTHER - _COUNTS)
_VERBS = frozenset(
    """beat become became began bought break broke bring brought build built buy came chose come cost cut do done
    drew drove fell fight find found fought gave get give given go got grew had happen have held hit keep kept knew
    know lead led leave left lose lost made make mean meet met move open paid pay put ran receive rise rose run said
    sang sank say see seek sell sent set shot sign sold speak spent spoke stand start stood take taken taught tell
    think told took train went win won work write written wrote""".split()
)
_ROLES = frozenset(
    """actor actress ambassador architect artist astronaut author bishop boxer boy brother captain ceo chair chairman
    chairwoman chancellor chief coach commander composer daughter designer director doctor driver economist engineer
    explorer father founder general girl governor husband inventor judge justice king lawyer leader man manager mayor
    minister mother novelist officer owner painter person pilot player poet pope premier president prince princess
    prosecutor queen rider scientist secretary senator singer sister skater son spokesman spokeswoman student suspect
    teacher twin victim wife winner woman writer""".split()
)
TITLES = frozenset("dr judge justice king lady lord mr mrs ms pope president prince princess queen sir".split())
THINGS = frozenset(
    """academy accord act agency agreement airlines airport airways army article association authority award bank
    banks base basin bill board book bowl bridge brothers building canal case castle cathedral center centre
    championship church city club college commission committee company conference congress convention corp
    council county court cup dam department falls federation foundation fund games group gulf hospital hotel
    house inc institute island islands lake league library ltd ministry mount mountain mountains museum ocean
    office olympics organisation organization palace park parliament party post press prize program programme
    project protocol report republic river road school sea senate service society stadium state states station
    street summit telescope tower treaty tunnel union united university valley volcano war world""".split()
)
_PLURALS = frozenset("children men people police women".split())


def is_preposition(word: str) -> bool:
    return word.lower() in _PREPOSITIONS


def is_role(word: str) -> bool:
    """Whether it says what someone is: "judge", "twin"."""
    return word.lower() in _ROLES


def is_plural(word: str) -> bool:
    word = word.lower()
    return word in _PLURALS or (word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3)


def is_verb(word: str) -> bool:
    """Whether it looks like a verb on its own: a common one, or a past tense in -ed."""
    return word in _VERBS or (word.endswith("ed") and len(word) > 4)


def is_break(word: str) -> bool:
    """Whether no noun phrase goes on across it."""
    return word.lower() in _BREAKS


def opens_no_name(word: str) -> bool:
    """Whether its capital at the head of a sentence means nothing."""
    return word.lower() in _BREAKS or word.lower() in _OTHER
