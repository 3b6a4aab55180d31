// What a learned router knows, and the file it is kept in (docs/format/router.md): whose answers are how good
// and how long, on which features, learned from what.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "estimate/cold_start.h"
#include "estimate/estimator.h"
#include "estimate/features.h"
#include "estimate/length.h"

namespace baton::estimate {

struct RouterModel {
  std::string
      version;  // "router-" and the first digits of the file's fingerprint; set by reading and writing
  std::string features;              // Featurizer::id()
  std::string trained_on;            // for people: files, rows, seed
  std::vector<std::string> workers;  // names, as in the data
  std::unique_ptr<Estimator> quality;
  LengthModel length;
  ColdStart cold;                   // for workers that are not among these
  std::vector<float> mean_quality;  // per worker, on the training rows
  std::vector<float> probes;        // features of ProbeTexts() where it was trained
};

struct RouterOptions {
  std::string kind = "stack";
  std::uint64_t seed = 1;
  int threads = 1;
  std::function<void(double)> progress = {};
};

// kInvalidRequest as Fit(). `facts` may be empty (no cold start) or one per worker.
Result<RouterModel> FitRouter(const Table& table, std::vector<std::string> workers,
                              std::vector<WorkerFacts> facts, const Featurizer& featurizer,
                              std::string trained_on, const RouterOptions& options);

std::string ToBytes(RouterModel* model);
// kInvalidRequest: "not_a_router" (something else), "router_version" (of a later format), "router_damaged"
// (cut short or changed). Whatever the bytes are, nothing is read beyond them and memory stays in proportion
// to them.
Result<RouterModel> RouterFromBytes(std::string_view bytes, const std::string& name);
// The same of a file; kNotFound, kTooLarge (over 256 MB).
Result<RouterModel> LoadRouter(const std::string& path);
Status SaveRouter(RouterModel* model, const std::string& path);

// Fixed texts by which a model tells whether this machine's features are the ones it learned from.
std::span<const std::string_view> ProbeTexts();
// kInvalidRequest "other_features": the model was trained on another layout or another table, or this
// machine's vectors point elsewhere (a cosine below 0.995 on a probe). Last-bit differences pass.
Status CheckFeatures(const RouterModel& model, const Featurizer& featurizer);

}  // namespace baton::estimate
