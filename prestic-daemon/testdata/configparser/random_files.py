"""Prints random INI texts, one JSON object a line, with what Python's configparser says. Arguments: SEED COUNT."""

import json
import random
import sys

from answers import NAMES_OF_ERRORS_ARE_KNOWN, answer, universal

NAMES = ["a", "b", "DEFAULT", " a ", "a[1]", "Default", "ünï"]
KEYS = ["k", "K", "key two", "env.X", "env.x", "n", "flag.a", "", "[k"]
VALUES = ["v", "", "one two", "# c", "a ; b", "%(k)s", "%(N)s x", "100%%", "5%", "%(", '"q', "C:\\d\\", "x=y", "z:w", "[b]"]
BLANKS = [""] * 9 + [" ", "  ", "    ", "\t", "\u00a0", "\x1c"]
ENDS = ["\n"] * 12 + ["\r\n", "\r", "\n\n", "\n \n"]


def line(rng):
    # Most names are new, so that more than a few files have no duplicates.
    number = "" if rng.random() < 0.15 else str(rng.randrange(10**6))
    kind = rng.random()
    if kind < 0.18:
        return f"[{rng.choice(NAMES)}{number}]" + rng.choice(["", "", "", " ; c", " x]"])
    if kind < 0.62:
        separator = rng.choice(["=", " = ", ": ", ":", "\u00a0=\t"])
        return rng.choice(KEYS) + number + separator + rng.choice(VALUES) + rng.choice(BLANKS)
    if kind < 0.72:
        return rng.choice(["# c", "; c", "#", ";x = 1"])
    if kind < 0.735:
        return rng.choice(["word", "[a", "[]", "two words", "]"])
    if kind < 0.85:
        return ""
    return rng.choice(VALUES)


def text(rng):
    lines = [rng.choice(BLANKS) + line(rng) + rng.choice(ENDS) for _ in range(rng.randrange(1, 14))]
    begin = "" if rng.random() < 0.15 else f"[{rng.choice(NAMES)}]\n"
    whole = begin + "".join(lines)
    return whole.rstrip("\r\n") if rng.random() < 0.2 else whole


def main(seed, count):
    rng = random.Random(seed)
    print(json.dumps({"names_of_errors_are_known": NAMES_OF_ERRORS_ARE_KNOWN}))
    for _ in range(count):
        sample = text(rng)
        print(json.dumps({"text": sample, "answer": answer(universal(sample))}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
