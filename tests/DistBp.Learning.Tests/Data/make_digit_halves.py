#!/usr/bin/env python3
"""Cuts the embedded digits into the two files of the fine-tuning job. Same bytes on every run: python3 make_digit_halves.py FOLDER"""
import gzip
import sys
from pathlib import Path

DIGITS = Path(__file__).parents[3] / "src" / "DistBp.Learning" / "Data" / "Digits" / "digits.csv.gz"
FIRST = 900
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def write(name, label, rows):
    header = ",".join([f"p{i}" for i in range(64)] + [label])
    (Path(sys.argv[1]) / name).write_bytes(gzip.compress("\n".join([header, *rows, ""]).encode(), 9, mtime=0))


if __name__ == "__main__":
    digits = gzip.decompress(DIGITS.read_bytes()).decode().split()
    write("digits-first.csv.gz", "digit", digits[:FIRST])
    rest = (row.rsplit(",", 1) for row in digits[FIRST:])
    write("digits-words.csv.gz", "word", [f"{pixels},{WORDS[int(digit)]}" for pixels, digit in rest])
