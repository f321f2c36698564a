"""What the page says about the members: one honest sentence each, and the example questions.

The generalist gets the third example wrong, and the swarm gets it right.
"""

SUMMARIES = {
    "general": "Knows a little of everything in its small world, seven in ten questions right: sums, words, simple logic, facts.",
    "facts": "Knows capitals, currencies, elements, animals, inventors and books well; weak at sequences, sorting and spelling.",
    "numbers": "Good at sums with their working, units and rounding; still weak at sequences, clocks and sorting, and at facts.",
    "words": "Good at spelling, opposites, plurals and syllogisms; still weak at reversing and rhymes, and at facts.",
}

EXAMPLES = [
    "What is the capital of Portugal?",
    "What is 347 + 285?",
    "What is the young of a bear called?",
]
