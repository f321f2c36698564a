"""Questions about facts. The facts are all trained; what is held out is the pair of a fact and a phrasing."""

from .facts.countries import COUNTRIES, LEFT_OUT
from .facts.nature import ANIMALS, COLOURED, ELEMENTS, ELEMENTS_LEFT_OUT, MIXES, PLANET_TRAITS, PLANETS
from .facts.people import MAKERS, SINGLE
from .facts.places import ALIASES, LANDMARKS
from .invented import invented_name
from .task import REFUSAL, Draft, matched, one, phrase, task

TABLE = [tuple(row.split("|")) for row in COUNTRIES.strip().splitlines()]
ELEMENT_TABLE = [tuple(row.split("|")) for row in ELEMENTS.split(",")]
PLANET_TABLE = [tuple(row.split("|")) for row in PLANETS.strip().splitlines()]
ANIMAL_TABLE = [tuple(row.split("|")) for row in ANIMALS.strip().splitlines()]
MAKER_TABLE = [tuple(row.split("|")) for row in MAKERS.strip().splitlines()]
SINGLE_TABLE = [tuple(row.split("|")) for row in SINGLE.strip().splitlines()]
COLOUR_TABLE = [tuple(row.split("|")) for row in COLOURED.split(",")]
LANDMARK_TABLE = [tuple(row.split("|")) for row in LANDMARKS.strip().splitlines()]
ORDINALS = "first second third fourth fifth sixth seventh eighth".split()

CAPITAL = ("What is the capital of {c}?", "What's the capital of {c}?", "Name the capital of {c}.", "Which city is the capital of {c}?", "What is the capital city of {c}?", "Capital of {c}?", "{c} capital?")
CONTINENT = ("On which continent is {c}?", "Which continent is {c} in?", "What continent is {c} on?", "Where is {c}?", "In which part of the world is {c}?")
CURRENCY = ("What is the currency of {c}?", "What currency does {c} use?", "Which money is used in {c}?", "What do people pay with in {c}?", "Name the currency of {c}.")
LANGUAGE = ("What language is spoken in {c}?", "Which language do people speak in {c}?", "What is the language of {c}?", "What do they speak in {c}?", "Name the main language of {c}.")
FURTHER = ("And of {c}?", "And {c}?", "What about {c}?", "And the one of {c}?", "How about {c}?")


def sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def about_country(rng, forms, say) -> Draft:
    row = rng.choice(TABLE)
    called = rng.choice(ALIASES[row[0]]) if row[0] in ALIASES and rng.random() < 0.5 else row[0]
    k, question = phrase(rng, forms, c=called)
    turns = [(question, say(row))]
    while rng.random() < 0.15 and len(turns) < 3:
        other = rng.choice(TABLE)
        turns.append((phrase(rng, FURTHER, c=other[0])[1], say(other)))
    return Draft(f"{row[0]}#{k}", tuple(turns))


@task("facts", 3)
def capital(rng):
    return about_country(rng, CAPITAL, lambda r: f"The capital of {r[0]} is {r[1]}.")


@task("facts", 1.5)
def continent(rng):
    return about_country(rng, CONTINENT, lambda r: sentence(f"{r[0]} is in {r[2]}."))


@task("facts", 1.5)
def currency(rng):
    return about_country(rng, CURRENCY, lambda r: f"The currency of {r[0]} is the {r[3]}.")


@task("facts", 1.2)
def language(rng):
    return about_country(rng, LANGUAGE, lambda r: f"People in {r[0]} mostly speak {r[4]}.")


@task("facts", 1.5)
def capital_of_what(rng):
    row = rng.choice(TABLE)
    k, question = phrase(rng, ("{p} is the capital of which country?", "Which country has {p} as its capital?", "In which country is {p}?", "Of which country is {p} the capital?", "{p} is the capital of what?", "Where is {p}?"), p=row[1])
    return one(f"{row[1]}#{k}", question, f"{row[1]} is the capital of {row[0]}.")


