// A training run as one file: everything that is needed to go on as if nothing had happened.
//
// The form (docs/format/checkpoint.md): the eight bytes "BATONCK1", a JSON header behind its length, four
// arrays of 32-bit floats behind their lengths, and a checksum over all of it. All numbers little-endian.
// What is cut short, damaged or of another version is refused; nothing of a refused file is used.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "train/learner.h"

namespace baton::train {

// One line of a training curve. What a phase does not have is zero.
struct CurveRow {
  std::string phase;  // "warm_start", "grpo", "recursion"
  int step = 0;       // from 1, within its phase
  double loss = 0, rate = 0, norm = 0;
  double reward = 0, right = 0, valid = 0, usd = 0, steps = 0, spread = 0;  // means over the step's rollouts
  double gap_mean = 0, gap_most = 0, divergence = 0;  // log-probabilities: llama.cpp's against the trainer's
  double clipped = 0;
  std::int64_t tokens = 0, skipped = 0, rollouts = 0;  // computed in the step; skipped and played so far
  bool operator==(const CurveRow&) const = default;
};

struct Checkpoint {
  std::string settings;  // what the run was started with, as text: another text, another run
  std::string phase;     // the one that goes on
  int next = 0;          // its next step, from 0
  Learner::State learner;
  std::vector<CurveRow> curve;
  bool operator==(const Checkpoint&) const = default;
};

std::string WriteCheckpoint(const Checkpoint& checkpoint);
// kInvalidRequest "bad_checkpoint", saying what is wrong. Pure; memory is bounded by the text's length.
Result<Checkpoint> ReadCheckpoint(std::string_view bytes);

// Written aside, flushed and renamed: with a full disk or a killed process `path` still holds the last good
// one. kInternal "cannot_write".
Status SaveCheckpoint(const Checkpoint& checkpoint, const std::string& path);
// kNotFound, kInvalidRequest "bad_checkpoint", "other_checkpoint" (other settings).
Result<Checkpoint> LoadCheckpoint(const std::string& path, const std::string& settings);

// As CSV, one line a row, with a head.
std::string CurveCsv(const std::vector<CurveRow>& curve);

}  // namespace baton::train
