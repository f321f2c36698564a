"""Letters, rhymes, plurals, opposites and categories. Spelling holds out words; memory tasks hold out phrasings."""

from .facts.vocabulary import AMBIGUOUS, CATEGORIES, OPPOSITES, OTHER_WORDS, PLURALS, RHYMES
from .invented import invented_name
from .task import REFUSAL, Draft, agreement, matched, one, phrase, task

CATEGORY_OF = {word: category for category, words in CATEGORIES.items() for word in words.split() if word not in AMBIGUOUS}
PAIRS = [tuple(pair.split()) for pair in OPPOSITES.split(",")]
PLURAL_OF = dict(pair.split() for pair in PLURALS.split(","))
RHYME_ROWS = [row.split() for row in RHYMES]
WORDS = sorted(
    {w.lower() for w in CATEGORY_OF} | set(OTHER_WORDS.split()) | {w for p in PAIRS for w in p} | set(PLURAL_OF) | {w for r in RHYME_ROWS for w in r}
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NTH = "first second third fourth fifth".split()
TIMES = ("does not appear", "appears once", "appears twice", "appears three times")


VOWELS = set("aeiou")
ANIMALS = {"bird", "insect", "fish"}


# Gold is a colour to some, and a cherry is a tree: such pairs make no fair odd one out.
OVERLAPPING = ({"metal", "colour"}, {"flower", "colour"}, {"fruit", "tree"}, {"fruit", "colour"}, {"tree", "flower"})


def any_word(rng) -> str:
    """A word to take apart. Invented ones make the model read letters instead of recalling the list."""
    return invented_name(rng).lower() if rng.random() < 0.15 else rng.choice(WORDS)


def article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def spelled(word: str) -> str:
    return "-".join(word)


def counted_letters(word: str, counts) -> str:
    """The word spelled, with a running count behind every letter that counts: t1-e-n-t2."""
    n, parts = 0, []
    for letter in word:
        n += counts(letter)
        parts.append(f"{letter}{n}" if counts(letter) else letter)
    return "-".join(parts)


def quoted(rng, word: str) -> str:
    return rng.choice((word, word, f'"{word}"', f"'{word}'", f"the word {word}"))


@task("words", 2)
def spelling(rng):
    word = any_word(rng)
    also = ()
    turns = [(phrase(rng, ("How do you spell {w}?", "Spell {w}.", "Spell {w} letter by letter.", "What are the letters of {w}?", "How is {w} spelled?"), w=quoted(rng, word))[1], f"It is spelled {spelled(word)}.")]
    if rng.random() < 0.1:
        turns.append((rng.choice(("And backwards?", "And in reverse?", "Now backwards.")), f"{spelled(word)}, backwards {spelled(word[::-1])}."))
        also = (f"reversal|{word}",)
    return Draft(word, tuple(turns), also)


@task("words", 2)
def reversal(rng):
    word = any_word(rng)
    question = phrase(rng, ("Reverse {w}.", "What is {w} backwards?", "Spell {w} backwards.", "Write {w} in reverse.", "How do you spell {w} in reverse?"), w=quoted(rng, word))[1]
    return one(word, question, f"{spelled(word)}, backwards {spelled(word[::-1])}.")


@task("words", 1)
def word_length(rng):
    word = any_word(rng)
    question = phrase(rng, ("How many letters are in {w}?", "How many letters does {w} have?", "How long is {w} in letters?", "Count the letters of {w}."), w=quoted(rng, word))[1]
    return one(word, question, f"{counted_letters(word, lambda _: True)}: {len(word)} letters.")


@task("words", 1.5)
def letter_count(rng):
    word = any_word(rng)
    letter = rng.choice(word) if rng.random() < 0.85 else rng.choice(LETTERS)
    n = word.count(letter)
    question = phrase(rng, ("How many times does {l} appear in {w}?", "How many {l}'s are in {w}?", "Count the letter {l} in {w}.", "How often does the letter {l} occur in {w}?"), l=letter, w=quoted(rng, word))[1]
    return one(word, question, f"{counted_letters(word, lambda other: other == letter)}: the letter {letter} {TIMES[min(n, 3)]}.")


@task("words", 1)
def nth_letter(rng):
    word = any_word(rng)
    i = rng.randrange(-1, min(len(word), 4))
    nth = "last" if i == -1 else NTH[i]
    question = phrase(rng, ("What is the {n} letter of {w}?", "Which letter comes {n} in {w}?", "What letter does {w} have in {n} place?", "Name the {n} letter of {w}."), n=nth, w=quoted(rng, word))[1]
    return one(word, question, f"{spelled(word)}: the {nth} letter is {word[i]}.")


@task("words", 0.8)
def vowels(rng):
    word = any_word(rng)
    n = sum(letter in VOWELS for letter in word)
    question = phrase(rng, ("How many vowels are in {w}?", "How many vowels does {w} have?", "Count the vowels in {w}.", "What is the number of vowels in {w}?"), w=quoted(rng, word))[1]
    return one(word, question, f"{counted_letters(word, lambda letter: letter in VOWELS)}: {n} vowel{'' if n == 1 else 's'}.")


@task("words", 2)
def starts_with(rng):
    word = any_word(rng)
    end = rng.random() < 0.4
    have = word[-1] if end else word[0]
    letter = have if rng.random() < 0.5 else rng.choice(LETTERS)
    verb = "end" if end else "start"
    question = phrase(rng, ("Does {w} {v} with {l}?", "Does the word {w} {v} with the letter {l}?", "Is it true that {w} {v}s with {l}?", "{w} {v}s with {l}, right?"), w=word, v=verb, l=letter)[1]
    return one(word, question, matched(letter, f"The word {word} {verb}s with", have))


@task("words", 0.8)
def alphabet(rng):
    i = rng.randrange(26)
    word = rng.choice(("after", "before"))
    if i == (25 if word == "after" else 0):
        i = 10
    k, question = phrase(rng, ("Which letter comes {w} {l} in the alphabet?", "What letter is {w} {l}?", "What is the letter {w} {l}?", "Name the letter {w} {l} in the alphabet."), w=word, l=LETTERS[i])
    return one(f"{word}{i}#{k}", question, f"The letter {word} {LETTERS[i]} is {LETTERS[i + (1 if word == 'after' else -1)]}.")


@task("words", 1.5)
def alphabetical(rng):
    words = rng.sample(WORDS, rng.randint(2, 3))
    if len({word[0] for word in words}) < len(words):
        return alphabetical(rng)
    key = " ".join(sorted(words))
    if len(words) == 2:
        a, b = words
        question = phrase(rng, ("Which comes first in the alphabet, {a} or {b}?", "Which word comes first in a dictionary: {a} or {b}?", "{a} or {b}: which is first alphabetically?", "In alphabetical order, which is first, {a} or {b}?"), a=a, b=b)[1]
        return one(key, question, f"{min(words)[0]} comes before {max(words)[0]}, so {min(words)} comes before {max(words)}.".capitalize())
    question = phrase(rng, ("Put {l} in alphabetical order.", "Sort these words: {l}.", "Sort alphabetically: {l}.", "Arrange {l} alphabetically."), l=", ".join(words))[1]
    return one(key, question, f"{', '.join(w[0] for w in words)} in order: {', '.join(sorted(w[0] for w in words))}. So {', '.join(sorted(words))}.")


@task("words", 1.2)
def opposite(rng):
    pair = rng.choice(PAIRS)
    word = rng.choice(pair)
    answers = [b if a == word else a for a, b in PAIRS if word in (a, b)]
    k, question = phrase(rng, ("What is the opposite of {w}?", "What's the opposite of {w}?", "Give the opposite of {w}.", "Which word means the opposite of {w}?", "Name an antonym of {w}."), w=word)
    turns = [(question, f"The opposite of {word} is {answers[0]}.")]
    if rng.random() < 0.25:
        other = rng.choice(rng.choice(PAIRS))
        reply = next(b if a == other else a for a, b in PAIRS if other in (a, b))
        turns.append((rng.choice(("And of {w}?", "What about {w}?", "And {w}?")).format(w=other), f"The opposite of {other} is {reply}."))
    return Draft(f"{word}#{k}", tuple(turns))


@task("words", 1)
def plural(rng):
    word = rng.choice(list(PLURAL_OF))
    if rng.random() < 0.7:
        k, question = phrase(rng, ("What is the plural of {w}?", "Give the plural of {w}.", "One {w}, two what?", "How do you form the plural of {w}?", "What's the plural of {w}?"), w=word)
        return one(f"{word}#{k}", question, f"The plural of {word} is {PLURAL_OF[word]}.")
    k, question = phrase(rng, ("What is the singular of {w}?", "Give the singular of {w}.", "What is one of {w} called?", "{w} is the plural of what?"), w=PLURAL_OF[word])
    return one(f"{word}~{k}", question, f"The singular of {PLURAL_OF[word]} is {word}.")


# The word that stands for all that rhyme with it.
RHYMES_LIKE = {word: row[0] for row in reversed(RHYME_ROWS) for word in row}


@task("words", 2)
def rhyme(rng):
    row = rng.choice(RHYME_ROWS)
    word = rng.choice(row)
    if rng.random() < 0.5:
        answer = row[(row.index(word) + 1) % len(row)]
        k, question = phrase(rng, ("What rhymes with {w}?", "Give a word that rhymes with {w}.", "Find a rhyme for {w}.", "Name a word that rhymes with {w}."), w=word)
        return one(f"{word}#{k}", question, f"{answer.capitalize()} rhymes with {word}.")
    truth = rng.random() < 0.5
    other = rng.choice([w for w in row if w != word]) if truth else rng.choice([r for r in RHYME_ROWS if r is not row])[0]
    k, question = phrase(rng, ("Does {a} rhyme with {b}?", "Do {a} and {b} rhyme?", "Is {a} a rhyme for {b}?", "Do the words {a} and {b} rhyme?"), a=word, b=other)
    return one(" ".join(sorted((word, other))), question, f"{word.capitalize()} sounds like {RHYMES_LIKE[word]} and {other} like {RHYMES_LIKE[other]}: {agreement(RHYMES_LIKE[word] == RHYMES_LIKE[other])}.", phrasing=k)


@task("words", 2)
def category(rng):
    word = rng.choice(list(CATEGORY_OF))
    right = CATEGORY_OF[word]
    if rng.random() < 0.6:
        k, question = phrase(rng, ("What kind of thing is {a}?", "What is {a}?", "Which category does {w} belong to?", "What sort of thing is {a}?", "In one word, what is {a}?"), a=word if right in ("colour", "sport", "drink", "metal", "season", "planet") else article(word), w=word)
        return one(f"{word}#{k}", question, f"{word.capitalize()} is {article(right)}.")
    # A robin is an animal too: what is right in more than one way is not asked.
    kinds = [c for c in CATEGORIES if c == right or "animal" not in (c, right) or right not in ANIMALS | {"animal"} or c not in ANIMALS | {"animal"}]
    asked = right if rng.random() < 0.5 else rng.choice(kinds)
    k, question = phrase(rng, ("Is {w} {c}?", "Is {w} a kind of {n}?", "Would you call {w} {c}?", "Is it true that {w} is {c}?"), w=word, c=article(asked), n=asked)
    return one(f"{word}/{asked}", question, matched(article(asked), f"{word.capitalize()} is", article(right)), phrasing=k)


@task("words", 0.6)
def example_of(rng):
    name = rng.choice(list(CATEGORIES))
    word = next(w for w in CATEGORIES[name].split() if w not in AMBIGUOUS)
    k, question = phrase(rng, ("Name {a}.", "Give an example of {a}.", "Can you name {a}?", "Tell me {a}.", "What is an example of {a}?"), a=article(name))
    return one(f"{name}#{k}", question, f"{word.capitalize()} is {article(name)}.")


@task("words", 2)
def opposites(rng):
    a, b = rng.choice(PAIRS)
    if rng.random() < 0.5:
        a, b = b, a
    truth = rng.random() < 0.5
    if not truth:
        b = rng.choice([w for pair in PAIRS for w in pair if (a, w) not in PAIRS and (w, a) not in PAIRS and w != a])
    meant = b if truth else next(y if x == a else x for x, y in PAIRS if a in (x, y))
    k, question = phrase(rng, ("Are {a} and {b} opposites?", "Is {a} the opposite of {b}?", "Do {a} and {b} mean the opposite?", "Are the words {a} and {b} opposites?"), a=a, b=b)
    return one(" ".join(sorted((a, b))), question, matched(b, f"The opposite of {a} is", meant), phrasing=k)


@task("refusal", 0.5)
def wordless(rng):
    """Words that have no opposite, and names that are in no list."""
    has_opposite = {w for pair in PAIRS for w in pair}
    word = rng.choice([w for w in CATEGORY_OF if w not in has_opposite]) if rng.random() < 0.6 else invented_name(rng).lower()
    question = phrase(rng, ("What is the opposite of {w}?", "Name an antonym of {w}.", "Give the opposite of {w}.", "Which word means the opposite of {w}?"), w=word)[1]
    return one(word, question, REFUSAL)


@task("words", 3)
def same(rng):
    """Whether two words or letters are one. With invented ones it has to be seen, for it cannot be remembered."""
    draws = (lambda: rng.choice(LETTERS), lambda: any_word(rng), lambda: rng.choice(list(CATEGORIES)), lambda: invented_name(rng).lower())
    draw = rng.choices(draws, (1, 3, 1, 3))[0]
    x = draw()
    y = x if rng.random() < 0.5 else draw()
    question = phrase(rng, ("Are {x} and {y} the same?", "Is {x} the same as {y}?", "Do {x} and {y} match?", "{x} and {y}: the same or different?"), x=x, y=y)[1]
    return one(" ".join(sorted((x, y))), question, f"{agreement(x == y)}.".capitalize())


def is_kind(word: str) -> str:
    return f"{word.capitalize()} is {article(CATEGORY_OF[word])}"


@task("words", 1.5)
def odd_one_out(rng):
    """Two pairs show what most are, and which pair is split; its words are then looked at in turn."""
    names = [c for c in CATEGORIES if c not in ("animal", "bird", "insect", "fish", "season", "planet")]
    main, strange = rng.sample(names + ["animal"], 2)
    if {main, strange} in OVERLAPPING:
        strange = "sport"
    pool = [w for w in CATEGORIES[main].split() if w not in AMBIGUOUS]
    group = rng.sample(pool, 3)
    odd = rng.choice([w for w in CATEGORIES[strange].split() if w not in AMBIGUOUS])
    listing = group + [odd]
    rng.shuffle(listing)
    question = phrase(rng, ("Which is the odd one out: {l}?", "Which word does not belong: {l}?", "Find the odd one out among {l}.", "Which of these does not fit: {l}?"), l=", ".join(listing))[1]
    pairs = [listing[:2], listing[2:]]
    split = next(pair for pair in pairs if odd in pair)
    compared = [f"{is_kind(a)} and {b} is {article(CATEGORY_OF[b])}: {'different' if odd in (a, b) else 'the same'}" for a, b in pairs]
    looked_at = [f"{is_kind(word)}: {'different' if word == odd else 'the same'}" for word in split[: split.index(odd) + 1]]
    return one(" ".join(sorted(listing)), question, f"{'. '.join(compared)}. Most are {article(main)}. {'. '.join(looked_at)}. So {odd} is the odd one out.")
