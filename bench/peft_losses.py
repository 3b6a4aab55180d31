#!/usr/bin/env python3
"""The trainer beside transformers and PEFT: the same model, batch, adapters and steps.

    build/release/src/baton-train bench --precision f32 --losses FILE --rounds 3
    bench/peft_losses.py FILE [MODEL.gguf] [THREADS]

FILE holds the batch, the name of the adapter that both start from, and the losses of ten steps. Printed are the losses
side by side with their largest difference, and tokens per second, forward and backward. Needs torch, transformers, peft
and gguf (tools/pins/python-train.in).
"""
import json
import sys
import time

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

PARTS = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def field(reader, key):
    return reader.fields[key].parts[reader.fields[key].data[0]][0]


def unpermuted(rows, heads):
    """GGUF stores Llama's q and k so that neighbours rotate; transformers rotates halves."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def load(path):
    reader = GGUFReader(path)
    arrays = {t.name: dequantize(t.data, t.tensor_type).reshape(tuple(reversed(t.shape.tolist()))) for t in reader.tensors}
    key = lambda name: int(field(reader, "llama." + name))
    heads, kv = key("attention.head_count"), key("attention.head_count_kv")
    config = LlamaConfig(vocab_size=arrays["token_embd.weight"].shape[0], hidden_size=key("embedding_length"),
                         intermediate_size=key("feed_forward_length"), num_hidden_layers=key("block_count"), num_attention_heads=heads,
                         num_key_value_heads=kv, rms_norm_eps=float(field(reader, "llama.attention.layer_norm_rms_epsilon")),
                         rope_theta=float(field(reader, "llama.rope.freq_base")), tie_word_embeddings=True, attention_bias=False)
    state = {"model.embed_tokens.weight": arrays["token_embd.weight"], "lm_head.weight": arrays["token_embd.weight"],
             "model.norm.weight": arrays["output_norm.weight"]}
    for i in range(config.num_hidden_layers):
        at, to = f"blk.{i}.", f"model.layers.{i}."
        state[to + "input_layernorm.weight"] = arrays[at + "attn_norm.weight"]
        state[to + "post_attention_layernorm.weight"] = arrays[at + "ffn_norm.weight"]
        for name, theirs in PARTS.items():
            w = arrays[at + name + ".weight"]
            if name in ("attn_q", "attn_k"):
                w = unpermuted(w, heads if name == "attn_q" else kv)
            state[to + theirs + ".weight"] = w
    model = LlamaForCausalLM(config)
    model.load_state_dict({k: torch.tensor(np.ascontiguousarray(v, dtype=np.float32)) for k, v in state.items()}, strict=False)
    return model


def lay_over(model, path):
    """B is zero at the start, so only A has to be taken over."""
    reader = GGUFReader(path)
    arrays = {t.name: np.array(t.data).reshape(tuple(reversed(t.shape.tolist()))) for t in reader.tensors}
    rank = arrays["blk.0.attn_q.weight.lora_a"].shape[0]
    alpha = float(field(reader, "adapter.lora.alpha"))
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, bias="none",
                                             target_modules=[p.split(".")[1] for p in PARTS.values()]))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_A" in name:
                layer = name.split("layers.")[1].split(".")[0]
                part = next(ours for ours, theirs in PARTS.items() if theirs in name)
                weight.copy_(torch.tensor(arrays[f"blk.{layer}.{part}.weight.lora_a"]))
    return model


def main():
    given = json.load(open(sys.argv[1]))
    model = lay_over(load(sys.argv[2] if len(sys.argv) > 2 else "models/smollm2-135m-instruct.gguf"), given["adapter"])
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    tokens = torch.tensor([s["prompt"] + s["continuation"] for s in given["sequences"]])
    labels = tokens.clone()
    for row, s in zip(labels, given["sequences"]):
        row[: len(s["prompt"])] = -100
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.0)
    worst, seconds = 0.0, []
    for step, ours in enumerate(given["losses"]):
        began, used = time.perf_counter(), time.process_time()
        loss = model(input_ids=tokens, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimiser.step()
        optimiser.zero_grad()
        seconds.append((time.perf_counter() - began, time.process_time() - used))
        worst = max(worst, abs(loss.item() - ours))
        print(f"step {step}: here {ours:.6f}, transformers and PEFT {loss.item():.6f}, apart {abs(loss.item() - ours):.6f}")
    wall, cpu = (sorted(column)[len(column) // 2] for column in zip(*seconds))
    print(f"losses at most {worst:.6f} apart; transformers and PEFT (torch {torch.__version__}, 32-bit): {tokens.numel() / wall:.0f} "
          f"tokens/s, {tokens.numel() / cpu:.0f} tokens per second of CPU")


if __name__ == "__main__":
    main()
