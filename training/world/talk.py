"""Small talk, what the project is, and questions outside the world, which get a refusal."""

from .facts.project import ABOUT, SMALL_TALK
from .facts.outside import FILLERS, OUTSIDE
from .task import REFUSAL, one, phrase, task


@task("talk", 1.5)
def small_talk(rng):
    questions, answer = rng.choice(SMALL_TALK)
    return one(answer, rng.choice(questions), answer)


ABOUT_FORMS = ("What is {t}?", "What's {t}?", "Explain {t}.", "What does {t} mean?", "Tell me what {t} is.", "Can you explain {t}?")


@task("about", 1.5)
def project(rng):
    terms, answer = rng.choice(ABOUT)
    term = rng.choice(terms)
    if term.endswith("?") or term.endswith("."):
        return one(f"{term}", term, answer)
    k, question = phrase(rng, ABOUT_FORMS, t=term)
    return one(f"{term}#{k}", question, answer)


@task("refusal", 3)
def outside(rng):
    template = rng.choice(OUTSIDE)
    question = template.format(**{name: rng.choice(values) for name, values in FILLERS.items()})
    return one(template, question, REFUSAL)


@task("refusal", 0.4)
def noise(rng):
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choice(letters) for _ in range(rng.randint(2, 9))) for _ in range(rng.randint(1, 5))]
    return one(" ".join(words), " ".join(words) + rng.choice(("", "", "?", ".", "!")), REFUSAL)
