"""Prints random values, one JSON object a line, with the words that shlex.split finds. Arguments: SEED COUNT."""

import json
import random
import shlex
import sys

PIECES = [" ", " ", "\t", "\n", "\r", "\\", "\\", '"', '"', "'", "'", "#", "$", "`", "a", "b", "--x=", "\u00a0", "ü", "*", "%", ";"]


def words(text):
    try:
        return shlex.split(text)
    except ValueError:
        return None


def main(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(0, 14)))
        print(json.dumps({"text": text, "words": words(text)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
