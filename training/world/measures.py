"""Units, clock times, dates and short word problems."""

from .arithmetic import worked
from .task import Draft, is_table, one, phrase, sum_key, task

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()

# (small unit, large unit, factor, largest count asked for)
UNITS = (
    ("seconds", "minutes", 60, 20), ("minutes", "hours", 60, 20), ("hours", "days", 24, 12), ("days", "weeks", 7, 30),
    ("months", "years", 12, 20), ("years", "decades", 10, 20), ("years", "centuries", 100, 9), ("centimetres", "metres", 100, 30),
    ("metres", "kilometres", 1000, 30), ("millimetres", "centimetres", 10, 60), ("grams", "kilograms", 1000, 30),
    ("millilitres", "litres", 1000, 30), ("kilograms", "tonnes", 1000, 20), ("items", "dozens", 12, 15),
)
SINGULAR = {"centuries": "century", "dozens": "dozen"}


def counted(n: int, unit: str) -> str:
    return f"{n} {unit if n != 1 else SINGULAR.get(unit, unit[:-1])}"


@task("numbers", 1.5)
def units(rng):
    """Powers of ten hold out amounts; other factors are tables known by heart up to twelve and hold out phrasings."""
    small, large, factor, most = rng.choice(UNITS)
    decimal = factor in (10, 100, 1000)
    n = rng.randint(1, most if decimal else min(most, 12))
    if rng.random() < 0.55:
        forms = ("How many {s} are in {l}?", "How many {s} are there in {l}?", "Convert {l} to {s}.", "{l} is how many {s}?")
        k, question = phrase(rng, forms, s=small, l=counted(n, large))
        key, answer = f"{n}{large}>{small}", f"{counted(n, large).capitalize()} {'is' if n == 1 else 'are'} {counted(n * factor, small)}."
    else:
        forms = ("How many {l} are {s}?", "Convert {s} to {l}.", "{s} is how many {l}?", "How many {l} do {s} make?")
        k, question = phrase(rng, forms, l=large, s=counted(n * factor, small))
        key, answer = f"{n}{small}>{large}", f"{counted(n * factor, small)} are {counted(n, large)}."
    return one(key if decimal else f"{key}#{k}", question, answer)


def shifted(hour: int, minute: int, shift: int) -> str:
    """How a time moves by whole hours, or by less than one: the part that changes, carried where it runs over."""
    sign, length = ("+", shift) if shift > 0 else ("-", -shift)
    if length >= 60:
        moved = hour + shift // 60 if shift > 0 else hour - length // 60
        steps = [f"{hour} {sign} {length // 60} = {moved}"]
        if not 0 <= moved < 24:
            steps.append(f"{moved} - 24 = {moved - 24}" if moved > 0 else f"24 + {moved} = {24 + moved}".replace("+ -", "- "))
        return ", ".join(steps)
    moved = minute + shift
    steps = [f"{minute} {sign} {length} = {moved}"]
    if moved >= 60:
        steps += [f"{moved} - 60 = {moved - 60}", f"{hour} + 1 = {hour + 1}" if hour < 23 else "after 23 comes 0"]
    elif moved < 0:
        steps += [f"60 - {-moved} = {60 + moved}", f"{hour} - 1 = {hour - 1}" if hour > 0 else "before 0 comes 23"]
    return ", ".join(steps)


@task("numbers", 1.5)
def clock(rng):
    hour, minute = rng.randint(0, 23), 5 * rng.randint(0, 11)
    start = f"{hour}:{minute:02d}"
    if rng.random() < 0.5:
        step = rng.randint(1, 10)
        shift, said = 60 * step, counted(step, "hours")
    else:
        step = 5 * rng.randint(1, 11)
        shift, said = step, f"{step} minutes"
    after = rng.random() < 0.65
    total = (60 * hour + minute + (shift if after else -shift)) % 1440
    forms = ("What time is it {s} {w} {t}?", "It is {t}. What time {v} it {s} {x}?", "Which time is {s} {w} {t}?", "{s} {w} {t} is what time?")
    words = dict(w="after", v="will", x="from now") if after else dict(w="before", v="was", x="ago")
    question = phrase(rng, forms, s=said, t=start, **words)[1].replace("time will it", "time will it be")
    result = f"it is {total // 60}:{total % 60:02d}."
    return one(f"{start}{'+' if after else '-'}{shift}", question, f"{shifted(hour, minute, shift if after else -shift)}, so {result}")