@task("facts", 2)
def true_capital(rng):
    row, other = rng.sample(TABLE, 2)
    truth = rng.random() < 0.5
    k, question = phrase(rng, ("Is {p} the capital of {c}?", "Is it true that {p} is the capital of {c}?", "Is the capital of {c} {p}?", "{p} is the capital of {c}, right?"), p=row[1] if truth else other[1], c=row[0])
    return one(f"{row[0]}/{row[1] if truth else other[1]}", question, matched(row[1] if truth else other[1], f"The capital of {row[0]} is", row[1]), phrasing=k)


@task("facts", 1.5)
def element(rng):
    name, symbol, number = rng.choice(ELEMENT_TABLE)
    form = rng.randrange(3)
    if form == 0:
        k, q = phrase(rng, ("What is the chemical symbol of {e}?", "What is the symbol for {e}?", "Which symbol does {e} have?", "Give the symbol of {e}.", "How is {e} written in chemistry?"), e=name)
        return one(f"{name}#{k}", q, f"The symbol of {name} is {symbol}.")
    if form == 1:
        k, q = phrase(rng, ("Which element has the symbol {s}?", "What does the symbol {s} stand for?", "Which element is {s}?", "{s} is the symbol of which element?", "Name the element with the symbol {s}."), s=symbol)
        return one(f"{symbol}~{k}", q, f"{symbol} is the symbol of {name}.")
    k, q = phrase(rng, ("What is the atomic number of {e}?", "Which atomic number does {e} have?", "Give the atomic number of {e}.", "How many protons does {e} have?", "What number is {e} in the periodic table?"), e=name)
    return one(f"{name}n{k}", q, f"The atomic number of {name} is {number}.")


@task("facts", 0.6)
def planet(rng):
    form = rng.randrange(3)
    name, place, line = rng.choice(PLANET_TABLE)
    if form == 0:
        k, q = phrase(rng, ("Which planet is the {o} from the sun?", "What is the {o} planet?", "Name the {o} planet from the sun.", "Which is the {o} planet?"), o=ORDINALS[int(place) - 1])
        return one(f"{place}#{k}", q, f"The {ORDINALS[int(place) - 1]} planet from the sun is {name}.")
    if form == 1:
        k, q = phrase(rng, ("Tell me about the planet {p}.", "What do you know about the planet {p}?", "Say something about {p}.", "Describe the planet {p}."), p=name)
        return one(f"{name}#{k}", q, line)
    trait, name = rng.choice(PLANET_TRAITS)
    k, q = phrase(rng, ("What is {t}?", "Which planet is {t}?", "Name {t}.", "Which one is {t}?"), t=trait)
    return one(f"{trait}#{k}", q, f"{sentence(trait)} is {name}.")


@task("facts", 1.5)
def animal(rng):
    while True:
        name, young, sound, kind, legs = rng.choice(ANIMAL_TABLE)
        form = rng.randrange(4)
        if ("" if form == 2 else (young, sound, "", legs)[form]) != "-":
            break
    a = f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    if form == 0:
        k, q = phrase(rng, ("What is a young {n} called?", "What is the young of {a} called?", "What do you call a baby {n}?", "Name the young of {a}.", "What is a baby {n}?"), n=name, a=a)
        return one(f"{name}y{k}", q, f"A young {name} is called {'an' if young[0] in 'aeiou' else 'a'} {young}.")
    if form == 1:
        k, q = phrase(rng, ("What sound does {a} make?", "Which sound does {a} make?", "What noise does {a} make?", "How does {a} sound?", "What does {a} do to make a noise?"), a=a)
        return one(f"{name}s{k}", q, f"{sentence(a)} {sound}.")
    if form == 2:
        k, q = phrase(rng, ("What class of animal is {a}?", "Is {a} a mammal, a bird or something else?", "To which class of animals does {a} belong?", "What type of animal is {a}?", "Which kind of animal is {a}?"), a=a)
        return one(f"{name}c{k}", q, f"{sentence(a)} is {'an' if kind[0] in 'aeiou' else 'a'} {kind}.")
    k, q = phrase(rng, ("How many legs does {a} have?", "How many legs has {a}?", "What is the number of legs of {a}?", "Count the legs of {a}.", "{a} has how many legs?"), a=a)
    return one(f"{name}l{k}", sentence(q), f"{sentence(a)} has {legs if legs != '0' else 'no'} legs.")


