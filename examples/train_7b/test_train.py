#!/usr/bin/env python3
"""The whole loop on a CPU: starts `baton env`, makes a tiny model, trains a handful of GRPO steps, looks at the result.

    examples/train_7b/test_train.py [BATON] [MODELS]

Skips, and says so, where torch, transformers, trl or datasets are not installed (set BATON_TRAIN_PYTHON to a Python that
has them) or the models are not there. What it shows is that the parts fit, not that a tiny model learns.
"""
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MISSING = [name for name in ("torch", "transformers", "trl", "datasets") if importlib.util.find_spec(name) is None]


def tiny_model(folder):
    """A Llama of two layers over bytes: 0.1 M parameters, a tokenizer made from nothing."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate(["<pad>", "<s>", "</s>", *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(vocab_size=len(vocabulary), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=4, max_position_embeddings=4096, pad_token_id=0, bos_token_id=1, eos_token_id=2)
    LlamaForCausalLM(config).save_pretrained(folder)


def start(baton, models, token):
    env = {**os.environ, "BATON_ENV_TOKEN": token}
    server = subprocess.Popen([baton, "env", "--listen", "127.0.0.1:0", "--models", models, "--workers", "calculator", "sql", "search"],
                              stderr=subprocess.PIPE, text=True, env=env)
    found = re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
    if not found:
        server.kill()
        raise SystemExit("train_7b: `baton env` did not start")
    return server, found.group(0)


def main():
    baton = sys.argv[1] if len(sys.argv) > 1 else str(HERE.parents[1] / "build/baton")
    models = sys.argv[2] if len(sys.argv) > 2 else "models"
    if MISSING:
        print(f"train_7b: skipped, not installed: {', '.join(MISSING)} (pip install -r examples/train_7b/requirements.txt)")
        return
    server, url = start(baton, models, "for-this-test")
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            tiny_model(folder + "/tiny")
            subprocess.run([sys.executable, HERE / "train.py", "--cpu", "--model", folder + "/tiny", "--out", folder + "/out", "--problems",
                            "4", "--steps", "3", "--per-device", "4", "--generations", "4", "--accumulate", "1", "--max-completion", "16",
                            "--learning-rate", "1e-4"], check=True,
                           env={**os.environ, "BATON_ENV_URL": url, "BATON_ENV_TOKEN": "for-this-test"})
            saved = json.loads((pathlib.Path(folder) / "out/config.json").read_text())
            assert saved["hidden_size"] == 64
    finally:
        server.terminate()
        rest = server.stderr.read()
        server.wait()
    batches = int(re.search(r"(\d+) batches", rest).group(1))
    assert batches >= 3, rest
    print(f"train_7b: passed, 3 steps of GRPO through {batches} batches in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
