"""Writes metrics.json: metrics by their definitions, counted one sample and one pair at a time. Run: python3 make_metrics.py"""
import json
import math
import random

random.seed(20)
CLASSES, SAMPLES = 7, 90


def classes():
    # Quarters, so that ties are frequent; class 6 never occurs, and class 5 is never taken for.
    outputs = [[random.randrange(-8, 9) / 4 for _ in range(CLASSES)] for _ in range(SAMPLES)]
    for row in outputs:
        row[5] = -9.0
    labels = [random.randrange(6) for _ in range(SAMPLES)]
    ranked = [sorted(range(CLASSES), key=lambda c: (-row[c], c)) for row in outputs]
    taken = [order[0] for order in ranked]
    per_class, macro = [], []
    for c in range(CLASSES):
        right = sum(t == c and l == c for t, l in zip(taken, labels))
        predicted, actual = taken.count(c), labels.count(c)
        precision = right / predicted if predicted else None
        recall = right / actual if actual else None
        both = (precision or 0) + (recall or 0)
        f1 = None if predicted + actual == 0 else 2 * (precision or 0) * (recall or 0) / both if both else 0.0
        per_class.append([precision, recall, f1])
        if predicted + actual:
            macro.append([precision or 0, recall or 0, f1 or 0])
    return {
        "outputs": outputs, "labels": labels, "perClass": per_class,
        "macro": [sum(column) / len(macro) for column in zip(*macro)],
        "accuracy": sum(t == l for t, l in zip(taken, labels)) / SAMPLES,
        "top": {k: sum(l in order[:k] for l, order in zip(labels, ranked)) / SAMPLES for k in (1, 2, 3, 5, 6)},
    }


def roc():
    scores = [random.randrange(-20, 21) / 8 for _ in range(SAMPLES)]
    labels = [int(random.random() < 0.3 + s / 10) for s in scores]
    pairs = [(s, t) for s, l in zip(scores, labels) if l for t, k in zip(scores, labels) if not k]
    return {"scores": scores, "labels": labels, "area": sum(1 if s > t else 0.5 if s == t else 0 for s, t in pairs) / len(pairs)}


def values():
    targets = [random.randrange(-40, 41) / 4 for _ in range(SAMPLES)]
    outputs = [t + random.randrange(-12, 13) / 8 for t in targets]
    errors = [o - t for o, t in zip(outputs, targets)]
    mean = sum(targets) / SAMPLES
    return {
        "outputs": outputs, "targets": targets, "mae": sum(map(abs, errors)) / SAMPLES,
        "rmse": math.sqrt(sum(e * e for e in errors) / SAMPLES),
        "r2": 1 - sum(e * e for e in errors) / sum((t - mean) ** 2 for t in targets),
    }


with open("metrics.json", "w") as file:
    json.dump({"classes": classes(), "roc": roc(), "values": values()}, file)
    file.write("\n")
