// The training of a conductor: supervised on lessons, then by reward (GRPO), then with second looks.
//
// Problem: gradients and rollouts want different programs: the trainer has no cache of keys and would need
// minutes to write what llama.cpp writes in seconds. Options: a second generator in the trainer, or the
// served engine. Choice: the served engine with the present adapter, written to a file and loaded anew every
// step, so what is rewarded is what will be served. Cost: the two compute with other roundings (llama.cpp
// quantises activations, the trainer rounds factors to 16 bits); every step measures and prints how far apart
// their log-probabilities are, and importance ratios use the trainer's own alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "train/checkpoint.h"
#include "train/lessons.h"
#include "train/rollouts.h"

namespace baton::train {

struct PhaseOptions {
  int steps = 0;
  double rate = 0;
  int warm_up = 4;
};

struct TrainingOptions {
  std::uint64_t seed = 1;
  PhaseOptions warm_start{120, 1e-3, 6}, grpo{30, 1e-4, 2}, recursion{0, 5e-5, 2};
  int batch = 8;                    // lessons of a step
  int questions = 4, rollouts = 8;  // of a step by reward: so many questions, each tried so often
  int updates = 1;                  // steps of the optimiser on one batch of rollouts
  double second_looks = 0.5;        // phase recursion: share of questions in their second look
  double spread_floor = 0.05;       // of Advantages()
  double temperature = 1;
  int most_tokens = 96;
  RewardOptions reward;
  std::string folder;  // adapters, checkpoint, curve
  bool resume = false;
  int checkpoint_every = 5;
  int give_up_after = 5;  // steps in a row whose gradient was no number
  std::string settings;   // see Checkpoint
  std::function<void(const CurveRow&)> on_row;
  std::function<bool()> stop;  // asked between steps; true: write a checkpoint and return
};

struct TrainingParts {
  Stage* stage = nullptr;
  Learner* learner = nullptr;
  lm::TokenSampler* sampler = nullptr;
  const std::vector<arena::Problem>* problems = nullptr;
  const std::vector<Lesson>* lessons = nullptr;
};

struct Trained {
  std::vector<CurveRow> curve;
  bool finished = false;         // false: stop() said so
  std::string warm_start, last;  // adapters: after the first phase, and as it is now
};

// Writes `folder`/checkpoint, curve.csv, warm_start.gguf (after that phase) and conductor.gguf. With `resume`
// goes on from the checkpoint when there is one; the curve is then that of a run which was never stopped.
// kInvalidRequest "bad_checkpoint", "other_checkpoint"; kInternal "cannot_write" (the last good checkpoint
// stays), "diverged" (give_up_after), and what the learner and the sampler say.
Task<Result<Trained>> RunTraining(TrainingParts parts, TrainingOptions options);

}  // namespace baton::train
