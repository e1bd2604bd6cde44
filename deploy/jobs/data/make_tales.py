#!/usr/bin/env python3
"""Writes tales.txt: little tales from the grammar below, for char-rnn.yaml. Nobody wrote them; same bytes on every run: python3 make_tales.py"""
import random
from pathlib import Path

BYTES = 60_000
HEROES = ["a fox", "an old miller", "a young queen", "the smith", "a grey heron", "the king's cook", "a small bear", "the moon"]
PLACES = ["in the deep forest", "by the river", "under the hill", "at the edge of the sea", "beyond seven mountains", "near the old mill"]
THINGS = ["a silver key", "a loaf of bread", "an empty jug", "a red lantern", "a golden feather", "a book without letters"]
OTHERS = ["a raven", "a beggar", "the wind", "a stone giant", "her sister", "a traveller from the south"]
QUALITIES = ["kind", "proud", "quiet", "clever", "hungry", "brave"]


def cap(text):
    return text[0].upper() + text[1:]


def the(noun):
    return "the " + noun.split(" ", 1)[1] if noun.split(" ", 1)[0] in ("a", "an") else noun


def tale(rng):
    hero, place, thing, other = (rng.choice(words) for words in (HEROES, PLACES, THINGS, OTHERS))
    quality = rng.choice(QUALITIES)
    yield f"Once upon a time {place} there lived {hero} who was very {quality}."
    yield rng.choice([f"One morning {the(hero)} found {thing}.", f"Every evening {the(hero)} looked for {thing}, and found none."])
    if rng.random() < 0.6:
        yield f'"{cap(the(thing))} is not yours," said {other}.'
        yield rng.choice(['"Then whose is it?"', f'"I am {quality}, and I keep it."', '"Take it, and go home."'])
    for _ in range(rng.randint(1, 3)):
        yield rng.choice([
            f"So they walked for {rng.choice(['three', 'seven', 'nine'])} days and {rng.choice(['three', 'seven', 'nine'])} nights.",
            f"{cap(other)} sang, and {the(hero)} listened.",
            f"It rained, and it snowed, and the road was long.",
            f"But {the(hero)} was {rng.choice(QUALITIES)} and did not turn back.",
        ])
    yield rng.choice([f"At last {the(thing)} lay {place}, and there it lies still.",
                      f"And if {the(hero)} has not died, {the(hero)} lives there today."])


def main():
    rng = random.Random(20261121)
    text = ""
    while len(text) < BYTES:
        text += "\n".join(tale(rng)) + "\n\n"
    (Path(__file__).parent / "tales.txt").write_text(text)


main()
