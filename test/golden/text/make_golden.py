#!/usr/bin/env python3
"""Makes minilm_1000.jsonl and characters.txt: reference vectors and token ids of all-MiniLM-L6-v2, from its original
safetensors, that share no code with Baton: the network is ../lm/make_minilm.py's (NumPy, float64), the tokens come from
the `tokenizers` package.

    python3 -m venv /some/venv && /some/venv/bin/pip install numpy tokenizers safetensors
    /some/venv/bin/python make_golden.py FOLDER-WITH-model.safetensors-AND-tokenizer.json

minilm_1000.jsonl: {"text", "tokens", "ids", "scale", "vector"}: the number of tokens with [CLS] and [SEP], the FNV-1a hash
of the ids between them, and the vector as base64 of signed bytes times `scale` (which costs less than 1e-4 in cosine).
characters.txt: per 256 code points one hash of the ids of "a" + character + "b".
"""
import base64
import json
import pathlib
import random
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lm"))
import make_minilm  # noqa: E402

WHO = ["The committee", "A retired engineer", "My neighbour", "Our support team", "The patient", "Nobody", "Each student",
       "The court of appeal", "A flock of starlings", "The compiler"]
DOES = ["rejected", "has carefully measured", "could not explain", "will translate", "summarised", "bought", "deleted",
        "is looking for", "recommends", "invented"]
WHAT = ["the second draft", "17.5 litres of water", "an unusual proof", "the quarterly report", "three lost parcels",
        "a treaty from 1648", "antibodies against the virus", "every comma", "a recursive function", "the old bridge"]
WHEN = ["before breakfast", "in 2021", "on the 3rd of May", "without a reason", "because it rained", "at 100 °C",
        "for $4,000", "twice", "despite the warning", "in alphabetical order"]
ASK = ["What is {}?", "How do I return {}?", "Explain {} to a child.", "Write a limerick about {}.", "Translate '{}' into "
       "Dutch.", "Is {} legal?", "List five facts about {}:", "Compare {} with the alternative", "please fix {} asap!!"]
OTHER = ["Wie spät ist es?", "¿Cuánto cuesta el billete de tren?", "Où est passée l'élève naïve ?", "Привет, как дела?",
         "今日はいい天気ですね。", "請問洗手間在哪裡？", "오늘 날씨가 좋네요", "مرحبا بالعالم", "שלום עולם", "Γειά σου Κόσμε",
         "नमस्ते दुनिया", "สวัสดีชาวโลก", "Zażółć gęślą jaźń", "İstanbul'da IĞDIR", "Đây là tiếng Việt", "ﬁne ﬂower ½ ⅷ ㎏",
         "Ω ≠ ∑ → ∞ ‰ № ™", "👩‍💻 👍🏽 🎉", "e\u0301cole a\u0308 o\u0302", "\u202ereversed\u202c \ufeffbom \u200d joiner"]
CODE = ["for (int i = 0; i < n; ++i) sum += a[i];", "def f(x):\n    return x ** 2 + 1", "SELECT * FROM t WHERE id = 7;",
        "<div class=\"row\">&nbsp;</div>", "git commit -m 'fix: off-by-one'", "\\frac{a+b}{2} \\le \\sqrt{ab}",
        "{\"key\": [1, 2.5e-3, null]}", "https://example.org/a/b?c=1#d", "x = y if z else None  # TODO", "0x7fff_ffff ^ ~0"]


def sentence(r):
    return f"{r.choice(WHO)} {r.choice(DOES)} {r.choice(WHAT)} {r.choice(WHEN)}."


def any_character(r):
    while True:
        code = r.choice([r.randrange(0x20, 0x250), r.randrange(0x300, 0x3000), r.randrange(0x3000, 0xFFFF),
                         r.randrange(0x10000, 0x1FFFF)])
        # A zero is no text; a letter outside the tables of both sides proves nothing.
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def make_text(r, i):
    kind = i % 8
    if kind == 0:
        return sentence(r)
    if kind == 1:
        return r.choice(ASK).format(r.choice(WHAT + WHEN))
    if kind == 2:
        return " ".join(sentence(r) for _ in range(r.randrange(2, 4)))
    if kind == 3:
        return r.choice(OTHER) + r.choice([" ", "\n", " - ", ""]) + r.choice(OTHER + CODE)
    if kind == 4:
        return r.choice(CODE) + "\n" + r.choice(CODE)
    if kind == 5:
        return "".join(any_character(r) for _ in range(r.randrange(1, 40)))
    if kind == 6:
        words = [sentence(r).split() for _ in range(3)]
        flat = [w for s in words for w in s]
        return "".join(r.choice([str.upper, str.title, str.lower])(w) + r.choice([" ", "  ", "\t", "\n", ", ", "..."])
                       for w in r.sample(flat, min(len(flat), r.randrange(1, 20))))
    return " ".join(sentence(r) for _ in range(r.randrange(9, 16) if i % 64 == 7 else 1))


def fnv(ids):
    h = 0xCBF29CE484222325
    for i in ids:
        h = (h ^ i) * 0x100000001B3 % (1 << 64)
    return f"{h:016x}"


def main():
    folder = sys.argv[1]
    weights = {k: v.astype(np.float64) for k, v in load_file(folder + "/model.safetensors").items()}
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    with open(HERE / "characters.txt", "w") as out:
        for block in range(0, 0x110000, 256):
            ids = []
            for code in range(block, block + 256):
                if not 0xD800 <= code < 0xE000:
                    ids += tokenizer.encode("a" + chr(code) + "b", add_special_tokens=False).ids
            out.write(fnv(ids) + "\n")
    r = random.Random(1)
    with open(HERE / "minilm_1000.jsonl", "w") as out:
        for i in range(1000):
            text = make_text(r, i)
            ids = tokenizer.encode(text).ids
            vector = make_minilm.embed(ids, weights)
            scale = float(np.abs(vector).max()) / 127
            signed = np.round(vector / scale).astype(np.int8).tobytes()
            out.write(json.dumps({"text": text, "tokens": len(ids), "ids": fnv(ids[1:-1]), "scale": round(scale, 9),
                                  "vector": base64.b64encode(signed).decode()}, separators=(",", ":")) + "\n")


main()
