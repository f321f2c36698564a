"""Held-out question sets: the same seed gives the same questions, evenly over tasks."""

from dataclasses import dataclass

from world.stream import Stream
from world.task import TASKS, Example, draw_example


@dataclass(frozen=True)
class Question:
    task: str
    field: str
    earlier: tuple[tuple[str, str], ...]
    text: str
    expected: str


def question_of(example: Example) -> Question:
    *earlier, (text, expected) = example.turns
    return Question(example.task, example.field, tuple(earlier), text, expected)


def held_out(split: str, per_task: int, seed: str, talk: bool = False) -> list[Question]:
    """Up to `per_task` different questions of every task; tasks with few held-out phrasings give fewer."""
    chosen: list[Question] = []
    for name, task in TASKS.items():
        if task.field == "talk" and not talk:
            continue
        stream = Stream(f"{seed}/{name}", split=split)
        seen: dict[tuple, Question] = {}
        for _ in range(per_task * 20):
            example = draw_example(stream.rng, name, split)
            question = question_of(stream.roughened(example))
            seen.setdefault((example.key, len(question.earlier)), question)
            if len(seen) == per_task:
                break
        chosen += seen.values()
    return chosen
