"""What the page says about the members: one honest sentence each, and the example questions.

The generalist gets the third example wrong, and the swarm gets it right.
"""

SUMMARIES = {
    "general": "Knows a little of everything in its small world, and nineteen in twenty of its questions: sums, words, simple logic, facts.",
    "facts": "Best at capitals, currencies, elements, animals, inventors and books; now and then wrong at sorting and products.",
    "numbers": "Best at sums with their working, clocks, sequences, units and sorting; less sure of words and rare facts.",
    "words": "Best at spelling, opposites, rhymes, categories and simple logic; weaker at sums, sorting and number words.",
}

EXAMPLES = [
    "What is the capital of Portugal?",
    "What is 347 + 285?",
    "Which is the largest: 57, 75, 8, 70?",
]
