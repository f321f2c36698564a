"""Sums, products, two steps, comparing and sorting. Procedures hold out operands, whatever the phrasing."""

from .task import REFUSAL, Draft, is_table, one, phrase, sum_key, task

ASK = ("What is {e}?", "Calculate {e}.", "How much is {e}?", "{e} = ?", "{e}", "Work out {e}.", "What's {e}?", "Can you compute {e}?", "{e} =", "{e} equals?", "Tell me {e}.")
SPOKEN = {
    "+": ("{a} plus {b}", "the sum of {a} and {b}"),
    "-": ("{a} minus {b}", "the difference of {a} and {b}"),
    "*": ("{a} times {b}", "{a} multiplied by {b}", "the product of {a} and {b}", "{a} x {b}"),
    "/": ("{a} divided by {b}", "{a} over {b}"),
}
APPLY = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a // b}


def ask(rng, expression: str) -> tuple[int, str]:
    return phrase(rng, ASK, e=expression)


def columns(a: int, sign: str, b: int) -> list[str]:
    """The steps of written arithmetic from the ones upwards, carrying and borrowing as at school."""
    steps, carry = [], 0
    if sign == "*":
        if a < b:
            a, b = b, a
        for digit in map(int, reversed(str(a))):
            result = digit * b + carry
            steps.append(f"{digit} * {b}{f' + {carry}' if carry else ''} = {result}")
            carry = result // 10
        return steps
    length = max(len(str(a)), len(str(b)))
    for x, y in zip(reversed(str(a).zfill(length)), reversed(str(b).zfill(length))):
        x, y = int(x), int(y)
        if sign == "+":
            result = x + y + carry
            steps.append(f"{x} + {y}{' + 1' if carry else ''} = {result}")
            carry = result // 10
        else:
            x -= carry
            carry = int(x < y)
            steps.append(f"{x + 10 * carry} - {y} = {x + 10 * carry - y}")
    return steps


def worked(a: int, sign: str, b: int, closing: str = "so {r}") -> str:
    """A sum with its result: at once where one knows it by heart, otherwise column by column and then `closing`."""
    result = APPLY[sign](a, b)
    if is_table(a, sign, b) or sign == "/":
        said = f"{a} {sign} {b} = {result}"
        return said if closing == "so {r}" else f"{said}, {closing.format(r=result)}"
    return f"{a} {sign} {b}: {', '.join(columns(a, sign, b))}, {closing.format(r=result)}"


def gives_away(*sums) -> tuple[str, ...]:
    return tuple(sum_key(*s) for s in sums if not is_table(*s))


def calculation(rng, sign: str, a: int, b: int) -> Draft:
    if rng.random() < 0.4:
        spoken, expression = phrase(rng, SPOKEN[sign], a=a, b=b)
    else:
        gap = "" if rng.random() < 0.3 else " "
        spoken, expression = 9 - len(gap), f"{a}{gap}{sign}{gap}{b}"
    result = APPLY[sign](a, b)
    form, question = ask(rng, expression)
    turns = [(question, f"{worked(a, sign, b)}.")]
    also = ()
    if rng.random() < 0.12 and 0 <= result < 900:
        step = rng.randint(1, 12)
        further, word = rng.choice((("+", "plus"), ("-", "minus")))
        if further == "-" and step > result:
            further, word = "+", "plus"
        question = rng.choice((f"And {word} {step}?", f"Now {word} {step}?", f"{word.capitalize()} {step}?", f"And then {further} {step}?"))
        turns.append((question, f"{worked(result, further, step)}."))
        also = gives_away((result, further, step))
    key = f"{sum_key(a, sign, b)}#{form}.{spoken}" if is_table(a, sign, b) else sum_key(a, sign, b)
    return Draft(key, tuple(turns), also)


def sized(rng) -> int:
    """Mostly three digits at most, with short numbers often enough to stay sure of them."""
    return rng.randint(0, rng.choice((10, 20, 99, 99, 999)))


@task("numbers", 3)
def addition(rng):
    return calculation(rng, "+", sized(rng), sized(rng))


@task("numbers", 3)
def subtraction(rng):
    a, b = sized(rng), sized(rng)
    if a < b and (max(a, b) > 12 or rng.random() < 0.7):
        a, b = b, a
    return calculation(rng, "-", a, b)


