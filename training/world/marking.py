"""Whether an answer is right. Answers have one wording, except where the world knows several."""

import re

from .task import REFUSAL
from .words import RHYME_ROWS

RHYMES_WITH = re.compile(r"(\w+) rhymes with (\w+)\.")


def right(expected: str, said: str) -> bool:
    if said == expected:
        return True
    wanted, given = RHYMES_WITH.fullmatch(expected), RHYMES_WITH.fullmatch(said)
    if wanted and given and wanted[2] == given[2]:
        word, offered = given[2], given[1].lower()
        return offered != word and any(word in row and offered in row for row in RHYME_ROWS)
    return False


def refused(said: str) -> bool:
    return said == REFUSAL
