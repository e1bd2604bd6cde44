#!/usr/bin/env python3
"""Writes the synthetic CSV files of deploy/jobs/data. Same bytes on every run: python3 make_sample_data.py FOLDER"""
import random
import sys
from pathlib import Path


def flowers(rng):
    """Iris-like: three species, four measures that overlap a little, a few missing values, one header field with a comma."""
    yield 'sepal length,sepal width,"petal length, cm",petal width,species'
    means = {
        "setosa": ((5.0, 3.4, 1.5, 0.25), (0.35, 0.36, 0.17, 0.10)),
        "versicolor": ((5.9, 2.8, 4.2, 1.3), (0.48, 0.30, 0.42, 0.18)),
        "virginica": ((6.6, 3.0, 5.7, 2.05), (0.58, 0.31, 0.48, 0.24)),
    }
    rows = []
    for species, (mean, deviation) in means.items():
        for _ in range(50):
            size = rng.gauss(0, 1)  # a large flower is large everywhere
            values = [max(0.1, m + d * (0.6 * size + 0.8 * rng.gauss(0, 1))) for m, d in zip(mean, deviation)]
            rows.append([f"{v:.1f}" for v in values] + [species])
    rng.shuffle(rows)
    for row, column, word in ((11, 1, ""), (38, 3, "NA"), (77, 0, "?"), (102, 1, ""), (140, 2, "NaN")):
        rows[row][column] = word
    yield from (",".join(row) for row in rows)


def customers(rng):
    """Binary: does a customer leave? Numbers and two columns of words."""
    yield "months,monthly charge,support calls,plan,payment,left"
    for _ in range(300):
        months = rng.randint(1, 72)
        plan = rng.choice(["basic", "basic", "plus", "business"])
        payment = rng.choice(["card", "invoice", "bank transfer"])
        charge = {"basic": 25, "plus": 45, "business": 80}[plan] + rng.gauss(0, 8)
        calls = min(9, int(rng.expovariate(0.45)))
        score = 2.2 - 0.13 * months + 1.15 * calls + 0.03 * (charge - 40)
        score += {"basic": 1.2, "plus": 0.0, "business": -1.6}[plan] + {"card": 0.0, "invoice": 1.1, "bank transfer": -0.7}[payment]
        left = "yes" if score + rng.gauss(0, 0.7) > 0.6 else "no"
        yield f"{months},{charge:.2f},{calls},{plan},{payment},{left}"


def houses(rng):
    """Regression: the price in units of 100,000; it depends on products of features, so a straight line does not suffice."""
    yield "area,rooms,age,distance,district,garden,price"
    for _ in range(400):
        area = rng.uniform(45, 220)
        rooms = max(1, round(area / 28 + rng.gauss(0, 0.8)))
        age = rng.uniform(0, 90)
        distance = rng.uniform(0.5, 25)
        district = rng.choice(["harbour", "hill", "mill", "old town"])
        garden = rng.choice([0, 0, 1])
        square = {"harbour": 3.1, "hill": 3.8, "mill": 2.3, "old town": 4.4}[district]
        price = area * square * (1 - 0.004 * age) + 9 * rooms - 5.5 * distance + 35 * garden + rng.gauss(0, 22)
        fields = [f"{area:.0f}", str(rooms), f"{age:.0f}", f"{distance:.1f}", district, str(garden), f"{max(30, price) / 100:.3f}"]
        if rng.random() < 0.03:
            fields[rng.choice([1, 2, 3])] = ""
        yield ",".join(fields)


def main():
    folder = Path(sys.argv[1])
    for name, seed, rows in (("flowers", 1, flowers), ("customers", 2, customers), ("houses", 3, houses)):
        (folder / f"{name}.csv").write_text("\n".join(rows(random.Random(seed))) + "\n", encoding="utf-8")


main()
