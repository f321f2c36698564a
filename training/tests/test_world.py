import re
import unittest

from batches import pool
from questions import held_out
from tokenizer import Tokenizer
from train import HERE
from world.arithmetic import worked
from world.stream import MIXES, Stream
from world.task import REFUSAL, TASKS, split_of


class World(unittest.TestCase):
    def test_one_seed_gives_one_stream_of_data(self):
        first, second = Stream("seed"), Stream("seed")
        self.assertEqual([first.conversation(3) for _ in range(500)], [second.conversation(3) for _ in range(500)])
        self.assertNotEqual(Stream("seed").conversation(3), Stream("another").conversation(3))

    def test_one_seed_gives_one_pool_of_batches(self):
        tokenizer = Tokenizer.load(HERE / "tokenizer.json")
        first = next(pool(tokenizer, "seed", 3, "facts", 1024))
        second = next(pool(tokenizer, "seed", 3, "facts", 1024))
        for a, b in zip(first, second):
            self.assertTrue((a == b).all())

    def test_training_never_shows_a_held_out_key_nor_what_gives_it_away(self):
        for mix in MIXES:
            stream = Stream("separation", mix)
            for _ in range(5000):
                name = stream.rng.choice(stream.names)
                draft = TASKS[name].draw(stream.rng)
                example = stream.example()
                if example.field != "talk":
                    self.assertEqual(split_of(example.task, example.key, example.phrasing), "train", example)
                self.assertTrue(draft.turns and all(q and a for q, a in draft.turns))

    def test_a_sum_beyond_the_tables_is_held_out_whatever_the_task_and_the_order(self):
        trained = Stream("sums")
        for _ in range(20000):
            example = trained.example()
            for _, answer in example.turns:
                for a, sign, b in re.findall(r"(\d+) ([+*]) (\d+):", answer):
                    low, high = sorted((int(a), int(b)))
                    self.assertEqual(split_of(example.task, f"sum|{low}{sign}{high}"), "train", example)

    def test_written_arithmetic(self):
        self.assertEqual(worked(347, "+", 285), "347 + 285: 7 + 5 = 12, 4 + 8 + 1 = 13, 3 + 2 + 1 = 6, so 632")
        self.assertEqual(worked(900, "-", 37), "900 - 37: 10 - 7 = 3, 9 - 3 = 6, 8 - 0 = 8, so 863")
        self.assertEqual(worked(64, "*", 7), "64 * 7: 4 * 7 = 28, 6 * 7 + 2 = 44, so 448")
        self.assertEqual(worked(7, "*", 8), "7 * 8 = 56")

    def test_every_fact_and_task_has_four_phrasings_or_more(self):
        for name in TASKS:
            stream = Stream(f"phrasings/{name}")
            openings = {" ".join(TASKS[name].draw(stream.rng).turns[0][0].split()[:5]) for _ in range(400)}
            self.assertGreaterEqual(len(openings), 4, name)

    def test_refusals_have_one_wording_and_answers_inside_the_world_never_use_it(self):
        for question in held_out("test", 10, "refusals"):
            self.assertEqual(question.expected == REFUSAL, question.field == "refusal", question)

    def test_there_are_twenty_tasks_and_hundreds_of_facts(self):
        self.assertGreaterEqual(len(TASKS), 20)
        stream = Stream("facts", "facts")
        examples = [stream.example() for _ in range(20000)]
        subjects = {(e.task, e.key.split("#")[0]) for e in examples if e.field == "facts"}
        self.assertGreater(len(subjects), 300)


if __name__ == "__main__":
    unittest.main()