@task("numbers", 2)
def multiplication(rng):
    if rng.random() < 0.5:
        return calculation(rng, "*", rng.randint(0, 12), rng.randint(0, 12))
    a, b = rng.randint(11, 99), rng.randint(2, 9)
    return calculation(rng, "*", a, b) if rng.random() < 0.7 else calculation(rng, "*", b, a)


@task("numbers", 1.5)
def division(rng):
    b, result = rng.randint(1, 12), rng.randint(0, 20)
    return calculation(rng, "/", b * result, b)


@task("numbers", 2)
def two_steps(rng):
    form = rng.randrange(5)
    a, b, c = rng.randint(1, 50), rng.randint(1, 12), rng.randint(1, 10)
    if form == 0:
        expression, first, second = f"{a} + {b} * {c}", (b, "*", c), (a, "+", b * c)
    elif form == 1:
        expression, first, second = f"{b} * {c} + {a}", (b, "*", c), (b * c, "+", a)
    elif form == 2:
        expression, first, second = f"({a} + {b}) * {c}", (a, "+", b), (a + b, "*", c)
    elif form == 3:
        a += b + c
        expression, first, second = f"{a} - {b} - {c}", (a, "-", b), (a - b, "-", c)
    else:
        expression, first, second = f"{a} + {b} - {c}", (a, "+", b), (a + b, "-", c)
    return one(expression, ask(rng, expression)[1], f"{worked(*first)}, and {worked(*second)}.", gives_away(first, second))


