// Which of several answers is right, and how sure is that? Belief over answers, from who gave them.
//
// Problem: most of what a router leaves on the table lies in questions that only few workers can solve, and
// nothing in the question tells which. Answers do: workers rarely make the same mistake. But families of
// models err alike, hard questions are hard for all, and a few hundred recorded questions are too few to
// learn how every set of seventy workers behaves.
//
// Options: count votes (ignores who votes); naive Bayes from reliabilities (overconfident, errors being
// correlated); item-response models with a latent difficulty (exact posteriors, yet 5 to 28 % worse in
// log-loss on seven of eight recorded sets, 1 % better on one); one free weight per worker (within 2 % either
// way of what follows); tables of agreement patterns (data for three workers at most).
//
// Choice: a log-linear model with a dozen shared parameters. Every group of equal answers gets a score: its
// members' log-odds of being right, its size, how often these pairs were wrong when they agreed, what the
// answers look like. "Nobody is right" gets one too, and a softmax makes them probabilities. Reliabilities
// are shrunk towards their mean and pairs towards what reliabilities predict, so that a missing cell or a new
// worker costs precision, never correctness. A last linear step maps the probability to the expected score,
// because some sets score answers in parts.
//
// Cost as measured: docs/results/evidence.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::estimate {

// What one answer looks like, beside what it says; each about 0 for an ordinary answer.
inline constexpr std::size_t kSigns = 4;
using Signs =
    std::array<float, kSigns>;  // length, hedging, broken sums, no marked answer: see evidence_answer.h

inline constexpr std::size_t kMaxOpinions = 12;  // answers one belief may weigh
inline constexpr int kUnread = -1;               // nothing could be read from it: it agrees with nobody

// What is learned from: one row per question, one column per worker, row-major.
struct EvidenceTable {
  std::size_t rows = 0, workers = 0;
  std::vector<float> quality;       // 0 to 1; kMissing: not recorded
  std::vector<std::int16_t> group;  // equal numbers in a row: the same answer; kUnread
  std::vector<float> cost_usd;      // of that call; kMissing: not known
  std::vector<Signs> signs;         // may be empty
  std::vector<float> log_ratio;     // of verdicts, as in Opinion; may be empty
  std::vector<float> prior;         // P(right) as a router that has not seen the row says; may be empty

  bool Has(std::size_t row, std::size_t worker) const;
  float Quality(std::size_t row, std::size_t worker) const { return quality[row * workers + worker]; }
  float LogRatio(std::size_t row, std::size_t worker) const {
    return log_ratio.empty() ? 0 : log_ratio[row * workers + worker];
  }
  int Group(std::size_t row, std::size_t worker) const { return group[row * workers + worker]; }
};

// One answer as the belief sees it.
struct Opinion {
  int worker = 0;
  int group = kUnread;
  Signs signs{};
  double log_ratio = 0;  // of a verifier's verdict: log P(verdict | right) / P(verdict | wrong); 0: none
};

// The belief. Groups in order of appearance; an unread answer is a group of its own.
struct Posterior {
  struct Group {
    double p = 0;        // that this answer is right; all p and `none` sum to 1
    double quality = 0;  // its expected score
    int best = -1;       // index of the opinion to give to the client
    int size = 0;
  };
  std::array<Group, kMaxOpinions> groups;
  std::array<int, kMaxOpinions> of;  // opinion -> group
  int count = 0;
  double none = 1;  // nobody is right
  int top = -1;     // the group of the highest expected score; -1 without opinions

  double best_p() const { return top < 0 ? 0 : groups[static_cast<std::size_t>(top)].p; }
  double best_quality() const { return top < 0 ? 0 : groups[static_cast<std::size_t>(top)].quality; }
};

struct BeliefOptions {
  std::uint64_t seed = 1;
  int subsets = 2;          // random subsets of the workers per row, beside the prefixes
  bool prefixes = true;     // the first worker, the first two, ...: what a plan in this order sees
  bool correlation = true;  // the term for pairs
  bool signs = true, prior = true;
};

// Immutable after Fit; everything is thread safe.
class Belief {
 public:
  // kInvalidRequest: no rows, no recorded cell, or sizes that do not match.
  static Result<Belief> Fit(const EvidenceTable& table, const BeliefOptions& options);

  // REQUIRES: opinions.size() <= kMaxOpinions, workers in range. `prior`: P(right) per worker for this
  // question, or empty.
  Posterior Weigh(std::span<const Opinion> opinions, std::span<const float> prior = {}) const;

  std::size_t workers() const { return reliability_.size(); }
  // Share of questions it gets right, shrunk.
  double Reliability(int worker) const;
  double OwnLogOdds(int worker) const { return reliability_[static_cast<std::size_t>(worker)]; }
  // The same with what the router says of this question.
  double Expected(int worker, std::span<const float> prior) const;
  // How much more (> 0) often than their reliabilities say these two are right when they agree, in log-odds.
  double PairLift(int a, int b) const;

  // Expected score = offset + slope * p + by_worker * reliability of whose answer it is.
  double Score(double p, double reliability) const;

 private:
  friend class BeliefFitter;
  friend class BeliefFile;
  double LogOdds(int worker, std::span<const float> prior) const;
  void GroupOpinions(std::span<const Opinion> opinions, Posterior* out) const;

  std::vector<double> reliability_;         // log-odds, shrunk
  std::vector<float> pair_;                 // workers x workers
  std::array<double, 8 + kSigns> theta_{};  // evidence_terms.h names them
  std::array<double, 3> score_{0, 1, 0};
};

}  // namespace baton::estimate
