"""Endless conversations from one seed: tasks by weight, rough edges on questions, several tasks in one chat."""

import random
from dataclasses import replace

from . import arithmetic, knowledge, logic, measures, talk, words  # noqa: F401  (importing registers the tasks)
from .task import TASKS, Example, draw_example

# How much of a member's training each field gets. Specialists differ in what they know, not in how they were trained.
MIXES = {
    # Procedures need far more examples than facts, so the common base sees more of them.
    "base": {"numbers": 1.4, "words": 1.3, "facts": 0.9, "refusal": 0.9, "about": 0.8, "talk": 0.5},
    "general": {"numbers": 1.2, "words": 1.2, "facts": 0.9, "refusal": 1.0, "about": 0.8, "talk": 0.5},
    "facts": {"numbers": 0.3, "words": 0.3, "facts": 2.4, "refusal": 0.9, "about": 0.9, "talk": 0.4},
    "numbers": {"numbers": 2.2, "words": 0.2, "facts": 0.25, "refusal": 0.5, "about": 0.5, "talk": 0.4},
    "words": {"numbers": 0.4, "words": 2.4, "facts": 0.4, "refusal": 0.6, "about": 0.5, "talk": 0.4},
}


def roughen(rng: random.Random, question: str) -> str:
    """People type without capitals and question marks, and say please."""
    dice = rng.random()
    if dice < 0.10 and question[-1] in "?.":
        question = question[:-1]
    elif dice < 0.14:
        question = question.lower()
    elif dice < 0.17:
        question = question.lower().rstrip("?.")
    elif dice < 0.20:
        question = question[0].lower() + question[1:] if not question[:2].isupper() else question
        question = rng.choice(("Please tell me: ", "Hey, ", "Question: ", "I have a question: ")) + question
    return question


class Stream:
    def __init__(self, seed: str, mix: str = "general", split: str = "train"):
        self.rng = random.Random(seed)
        self.split = split
        chosen = [t for t in TASKS.values() if MIXES[mix].get(t.field)]
        self.names = [t.name for t in chosen]
        self.weights = [t.weight * MIXES[mix][t.field] for t in chosen]

    def example(self) -> Example:
        name = self.rng.choices(self.names, self.weights)[0]
        return self.roughened(draw_example(self.rng, name, self.split))

    def roughened(self, example: Example) -> Example:
        if example.field == "talk":
            return example
        turns = tuple((roughen(self.rng, q), a) for q, a in example.turns)
        return replace(example, turns=turns)

    def conversation(self, longest: int = 1) -> tuple[tuple[str, str], ...]:
        """One example, or now and then several in a row, so that earlier turns do not confuse the model."""
        turns = self.example().turns
        if self.rng.random() < 0.12:
            for _ in range(self.rng.randint(1, longest)):
                turns += self.example().turns
        return turns
