#!/usr/bin/env python3
"""Makes minilm.json: reference embeddings of all-MiniLM-L6-v2 that share no code with the engine under test.

The network is written out in NumPy (float64), the tokens come from the `tokenizers` package.

    python3 -m venv /some/venv && /some/venv/bin/pip install numpy tokenizers safetensors
    /some/venv/bin/python make_minilm.py FOLDER-WITH-model.safetensors-AND-tokenizer.json > minilm.json
"""
import json
import math
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HEADS, LAYERS, EPS = 12, 6, 1e-12
KEPT_DIGITS = 5

TEXTS = [
    "hello world", "The cat sat on the mat.", "A feline was resting on a rug.", "Stock prices fell sharply today.",
    "What is the capital of France?", "Paris is the capital of France.", "def add(a, b):\n    return a + b",
    "SELECT name FROM users WHERE age > 30;", "I love this movie!", "I hate this movie.", "2 + 2 = 4",
    "The quick brown fox jumps over the lazy dog", "Où se trouve la bibliothèque ?", "café naïve façade résumé",
    "Der schnelle braune Fuchs", "El zorro marrón rápido", "東京は日本の首都です。", "北京是中国的首都", "Привет, мир!",
    "مرحبا بالعالم", "👍🎉 party time 🎉", "e-mail: someone@example.org, phone +49 30 123456",
    "https://example.org/path?query=1&other=two", "ALL CAPITALS SHOULD NOT MATTER", "all capitals should not matter",
    "   spaces    between     words   ", "tabs\tand\nnewlines\r\n", "antidisestablishmentarianism",
    "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis", "a", "I", ".", "?!?!",
    "$100 is about 92 €", "x² + y² = z²", "Temperature: -12.5 °C", "[CLS] is written here as plain text",
    "##ing", "don't can't won't", "state-of-the-art", "U.S.A.", "1,234,567.89", "C++ and C# and F#",
    "The patient was given 5 mg of the drug twice a day.", "How do I reset my password?",
    "I forgot my password and cannot log in.", "Summarise the following article in three sentences.",
    "Write a poem about the sea.", "Translate 'good morning' into Japanese.",
    "zero\u200bwidth and non\u00a0breaking", "The long one: " + "every word counts and so does the next. " * 16,
]


def layer_norm(x, w, b):
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + EPS) * w + b


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def embed(ids, w):
    n = len(ids)
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:n]
    x = x + w["embeddings.token_type_embeddings.weight"][0]
    x = layer_norm(x, w["embeddings.LayerNorm.weight"], w["embeddings.LayerNorm.bias"])
    for i in range(LAYERS):
        p = f"encoder.layer.{i}."
        linear = lambda name, v: v @ w[p + name + ".weight"].T + w[p + name + ".bias"]
        split = lambda v: v.reshape(n, HEADS, -1).transpose(1, 0, 2)
        q, k, v = (split(linear("attention.self." + s, x)) for s in ("query", "key", "value"))
        a = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])) @ v
        a = linear("attention.output.dense", a.transpose(1, 0, 2).reshape(n, -1))
        x = layer_norm(x + a, w[p + "attention.output.LayerNorm.weight"], w[p + "attention.output.LayerNorm.bias"])
        h = linear("output.dense", gelu(linear("intermediate.dense", x)))
        x = layer_norm(x + h, w[p + "output.LayerNorm.weight"], w[p + "output.LayerNorm.bias"])
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def main():
    folder = sys.argv[1]
    w = {k: v.astype(np.float64) for k, v in load_file(folder + "/model.safetensors").items()}
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    rows = []
    for text in TEXTS:
        # Text that looks like a special token is text, as it is to the engine.
        ids = tokenizer.encode(text.replace("[CLS]", "[ CLS ]") if "[CLS]" in text else text).ids
        rows.append({"text": text, "tokens": len(ids), "vector": [round(float(x), KEPT_DIGITS) for x in embed(ids, w)]})
    print("[\n" + ",\n".join(json.dumps(r, ensure_ascii=True, separators=(",", ":")) for r in rows) + "\n]")


if __name__ == "__main__":
    main()
