"""Python packages, measured as ../turn.go says.

peer.py hojichar TEXTS            HojiChar's filters of unwanted words, with its own lists
peer.py hojichar-list TEXTS LIST  its filter with a list of ours
peer.py fasttext TEXTS TRAINING   fastText, trained on n-grams of characters
"""

import importlib.metadata
import itertools
import json
import os
import sys
import tempfile
import time

LEAST = 0.3  # seconds of the processor
SOME = 50  # texts between two looks at the clock


def read(name):
    with open(name, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def hojichar(texts):
    import hojichar as h
    from hojichar.filters import document_filters as f

    filters = [f.DiscardAdultContentJa(), f.DiscardDiscriminationContentJa(), f.DiscardViolenceContentJa(), f.DiscardAds()]
    begin = time.process_time()
    clean = h.Compose(filters)
    return clean, importlib.metadata.version("hojichar"), 0, time.process_time() - begin


def hojichar_list(texts, words):
    import hojichar as h
    from hojichar.filters import document_filters as f

    patterns = read(words)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt", delete=False) as out:
        out.write("\n".join(patterns))
    begin = time.process_time()
    clean = h.Compose([f.NgWordsFilterJa(out.name)])
    built = time.process_time() - begin
    os.unlink(out.name)
    return clean, importlib.metadata.version("hojichar"), len(patterns), built


def fasttext(texts, training):
    import fasttext as ft

    begin = time.process_time()
    model = ft.train_supervised(training, dim=50, epoch=3, wordNgrams=4, bucket=200_000, thread=1, verbose=0)
    built = time.process_time() - begin

    def judge(text):
        return model.predict(" ".join("".join(text.split())))[0][0] == "__label__none"

    return judge, next(importlib.metadata.version(p) for p in ("fasttext-wheel",)), 0, built


def main():
    what, texts, *rest = sys.argv[1:]
    texts = read(texts)
    make = {"hojichar": hojichar, "hojichar-list": hojichar_list, "fasttext": fasttext}[what]
    judge, version, patterns, built = make(texts, *rest)
    print("ready", version, f"{built:.2f}", "-", sep="\t", flush=True)
    turn = itertools.cycle(texts)
    for _ in sys.stdin:
        count, size, fair = 0, 0, 0
        begin = time.process_time()
        while (seconds := time.process_time() - begin) < LEAST:
            for text in itertools.islice(turn, SOME):
                fair += bool(judge(text))
                size += len(text.encode())
            count += SOME
        print(what, patterns, f"{size / 1e6 / seconds:.3f}", f"{count / seconds:.1f}", count - fair, sep="\t", flush=True)


if __name__ == "__main__":
    main()
