// The commands of baton-train, one function each. Exit codes as baton's: 0 done, 1 failed, 2 wrong usage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace baton::train {

struct ConductorOptions {
  std::string models = "models", base = "smollm2-135m-instruct", folder = "build/conductor", memo;
  std::vector<std::string> workers = {"smol", "calculator", "sql", "python", "search"}, added = {"gemma"},
                           families;
  std::string precision = "auto", device = "auto";
  std::string start;  // adapter that training goes on from; empty: none
  std::vector<std::string> contests = {"templates", "teams", "added"};  // that are measured
  std::uint64_t seed = 1;
  int train_problems = 700, test_problems = 210, lessons = 1200;
  int warm_steps = 150, grpo_steps = 30, recursion_steps = 0;
  int batch = 8, questions = 4, rollouts = 8, updates = 1;
  double warm_rate = 1e-3, grpo_rate = 1e-4, recursion_rate = 5e-5;
  int rank = 8, price_lists = 6, threads = 2, most_tokens = 96;
  double alpha = 16, usd_per_right = 0.001, tokens_per_right = 0, minutes = 0;
  int max_answer = 40, checkpoint_every = 5;
  bool resume = false, measure = true, quick = false, baselines = true;
  std::string results, markdown, page;  // files to write; empty: none
  std::string command;
};
// Trains, measures, writes.
int TrainConductor(const ConductorOptions& options);

struct CompareOptions {
  std::string models = "models", model = "smollm2-135m-instruct", adapter, precision = "auto",
              device = "auto";
  bool floats = false;  // llama.cpp runs the model as 32-bit floats
  int threads = 2;
};
// The trainer's scores beside llama.cpp's on a few texts.
int Compare(const CompareOptions& options);

struct BenchOptions {
  std::string models = "models", model = "smollm2-135m-instruct", precision = "auto", device = "auto", losses;
  int threads = 2, batch = 8, prompt = 160, continuation = 48, rank = 8, rounds = 3;
};
// Tokens per second, forward and backward, and of generation in rollouts.
int Bench(const BenchOptions& options);

}  // namespace baton::train