@task("numbers", 1.2)
def calendar(rng):
    form = rng.randrange(6)
    if form == 0:
        i, n = rng.randrange(7), rng.randint(1, 7)
        after = rng.random() < 0.6
        j = (i + n if after else i - n) % 7
        word = "after" if after else "before"
        q = phrase(rng, ("What day is {n} {w} {d}?", "Which day comes {n} {w} {d}?", "{n} {w} {d} is which day?", "What day of the week is {n} {w} {d}?"), n=counted(n, "days"), w=word, d=DAYS[i])[1]
        walk = ", ".join(DAYS[(i + k if after else i - k) % 7] for k in range(1, n + 1))
        return one(f"{i}{word}{n}", q, f"{walk}: {counted(n, 'days')} {word} {DAYS[i]} is {DAYS[j]}.")
    if form == 1:
        i = rng.randrange(7)
        k, q = phrase(rng, ("If today is {d}, what day is tomorrow?", "Today is {d}. What is tomorrow?", "What day comes after {d}?", "Which day follows {d}?", "What is the day after {d}?"), d=DAYS[i])
        return one(f"next{i}#{k}", q, f"The day after {DAYS[i]} is {DAYS[(i + 1) % 7]}.")
    if form == 2:
        i = rng.randrange(7)
        k, q = phrase(rng, ("If today is {d}, what day was yesterday?", "Today is {d}. What was yesterday?", "What day comes before {d}?", "Which day is just before {d}?", "What is the day before {d}?"), d=DAYS[i])
        return one(f"last{i}#{k}", q, f"The day before {DAYS[i]} is {DAYS[i - 1]}.")
    i = rng.randrange(12)
    if form == 3:
        word = rng.choice(("after", "before"))
        k, q = phrase(rng, ("What month comes {w} {m}?", "Which month is {w} {m}?", "What is the month {w} {m}?", "Name the month {w} {m}."), w=word, m=MONTHS[i])
        return one(f"{word}{i}#{k}", q, f"The month {word} {MONTHS[i]} is {MONTHS[(i + 1) % 12 if word == 'after' else i - 1]}.")
    if form == 4:
        k, q = phrase(rng, ("How many days are in {m}?", "How many days does {m} have?", "How long is {m} in days?", "What is the number of days in {m}?"), m=MONTHS[i])
        note = ", or 29 in a leap year" if i == 1 else ""
        turns = [(q, f"{MONTHS[i]} has {LENGTHS[i]} days{note}.")]
        if rng.random() < 0.3:
            j = rng.randrange(12)
            note = ", or 29 in a leap year" if j == 1 else ""
            turns.append((rng.choice(("And {m}?", "What about {m}?", "And in {m}?")).format(m=MONTHS[j]), f"{MONTHS[j]} has {LENGTHS[j]} days{note}."))
        return Draft(f"days{i}#{k}", tuple(turns))
    k, q = phrase(rng, ("What is the {o} month of the year?", "Which month is the {o}?", "Name the {o} month.", "Which is the {o} month of the year?"), o=ORDINALS[i])
    return one(f"nth{i}#{k}", q, f"The {ORDINALS[i]} month is {MONTHS[i]}.")


NAMES = "Anna Ben Carla David Emma Felix Grace Hugo Ida Jonas Kate Leo Mia Noah Olga Paul Rosa Sam Tina Will".split()
THINGS = "apples books coins pens stamps marbles cards eggs shells buttons cookies pencils stones flowers keys cups".split()


@task("numbers", 2)
def word_problem(rng):
    name, other = rng.sample(NAMES, 2)
    things = rng.choice(THINGS)
    form = rng.randrange(6)
    a, b = rng.randint(2, 60), rng.randint(1, 40)
    if form == 0:
        stories = ("{n} has {a} {t} and gets {b} more. How many {t} does {n} have?", "{n} has {a} {t}. {o} gives {n} {b} more. How many {t} does {n} have now?", "There are {a} {t} in a box. {n} adds {b}. How many {t} are in the box?", "{n} found {a} {t} and {o} found {b}. How many {t} did they find together?")
        sign = "+"
    elif form == 1:
        a += b
        stories = ("{n} has {a} {t} and gives away {b}. How many {t} are left?", "{n} has {a} {t}. {o} takes {b} of them. How many {t} does {n} have now?", "There are {a} {t} in a bag. {n} removes {b}. How many {t} are left?", "{n} had {a} {t} and lost {b}. How many {t} does {n} have left?")
        sign = "-"
    elif form == 2:
        a, b = rng.randint(2, 12), rng.randint(2, 10)
        stories = ("{n} has {a} boxes with {b} {t} each. How many {t} is that?", "There are {a} bags. Each bag holds {b} {t}. How many {t} are there?", "{n} buys {a} packs of {b} {t}. How many {t} does {n} have?", "{n} puts {b} {t} into each of {a} boxes. How many {t} are there in all?")
        sign = "*"
    elif form == 3:
        b = rng.randint(2, 10)
        a = b * rng.randint(2, 12)
        stories = ("{n} shares {a} {t} among {b} children. How many {t} does each get?", "{a} {t} are split into {b} equal groups. How many {t} are in each group?", "{n} packs {a} {t} into {b} boxes equally. How many {t} are in each box?", "{b} friends share {a} {t} equally. How many {t} does each friend get?")
        sign = "/"
    elif form == 4:
        a, b = rng.randint(2, 9), rng.randint(2, 12)
        stories = ("One ticket costs {b} coins. How much do {a} tickets cost?", "{n} buys {a} pens at {b} coins each. What does {n} pay in coins?", "A cup costs {b} coins. How many coins do {a} cups cost?", "{n} earns {b} coins an hour. How many coins does {n} earn in {a} hours?")
        sign, things = "*", "coins"
    else:
        a = max(a, b + 1)
        stories = ("{n} has {a} {t} and {o} has {b}. How many more {t} does {n} have?", "{n} has {a} {t}. {o} has {b} fewer. How many {t} does {o} have?", "{o} has {b} {t} and {n} has {a}. How many fewer {t} does {o} have?", "A shelf had {a} {t}, and {b} were sold. How many {t} are left?")
        sign = "-"
    k, question = phrase(rng, stories, n=name, o=other, a=a, b=b, t=things)
    key = f"{sum_key(a, sign, b)}#{form}.{k}" if is_table(a, sign, b) else sum_key(a, sign, b)
    closing = "so the answer is {r}" + (" coins" if form == 4 else "")
    return one(key, question, f"{worked(a, sign, b, closing)}.")


@task("numbers", 0.7)
def list_length(rng):
    items = [rng.choice(THINGS)[:-1] for _ in range(rng.randint(2, 6))]
    listing = ", ".join(items)
    question = phrase(rng, ("How many items are in this list: {l}?", "Count the items: {l}.", "How many entries does the list {l} have?", "How long is this list: {l}?"), l=listing)[1]
    return one(listing, question, f"{', '.join(f'{i} {item}' for i, item in enumerate(items, 1))}: {len(items)} items.")
