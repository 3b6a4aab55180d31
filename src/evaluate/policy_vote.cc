// Votes, tuned as well as training rows allow: for every value of a point, the three workers whose vote did
// best for its money there. A vote of the three best workers alone would cost three times the best one and
// lose at equal dollars before it began.

#include <array>

#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kPool = 10;
using Triple = std::array<std::size_t, 3>;  // positions in the pool

// What a rule with three workers did on the training rows.
struct Rated {
  Triple triple{};
  double quality = 0, cost = 0;
};

const Rated& BestFor(const std::vector<Rated>& all, double value) {
  const Rated* best = &all[0];
  for (const Rated& r : all)
    if (value * r.quality - r.cost > value * best->quality - best->cost) best = &r;
  return *best;
}

// Pool, and of each training row the group of equal answers that each of the pool is in; -1: none.
struct Ballots {
  std::vector<std::size_t> pool;
  std::vector<double> quality;  // by place in the pool
  std::vector<std::vector<int>> group;

  Status Count(const TrainView& train) {
    TRY_VOID(NeedAnswers(train));
    pool = Candidates(train, kPool);
    if (pool.size() < 3) return Fail(Code::kInvalidRequest, "needs three workers", "too_few_workers");
    const auto means = MeansOf(train);
    for (const std::size_t w : pool) quality.push_back(means.quality[w]);
    for (const std::size_t r : train.rows) {
      std::vector<std::string_view> answers;
      for (const std::size_t w : pool) answers.push_back(AnswerOf(train.matrix.rows[r].cells[w]));
      group.push_back(verify::Group(answers, verify::Sameness::kAuto).of);
    }
    return {};
  }
  std::size_t BestOf(const Triple& t) const {
    std::size_t best = t[0];
    for (const std::size_t i : t)
      if (quality[i] > quality[best]) best = i;
    return best;
  }
  bool Same(std::size_t row, std::size_t a, std::size_t b) const {
    return group[row][a] >= 0 && group[row][a] == group[row][b];
  }
};

bool Agree(std::string_view a, std::string_view b) {
  return verify::Group({a, b}, verify::Sameness::kAuto).agreement == 1.0;
}

class MajorityVote : public Policy {
 public:
  std::string_view name() const override { return "majority_vote"; }

  Status Fit(const TrainView& train) override {
    TRY_VOID(ballots_.Count(train));
    const std::size_t n = ballots_.pool.size();
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = a + 1; b < n; ++b)
        for (std::size_t c = b + 1; c < n; ++c) rated_.push_back(Rate(train, {a, b, c}));
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const Rated& r = BestFor(rated_, value);
    std::vector<std::size_t> asked;
    std::vector<std::string_view> answers;
    std::size_t fallback = 0;
    for (const std::size_t i : r.triple) {
      const std::size_t w = ballots_.pool[i];
      if (!question.Available(w)) continue;
      if (i == ballots_.BestOf(r.triple)) fallback = asked.size();
      asked.push_back(w);
      answers.push_back(AnswerOf(question.Ask(w)));
    }
    if (asked.empty()) return AskAny(question);
    return asked[Majority(answers, fallback)];
  }

 private:
  Rated Rate(const TrainView& train, Triple t) const {
    Rated r{t, 0, 0};
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      const Row& row = train.matrix.rows[train.rows[i]];
      std::size_t chosen = ballots_.BestOf(t);
      if (ballots_.Same(i, t[0], t[1]) || ballots_.Same(i, t[0], t[2]))
        chosen = t[0];
      else if (ballots_.Same(i, t[1], t[2]))
        chosen = t[1];
      r.quality += static_cast<double>(row.cells[ballots_.pool[chosen]].score);
      for (const std::size_t k : t)
        if (row.cells[ballots_.pool[k]].recorded) r.cost += row.cells[ballots_.pool[k]].cost_usd;
    }
    r.quality /= static_cast<double>(train.rows.size());
    r.cost /= static_cast<double>(train.rows.size());
    return r;
  }

  static std::size_t AskAny(Question& question) {
    std::size_t w = 0;
    while (!question.Available(w)) ++w;
    question.Ask(w);
    return w;
  }

  Ballots ballots_;
  std::vector<Rated> rated_;
};

// Asks the first two; what they agree on is the answer. Else asks the third, and takes what two agree on,
// else the answer of the best of the three. Order and workers are chosen on the training rows for the value
// of a point.
class Agreement : public Policy {
 public:
  std::string_view name() const override { return "agreement3"; }

  Status Fit(const TrainView& train) override {
    TRY_VOID(ballots_.Count(train));
    const std::size_t n = ballots_.pool.size();
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        for (std::size_t c = 0; c < n; ++c)
          if (a != b && b != c && a != c && a < b) rated_.push_back(Rate(train, {a, b, c}));
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const Rated& r = BestFor(rated_, value);
    std::vector<std::size_t> asked;
    std::vector<std::string_view> answers;
    const std::size_t best = ballots_.pool[ballots_.BestOf(r.triple)];
    for (const std::size_t i : r.triple) {
      const std::size_t w = ballots_.pool[i];
      if (!question.Available(w)) continue;
      asked.push_back(w);
      answers.push_back(AnswerOf(question.Ask(w)));
      for (std::size_t k = 0; k + 1 < answers.size(); ++k)
        if (Agree(answers[k], answers.back())) return asked[k];
    }
    for (const std::size_t w : asked)
      if (w == best) return w;
    if (!asked.empty()) return asked[0];
    std::size_t w = 0;
    while (!question.Available(w)) ++w;
    question.Ask(w);
    return w;
  }

 private:
  Rated Rate(const TrainView& train, Triple t) const {
    Rated r{t, 0, 0};
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      const Row& row = train.matrix.rows[train.rows[i]];
      const auto cell = [&](std::size_t k) -> const Cell& { return row.cells[ballots_.pool[k]]; };
      const bool first = ballots_.Same(i, t[0], t[1]);
      std::size_t chosen = t[0];
      if (!first && ballots_.Same(i, t[1], t[2]))
        chosen = t[1];
      else if (!first && !ballots_.Same(i, t[0], t[2]))
        chosen = ballots_.BestOf(t);
      r.quality += static_cast<double>(cell(chosen).score);
      for (std::size_t k = 0; k < (first ? 2U : 3U); ++k)
        if (cell(t[k]).recorded) r.cost += cell(t[k]).cost_usd;
    }
    r.quality /= static_cast<double>(train.rows.size());
    r.cost /= static_cast<double>(train.rows.size());
    return r;
  }

  Ballots ballots_;
  std::vector<Rated> rated_;
};

}  // namespace

std::unique_ptr<Policy> MakeMajorityVote() {
  return std::make_unique<MajorityVote>();
}
std::unique_ptr<Policy> MakeAgreement() {
  return std::make_unique<Agreement>();
}

}  // namespace baton::evaluate
