"""Syllogisms, contradictions and orderings over invented and everyday names."""

from .measures import NAMES
from .task import agreement, one, phrase, task

NONSENSE_START = "b bl br d dr f fl g gr j k kl l m n p pl r s st t tr v w z".split()
NONSENSE_MIDDLE = "a e i o u oo ee".split()
NONSENSE_END = "ck g lf mp nk p rb rk sh x zz b".split()
TRAITS = "red tall loud soft fast old wet kind warm small heavy sweet brave round quiet".split()
MEASURES = (("taller", "tallest", "shorter"), ("older", "oldest", "younger"), ("faster", "fastest", "slower"), ("heavier", "heaviest", "lighter"))


def nonsense(rng) -> str:
    return rng.choice(NONSENSE_START) + rng.choice(NONSENSE_MIDDLE) + rng.choice(NONSENSE_END)


@task("words", 2)
def syllogism(rng):
    a, b, c = (nonsense(rng) + "s" for _ in range(3))
    form = rng.randrange(4)
    if form == 0:
        return one(f"{a}{b}{c}", phrase(rng, ("All {a} are {b}. All {b} are {c}. Are all {a} {c}?", "If all {a} are {b} and all {b} are {c}, are all {a} {c}?", "Every one of the {a} is one of the {b}, and all {b} are {c}. Are all {a} {c}?", "All {b} are {c}. All {a} are {b}. Are all {a} {c}?"), a=a, b=b, c=c)[1], f"Yes, all {a} are {c}.")
    if form == 1:
        return one(f"{a}{b}{c}", phrase(rng, ("All {a} are {b}. No {b} are {c}. Are any {a} {c}?", "If all {a} are {b} and no {b} are {c}, can any {a} be {c}?", "No {b} are {c}. All {a} are {b}. Are any {a} {c}?", "All {a} are {b}, and no {b} are {c}. Is any of the {a} one of the {c}?"), a=a, b=b, c=c)[1], f"No, no {a} are {c}.")
    trait, name = rng.choice(TRAITS), rng.choice(NAMES)
    if form == 2:
        return one(f"{a}{trait}{name}", phrase(rng, ("All {a} are {t}. {n} is one of the {a}. Is {n} {t}?", "{n} is one of the {a}, and all {a} are {t}. Is {n} {t}?", "If all {a} are {t} and {n} is one of the {a}, is {n} {t}?", "Every one of the {a} is {t}. {n} is one of them. Is {n} {t}?"), a=a, t=trait, n=name)[1], f"Yes, {name} is {trait}.")
    return one(f"{a}{trait}{name}", phrase(rng, ("No {a} are {t}. {n} is one of the {a}. Is {n} {t}?", "{n} is one of the {a}, and no {a} are {t}. Is {n} {t}?", "If no {a} are {t} and {n} is one of the {a}, is {n} {t}?", "None of the {a} is {t}. {n} is one of them. Is {n} {t}?"), a=a, t=trait, n=name)[1], f"No, {name} is not {trait}.")


@task("words", 1.5)
def contradiction(rng):
    name, other = rng.sample(NAMES, 2)
    trait, second = rng.sample(TRAITS, 2)
    form = rng.randrange(3)
    if form == 0:
        first, then, truth = f"{name} is {trait}.", f"{name} is not {trait}.", True
    elif form == 1:
        first, then, truth = f"{name} is {trait}.", f"{other} is not {trait}.", False
    else:
        first, then, truth = f"{name} is {trait}.", f"{name} is {second}.", False
    if rng.random() < 0.3 and form != 2:
        first, then = then, first
        name, other = (name, other) if truth else (other, name)
    question = phrase(rng, ("{f} {s} Is that a contradiction?", "Do these contradict each other? {f} {s}", "Can both be true? {f} {s}", "Is this a contradiction: {f} {s}"), f=first, s=then)
    asked_both = question[0] == 2
    if truth:
        reason = f"Both say of {name} whether {name} is {trait}, so they contradict each other"
    elif form == 1:
        reason = f"One is about {name} and one about {other}, so both can be true"
    else:
        reason = f"One says {trait} and one says {second}, so both can be true"
    answer = f"{reason}: {'yes' if truth != asked_both else 'no'}."
    return one(f"{first}|{then}", question[1], answer)


@task("words", 2)
def ordering(rng):
    a, b, c = rng.sample(NAMES, 3)
    more, most, less = rng.choice(MEASURES)
    facts = [f"{a} is {more} than {b}." if rng.random() < 0.6 else f"{b} is {less} than {a}.", f"{b} is {more} than {c}." if rng.random() < 0.6 else f"{c} is {less} than {b}."]
    rng.shuffle(facts)
    story = " ".join(facts)
    form = rng.randrange(3)
    key = f"{a}{b}{c}{more}"
    chain = f"{a} is {more} than {b}, and {b} than {c}"
    if form == 0:
        return one(key, f"{story} Who is the {most}?", f"{chain}, so {a} is the {most}.")
    asked, truth = ((a, c), True) if form == 1 else ((c, a), False)
    return one(key, f"{story} Is {asked[0]} {more} than {asked[1]}?", f"{chain}. {asked[0]} and {a}: {agreement(truth)}.")
