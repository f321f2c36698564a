"""A byte-level BPE tokenizer with single digits, laid out as llama.cpp's "smollm" pre-tokenizer expects it."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

END, USER, ASSISTANT = "<|end|>", "<|user|>", "<|assistant|>"
# The begin token is never used in a chat; it exists because engines want a BOS id, and it also pads batches.
SPECIAL = ("<|begin|>", END, USER, ASSISTANT)
BEGIN_ID, END_ID, USER_ID, ASSISTANT_ID = range(4)

# Digits are split off first, one by one; then GPT-2's pattern runs on what lies between.
DIGIT = re.compile(r"(\d)")
PIECE = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def byte_alphabet() -> dict[int, str]:
    """GPT-2's printable character for every byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


ALPHABET = byte_alphabet()
BYTE_OF = {char: byte for byte, char in ALPHABET.items()}


def pieces(text: str):
    for part in DIGIT.split(text):
        if part:
            yield from ([part] if DIGIT.fullmatch(part) else PIECE.findall(part))


def mapped(piece: str) -> tuple[str, ...]:
    return tuple(ALPHABET[b] for b in piece.encode())


class Tokenizer:
    def __init__(self, merges: list[tuple[str, str]]):
        self.merges = merges
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.tokens = [*SPECIAL, *ALPHABET.values(), *(a + b for a, b in merges)]
        self.id_of = {token: i for i, token in enumerate(self.tokens)}
        self.cache: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in pieces(text):
            if piece not in self.cache:
                self.cache[piece] = [self.id_of[t] for t in self.join(list(mapped(piece)))]
            ids += self.cache[piece]
        return ids

    def join(self, symbols: list[str]) -> list[str]:
        while len(symbols) > 1:
            ranks = [self.rank.get(pair, len(self.rank)) for pair in zip(symbols, symbols[1:])]
            best = min(ranks)
            if best == len(self.rank):
                break
            i = ranks.index(best)
            symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
        return symbols

    def decode(self, ids) -> str:
        return bytes(BYTE_OF[c] for i in ids if i >= len(SPECIAL) for c in self.tokens[i]).decode(errors="replace")

    def prompt(self, turns, question: str) -> list[int]:
        """The token ids of a chat up to where the assistant begins to answer."""
        ids: list[int] = []
        for asked, answered in turns:
            ids += [USER_ID, *self.encode(asked), END_ID, ASSISTANT_ID, *self.encode(answered), END_ID]
        return [*ids, USER_ID, *self.encode(question), END_ID, ASSISTANT_ID]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"merges": [" ".join(pair) for pair in self.merges]}, ensure_ascii=False, indent=0) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        return cls([tuple(line.split(" ")) for line in json.loads(path.read_text())["merges"]])


def train(texts, size: int) -> Tokenizer:
    """The usual greedy merging over piece counts; ties go to the pair that sorts first, so a seed gives one result."""
    counts = Counter(piece for text in texts for piece in pieces(text))
    words = [(list(mapped(piece)), n) for piece, n in counts.items()]
    merges: list[tuple[str, str]] = []
    while len(merges) + len(SPECIAL) + 256 < size:
        pairs: Counter = Counter()
        for symbols, n in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += n
        a, b = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append((a, b))
        for symbols, _ in words:
            i = 0
            while i < len(symbols) - 1:
                if symbols[i] == a and symbols[i + 1] == b:
                    symbols[i : i + 2] = [a + b]
                i += 1
    return Tokenizer(merges)


def main() -> None:
    from world.stream import Stream

    path, size = Path(sys.argv[1]), int(sys.argv[2])
    stream = Stream("tokenizer")
    texts = (text for _ in range(60_000) for turn in stream.conversation() for text in turn)
    train(texts, size).save(path)


if __name__ == "__main__":
    main()
