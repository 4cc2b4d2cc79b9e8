"""Words that say the opposite of each other, as stems: small lists by hand, two sides each."""

from collections.abc import Mapping

from rag.text import stem

_PAIRS = """
rise rises rose risen rising increase increased increasing grow grew grown growth climb climbed jump jumped soar
soared surge surged upward up expand raise raised boost higher : fall fell fallen falling decrease decreased decline
declined drop dropped shrink shrank sink sank plunge plunged downward down lower lowered reduce reduced reduction
cut slump contract;
more : less fewer;
many much numerous : few little;
most largest biggest greatest majority highest longest tallest : least smallest lowest minority shortest fewest;
large big huge great significant significantly considerable substantial substantially major wide broad : small tiny
slight slightly minor insignificant negligible limited modest narrow;
high : low;
strong strongly robust solid : weak weakly poor;
good better best positive positively : bad worse worst negative negatively;
accept accepted approve approved grant granted allow allowed permit permitted authorize authorise : reject rejected
refuse refused deny denied decline forbid forbade forbidden prohibit prohibited ban banned disallow;
support supported favour favor endorse endorsed back backed : oppose opposed resist resisted;
agree agreed : disagree disagreed;
before earlier prior precede preceded preceding : after later following follow followed subsequent;
win won beat defeat defeated victory : lose lost loss;
gain gained profit profitable : loss lose lost unprofitable;
include included including inclusive : exclude excluded excluding except omit omitted;
begin began begun start started open opened launch launched : end ended finish finished close closed stop stopped
cease ceased;
buy bought purchase purchased acquire acquired : sell sold;
lend lent : borrow borrowed;
give gave given : take took taken receive received;
arrive arrived enter entered join joined : leave left depart departed exit;
love loved like liked enjoy enjoyed : hate hated dislike disliked;
friend ally : enemy foe;
male man men boy father husband brother son he his him : female woman women girl mother wife sister daughter she
her;
always : never;
all every : none;
same identical similar : different distinct;
true correct accurate right : false incorrect inaccurate wrong;
possible likely able : impossible unlikely unable;
legal lawful : illegal unlawful;
public : private;
success succeed succeeded successful successfully pass passed : fail failed failure unsuccessful;
easy easily simple : difficult hard complex complicated;
safe : dangerous unsafe;
cheap inexpensive affordable : expensive costly;
rich wealthy : poor;
new newer recent modern young : old older ancient;
first : last final;
early : late;
north northern : south southern;
east eastern : west western;
left : right;
inside within indoor internal domestic : outside outdoor external foreign;
improve improved improvement better strengthen strengthened : worsen worsened deteriorate deteriorated weaken
weakened worse;
create created build built construct : destroy destroyed demolish demolished;
protect protected defend defended : attack attacked harm harmed;
encourage encouraged promote promoted : discourage discouraged prevent prevented;
confirm confirmed admit admitted : deny denied;
guilty convicted : innocent acquitted;
alive living survive survived : dead died killed;
hot warm heat : cold cool;
day : night;
full : empty;
fast quick quickly rapid rapidly : slow slowly;
short : long;
light : dark heavy;
happy glad excited : sad unhappy upset angry;
optimistic : pessimistic;
optional voluntary : mandatory compulsory required obligatory;
permanent permanently : temporary temporarily;
maximum : minimum;
exceed exceeded above over : below under;
add added : remove removed subtract;
remember remembered : forget forgot forgotten;
ask asked : answer answered;
imported : exported;
cause : prevent prevented;
interested : uninterested disinterested bored;
certain sure : uncertain unsure;
aware : unaware;
known : unknown;
satisfied : dissatisfied;
common frequent often : rare rarely uncommon infrequent seldom;
present presence : absent absence;
advantage benefit : disadvantage drawback;
free : paid;
dry : wet;
rural : urban;
peace : war
"""


def _sides() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """By stem, the stems that say the opposite and those that say the same; a word on both sides is left out."""
    against: dict[str, set[str]] = {}
    along: dict[str, set[str]] = {}
    for pair in _PAIRS.split(";"):
        one, other = ({stem(word) for word in side.split()} for side in pair.split(":"))
        for side, opposite in ((one - other, other - one), (other - one, one - other)):
            for word in side:
                against.setdefault(word, set()).update(opposite)
                along.setdefault(word, set()).update(side)
    return (
        {word: frozenset(stems - along[word]) for word, stems in against.items()},
        {word: frozenset(stems) for word, stems in along.items()},
    )


_sided = _sides()
OPPOSITES: Mapping[str, frozenset[str]] = _sided[0]
EQUALS: Mapping[str, frozenset[str]] = _sided[1]
