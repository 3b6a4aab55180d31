#!/usr/bin/env python3
"""Trains a conductor with TRL's GRPO trainer through `baton env`. See README.md."""
import argparse

import baton_env
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", default="Qwen/Qwen2.5-7B-Instruct", help="name or folder")
    p.add_argument("--out", default="conductor-7b")
    p.add_argument("--problems", type=int, default=960)
    p.add_argument("--steps", type=int, default=200)
    p.add_argument("--per-device", type=int, default=8, help="completions per device and step")
    p.add_argument("--generations", type=int, default=64, help="completions per problem")
    p.add_argument("--max-completion", type=int, default=1024)
    p.add_argument("--learning-rate", type=float, default=1e-6)
    p.add_argument("--accumulate", type=int, default=8)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cpu", action="store_true")
    a = p.parse_args()
    config = GRPOConfig(
        output_dir=a.out, seed=a.seed, max_steps=a.steps, per_device_train_batch_size=a.per_device,
        gradient_accumulation_steps=a.accumulate, num_generations=a.generations, max_completion_length=a.max_completion,
        learning_rate=a.learning_rate, lr_scheduler_type="cosine", warmup_ratio=0.03, temperature=1.0, beta=0.0, epsilon=0.2,
        logging_steps=1, save_strategy="no" if a.cpu else "steps", report_to=[], use_cpu=a.cpu, bf16=not a.cpu)
    data = Dataset.from_list(baton_env.prompts(a.problems, seed=a.seed))
    trainer = GRPOTrainer(model=a.model, reward_funcs=baton_env.reward, args=config, train_dataset=data)
    trainer.train()
    trainer.save_model(a.out)


if __name__ == "__main__":
    main()
