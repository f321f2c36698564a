import unittest

from tokenizer import ASSISTANT_ID, END_ID, SPECIAL, USER_ID, Tokenizer, train
from train import HERE
from world.stream import Stream


class TokenizerTest(unittest.TestCase):
    def setUp(self):
        self.tokenizer = Tokenizer.load(HERE / "tokenizer.json")

    def test_round_trip_of_any_text(self):
        stream = Stream("round trip")
        texts = [text for _ in range(300) for turn in stream.conversation() for text in turn]
        for text in [*texts, "", " two  spaces ", "tab\tand\nline", "Zürich, 東京 and 🐦", "it's 12_3"]:
            self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)

    def test_digits_stand_alone(self):
        for i in self.tokenizer.encode("12345 + 60 = 7890"):
            token = self.tokenizer.decode([i])
            self.assertFalse(len(token) > 1 and any(c.isdigit() for c in token))

    def test_text_cannot_make_control_tokens(self):
        for special in SPECIAL:
            self.assertFalse({i for i in self.tokenizer.encode(special)} & set(range(len(SPECIAL))))

    def test_a_prompt_ends_where_the_answer_begins(self):
        ids = self.tokenizer.prompt((("a", "b"),), "c")
        self.assertEqual([i for i in ids if i < len(SPECIAL)], [USER_ID, END_ID, ASSISTANT_ID, END_ID, USER_ID, END_ID, ASSISTANT_ID])

    def test_training_is_deterministic(self):
        texts = ["the cat sat on the mat", "the hat is that", "12 12 12"]
        self.assertEqual(train(texts, 270).merges, train(list(texts), 270).merges)


if __name__ == "__main__":
    unittest.main()