@task("numbers", 1)
def portion(rng):
    """Halves, doubles, squares, percentages, thirds: known by heart, so phrasings are held out."""
    kind = rng.randrange(5)
    if kind == 0:
        n = 2 * rng.randint(1, 50)
        k, question = phrase(rng, ("What is half of {n}?", "Halve {n}.", "How much is half of {n}?", "What is one half of {n}?"), n=n)
        return one(f"half{n}#{k}", question, f"Half of {n} is {n // 2}.")
    if kind == 1:
        n = rng.randint(1, 99)
        k, question = phrase(rng, ("What is double {n}?", "Double {n}.", "What is twice {n}?", "How much is two times {n}?"), n=n)
        return one(f"double{n}#{k}", question, f"{worked(n, '+', n, f'so twice {n} is {{r}}')}.", gives_away((n, "+", n)))
    if kind == 2:
        n = rng.randint(0, 20)
        k, question = phrase(rng, ("What is {n} squared?", "What is the square of {n}?", "Square {n}.", "Calculate {n} squared."), n=n)
        return one(f"square{n}#{k}", question, f"{n} squared is {n * n}.")
    if kind == 3:
        share, step = rng.choice(((10, 10), (20, 5), (25, 4), (50, 2)))
        n = step * rng.randint(1, 100 // step)
        k, question = phrase(rng, ("What is {s}% of {n}?", "How much is {s} percent of {n}?", "Calculate {s}% of {n}.", "What is {s} percent of {n}?"), s=share, n=n)
        return one(f"{share}%{n}#{k}", question, f"{share}% of {n} is {n * share // 100}.")
    n = 3 * rng.randint(1, 30)
    k, question = phrase(rng, ("What is a third of {n}?", "What is one third of {n}?", "How much is a third of {n}?", "Find a third of {n}."), n=n)
    return one(f"third{n}#{k}", question, f"A third of {n} is {n // 3}.")


def compared(a: int, b: int) -> str:
    """Why one number is larger: more digits, or the first digit that differs."""
    x, y = str(a), str(b)
    if len(x) != len(y):
        return f"{a} has {len(x)} digit{'s' if len(x) > 1 else ''} and {b} has {len(y)}"
    steps = []
    for p, q in zip(x, y):
        steps.append(f"{p} {'=' if p == q else '<' if p < q else '>'} {q}")
        if p != q:
            break
    return f"{a} and {b}: {', '.join(steps)}"


@task("numbers", 1.2)
def comparing(rng):
    a = sized(rng)
    b = max(0, a + rng.choice((-1, 1)) * rng.randint(1, 30)) if rng.random() < 0.5 else sized(rng)
    if a == b:
        b += 1
    key, big, small = f"{min(a, b)},{max(a, b)}", max(a, b), min(a, b)
    form = rng.randrange(3)
    if form == 0:
        return one(key, rng.choice(("Which is larger, {a} or {b}?", "Which number is bigger: {a} or {b}?", "What is greater, {a} or {b}?", "{a} or {b}, which is more?")).format(a=a, b=b), f"{compared(a, b)}, so {big} is larger than {small}.")
    if form == 1:
        return one(key, rng.choice(("Which is smaller, {a} or {b}?", "Which number is less: {a} or {b}?", "What is smaller, {a} or {b}?", "{a} or {b}, which is less?")).format(a=a, b=b), f"{compared(a, b)}, so {small} is smaller than {big}.")
    word, truth = ("greater", a > b) if rng.random() < 0.5 else ("less", a < b)
    question = rng.choice(("Is {a} {w} than {b}?", "Is it true that {a} is {w} than {b}?", "Would you say {a} is {w} than {b}?", "{a} is {w} than {b}, right?")).format(a=a, b=b, w=word)
    return one(key, question, f"{compared(a, b)}, so {a} is {'greater' if a > b else 'less'} than {b}: {'yes' if truth else 'no'}.")


@task("numbers", 1.5)
def sorting(rng):
    numbers = rng.sample(range(0, rng.choice((20, 100))), rng.randint(3, 4))
    listing = ", ".join(map(str, numbers))
    key = ",".join(map(str, sorted(numbers)))
    form = rng.randrange(4)
    if form == 0:
        return one(key, rng.choice(("Sort {l} in ascending order.", "Put these in order, smallest first: {l}.", "Sort these numbers: {l}.", "Arrange {l} from smallest to largest.")).format(l=listing), f"From smallest to largest: {', '.join(map(str, sorted(numbers)))}.")
    if form == 1:
        return one(key, rng.choice(("Sort {l} in descending order.", "Put these in order, largest first: {l}.", "Sort {l} from high to low.", "Arrange {l} from largest to smallest.")).format(l=listing), f"From largest to smallest: {', '.join(map(str, sorted(numbers, reverse=True)))}.")
    word, best = ("largest", max(numbers)) if form == 2 else ("smallest", min(numbers))
    other = {"largest": "biggest", "smallest": "least"}[word]
    return one(key, rng.choice(("What is the {w} of {l}?", "Which is the {w}: {l}?", "Find the {w} number in {l}.", "Which of {l} is the {o}?")).format(w=word, o=other, l=listing), f"The {word} is {best}.")


@task("numbers", 0.6)
def parity(rng):
    n = sized(rng)
    kind = "even" if n % 2 == 0 else "odd"
    form = rng.randrange(3)
    if form == 0:
        return one(str(n), rng.choice(("Is {n} odd or even?", "Is {n} even or odd?", "Is the number {n} even or odd?", "{n}: odd or even?")).format(n=n), f"{n} ends in {n % 10}, so it is {kind}.")
    asked = "even" if form == 1 else "odd"
    return one(str(n), rng.choice(("Is {n} {k}?", "Is {n} an {k} number?", "Is the number {n} {k}?", "Is it true that {n} is {k}?")).format(n=n, k=asked), f"{n} ends in {n % 10}, so it is {kind}: {'yes' if asked == kind else 'no'}.")


@task("numbers", 1.5)
def sequence(rng):
    form = rng.randrange(3)
    if form == 0:
        start, step = rng.randint(0, 50), rng.randint(1, 10)
        row, last = [start + step * i for i in range(4)], (start + 3 * step, "+", step)
        found = f"each step adds {step}"
    elif form == 1:
        step = rng.randint(1, 10)
        start = 4 * step + rng.randint(0, 40)
        row, last = [start - step * i for i in range(4)], (start - 3 * step, "-", step)
        found = f"each step takes away {step}"
    else:
        start, factor = rng.randint(1, 9), rng.choice((2, 2, 3))
        row = [start * factor**i for i in range(4)]
        last = (row[3], "*", factor)
        found = "each step doubles" if factor == 2 else "each step triples"
    listing = ", ".join(map(str, row))
    question = rng.choice(("What comes next: {l}?", "Continue the sequence {l}.", "Which number follows {l}?", "What is the next number in {l}, ...?")).format(l=listing)
    gaps = [(max(a, b), "-", min(a, b)) for a, b in zip(row, row[1:3])]
    first, second = (a - b for a, _, b in gaps)
    because = f"{'Up' if row[1] > row[0] else 'Down'}: {worked(*gaps[0])}. {worked(*gaps[1])}. {first} and {second}: {'the same' if first == second else 'different'}, so {found}."
    return one(listing, question, f"{because} {worked(*last)}.", gives_away(*gaps, last))


@task("numbers", 1)
def missing(rng):
    a, b = rng.randint(0, rng.choice((10, 50))), rng.randint(0, rng.choice((10, 50)))
    gap = rng.choice(("?", "_", "x"))
    sign = rng.choice("+-")
    if sign == "-":
        a += b
    result = APPLY[sign](a, b)
    known = (result, "-", a) if sign == "+" else (a, "-", result)
    question = phrase(rng, ("What is missing: {a} {s} {g} = {r}?", "Which number fits: {a} {s} {g} = {r}?", "Fill the gap: {a} {s} {g} = {r}.", "Find the missing number: {a} {s} {g} = {r}."), a=a, s=sign, g=gap, r=result)[1]
    return one(f"{a}{sign}?={result}", question, f"{worked(*known, closing='so the missing number is {r}')}.", gives_away(known))


@task("numbers", 0.7)
def prime(rng):
    n = rng.randint(2, 100)
    factor = next((d for d in range(2, n) if n % d == 0), None)
    k, question = phrase(rng, ("Is {n} a prime number?", "Is {n} prime?", "Is the number {n} a prime?", "Would you call {n} a prime number?", "Is it true that {n} is prime?"), n=n)
    return one(f"{n}#{k}", question, f"{n} has no smaller factor, so yes, it is prime." if factor is None else f"{factor} * {n // factor} = {n}, so no, it is not prime.")


@task("numbers", 0.8)
def rounding(rng):
    unit, name = rng.choice(((10, "ten"), (10, "ten"), (100, "hundred")))
    n = rng.randint(unit // 10 + 1, 999)
    result = (n + unit // 2) // unit * unit
    deciding, low = n // (unit // 10) % 10, n // unit * unit
    question = rng.choice(("Round {n} to the nearest {u}.", "What is {n} rounded to the nearest {u}?", "To the nearest {u}, what is {n}?", "Can you round {n} to the nearest {u}?")).format(n=n, u=name)
    return one(f"{n}/{unit}", question, f"{n} is between {low} and {low + unit}. {deciding} is {'less than 5, so down' if deciding < 5 else '5 or more, so up'}: {result}.")


ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(n: int) -> str:
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + (f"-{ONES[n % 10]}" if n % 10 else "")
    return f"{ONES[n // 100]} hundred" + (f" and {in_words(n % 100)}" if n % 100 else "")


@task("numbers", 0.8)
def number_words(rng):
    n = rng.randint(0, rng.choice((20, 99, 999)))
    if rng.random() < 0.5:
        return one(str(n), rng.choice(("Write {n} in words.", "How do you write {n} in words?", "Spell out the number {n}.", "What is {n} in words?")).format(n=n), f"{n} in words is {in_words(n)}.")
    return one(str(n), rng.choice(("Write {w} in digits.", "Which number is {w}?", "What is {w} in digits?", "Give {w} as a number.")).format(w=in_words(n)), f"In digits, {in_words(n)} is {n}.")


@task("refusal", 0.5)
def too_large(rng):
    """Sums beyond three digits are outside the world, and the model must say so instead of guessing."""
    a, b = rng.randint(1000, 10 ** rng.randint(4, 7)), rng.randint(13, 10 ** rng.randint(2, 6))
    if rng.random() < 0.5:
        a, b = b, a
    sign = rng.choice("+-**/")
    if sign == "*" and rng.random() < 0.4:
        a, b = rng.randint(101, 999), rng.randint(101, 999)
    expression = f"{a} {sign} {b}" if rng.random() < 0.6 else phrase(rng, SPOKEN[sign], a=a, b=b)[1]
    return one(f"{a}{sign}{b}", ask(rng, expression)[1], REFUSAL)
