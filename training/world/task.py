"""Tasks, their registry, and the split into what is trained on and what is only measured."""

import hashlib
import random
from dataclasses import dataclass
from typing import Callable

REFUSAL = "I don't know that."
SPLITS = ("train", "calibrate", "test")


@dataclass(frozen=True)
class Draft:
    """A conversation of one or more (question, answer) turns, and the canonical key that decides its split.

    A key with a bar names its own namespace ("sum|3+5"), so that tasks which share operands share the hold-out.
    `also` lists the keys that the answers give away besides: none of them may be held out if this is trained on.
    `phrasing`, of a yes or no about a fact: one in four of a held-out claim is held out. Were all of them, then nothing that
    is said of its subject in training would be true, and the model would learn just that.
    """

    key: str
    turns: tuple[tuple[str, str], ...]
    also: tuple[str, ...] = ()
    phrasing: int | None = None


@dataclass(frozen=True)
class Task:
    name: str
    field: str
    weight: float
    draw: Callable[[random.Random], Draft]


@dataclass(frozen=True)
class Example:
    task: str
    field: str
    key: str
    turns: tuple[tuple[str, str], ...]
    phrasing: int | None = None


TASKS: dict[str, Task] = {}


def task(field: str, weight: float = 1.0):
    def register(draw):
        TASKS[draw.__name__] = Task(draw.__name__, field, weight, draw)
        return draw

    return register


def split_of(task_name: str, key: str, phrasing: int | None = None) -> str:
    """Which split a key belongs to: 6 % test, 4 % calibrate. Refusals hold out more, for they have fewer patterns."""
    qualified = key if "|" in key else f"{task_name}|{key}"
    digest = hashlib.blake2b(qualified.encode(), digest_size=4).digest()
    bucket = int.from_bytes(digest, "big") % 100
    test, calibrate = (16, 24) if TASKS[task_name].field == "refusal" else (6, 10)
    if phrasing is not None and phrasing != digest[0] % 4:
        return "train"
    return "test" if bucket < test else "calibrate" if bucket < calibrate else "train"


def draw_example(rng: random.Random, name: str, split: str) -> Example:
    """One example of a task in a split; tasks whose whole domain is trained (small talk) have no other split."""
    chosen = TASKS[name]
    while True:
        draft = chosen.draw(rng)
        if chosen.field == "talk":
            return Example(name, chosen.field, draft.key, draft.turns, draft.phrasing)
        if split == "train" and any(split_of(name, key) != "train" for key in draft.also):
            continue
        if split_of(name, draft.key, draft.phrasing) == split:
            return Example(name, chosen.field, draft.key, draft.turns, draft.phrasing)


def phrase(rng: random.Random, forms, **slots) -> tuple[int, str]:
    """A phrasing by chance, with its index, since facts hold out phrasings."""
    index = rng.randrange(len(forms))
    return index, forms[index].format(**slots)


def agreement(same: bool) -> str:
    return "the same, so yes" if same else "different, so no"


def matched(claim: str, fact: str, truth: str) -> str:
    """How a yes or no is reached: the claim, then a fact that ends in the truth, then whether they are the same.

    In this order the truth has been read before exactly if the claim holds, which is what attention sees soonest.
    """
    return f"{claim}? {fact} {truth}: {agreement(claim == truth)}."


def one(key: str, question: str, answer: str, also: tuple[str, ...] = (), phrasing: int | None = None) -> Draft:
    return Draft(key, ((question, answer),), also, phrasing)


def sum_key(a: int, sign: str, b: int) -> str:
    """One key for a sum wherever it occurs, and the same for 3 + 5 and 5 + 3."""
    if sign in "+*" and a > b:
        a, b = b, a
    return f"sum|{a}{sign}{b}"


def is_table(a: int, sign: str, b: int) -> bool:
    """Sums that one knows by heart. They are facts: all are trained, and what is held out is their phrasing."""
    return max(a // b, b) <= 12 if sign == "/" else max(a, b) <= 12