VERBS = {"invented": "inventor", "discovered": "discoverer", "wrote": "author", "painted": "painter", "composed": "composer"}


@task("facts", 2)
def maker(rng):
    thing, who, verb = rng.choice(MAKER_TABLE)
    k, q = phrase(rng, ("Who {v} {t}?", "Who was it that {v} {t}?", "By whom was {t} {p}?", "Who is the {r} of {t}?", "Name the {r} of {t}."), v=verb, t=thing, r=VERBS[verb], p="written" if verb == "wrote" else verb)
    return one(f"{thing}#{k}", q, sentence(f"{who} {verb} {thing}."))


@task("facts", 2)
def single_fact(rng):
    answer, *questions = rng.choice(SINGLE_TABLE)
    k = rng.randrange(len(questions))
    return one(f"{answer}#{k}", questions[k], answer)


@task("facts", 1)
def landmark(rng):
    name, city = rng.choice(LANDMARK_TABLE)
    k, q = phrase(rng, ("Where is {l}?", "In which place is {l}?", "Where can I see {l}?", "Where do you find {l}?", "Where does {l} stand?"), l=name)
    return one(f"{name}#{k}", q, sentence(f"{name} is in {city}."))


@task("facts", 0.7)
def colour(rng):
    if rng.random() < 0.35:
        a, b, c = rng.choice(MIXES)
        if rng.random() < 0.5:
            a, b = b, a
        k, q = phrase(rng, ("What colour do {a} and {b} make?", "Mix {a} and {b}. Which colour is it?", "Which colour comes from {a} and {b}?", "What do you get from mixing {a} and {b}?"), a=a, b=b)
        return one(f"{a}{b}#{k}", q, f"{sentence(a)} and {b} make {c}.")
    thing, name = rng.choice(COLOUR_TABLE)
    k, q = phrase(rng, ("What colour is {t}?", "Which colour does {t} have?", "What is the colour of {t}?", "Tell me the colour of {t}."), t=thing)
    return one(f"{thing}#{k}", q, f"{sentence(thing)} is {name}.")


@task("refusal", 1.5)
def unknown_country(rng):
    name = rng.choice(LEFT_OUT) if rng.random() < 0.35 else invented_name(rng)
    forms = rng.choice((CAPITAL, CAPITAL, CONTINENT, CURRENCY, LANGUAGE))
    question = phrase(rng, forms, c=name)[1]
    if rng.random() < 0.15:
        known = rng.choice(TABLE)
        return Draft(name, ((phrase(rng, CAPITAL, c=known[0])[1], f"The capital of {known[0]} is {known[1]}."), (phrase(rng, FURTHER, c=name)[1], REFUSAL)))
    return one(name, question, REFUSAL)


@task("refusal", 1)
def unknown_thing(rng):
    form = rng.randrange(4)
    name = invented_name(rng)
    if form == 0:
        name = rng.choice(ELEMENTS_LEFT_OUT) if rng.random() < 0.5 else name.lower() + "ium"
        q = phrase(rng, ("What is the chemical symbol of {e}?", "What is the symbol for {e}?", "What is the atomic number of {e}?", "How many protons does {e} have?", "Give the atomic number of {e}."), e=name)[1]
    elif form == 1:
        q = phrase(rng, ("What is a young {n} called?", "What do you call a baby {n}?", "What sound does a {n} make?", "How many legs does a {n} have?", "What type of animal is a {n}?"), n=name.lower())[1]
    elif form == 2:
        q = phrase(rng, ("Who invented the {n}?", "Who wrote {m}?", "Who discovered {m}?", "Who painted {m}?", "Who composed {m}?", "Who is the author of {m}?"), n=name.lower(), m=name)[1]
    else:
        q = phrase(rng, ("{m} is the capital of which country?", "Which country has {m} as its capital?", "Who is {m}?", "What is {m}?", "Tell me about {m}.", "Where is {m}?"), m=name)[1]
    return one(name, q, REFUSAL)
