// For tests: a world of simulated workers whose exact posterior can be enumerated.
#pragma once

#include <cmath>
#include <vector>

#include "base/random.h"
#include "estimate/evidence.h"

namespace baton::estimate {

// Independent workers: right with probability `right`, else one of `mistakes` wrong answers, all as likely.
// With `shared`, a mistake is with that probability the one that everybody with the same `family` makes on
// this question.
struct World {
  std::vector<double> right, usd;
  int mistakes = 4;
  double shared = 0;
  std::vector<int> family;

  // Answers of one question: 0 is the right one.
  std::vector<int> Answers(Random* random) const {
    std::vector<int> out, common(right.size());
    for (int& c : common) c = 1 + static_cast<int>(random->Below(static_cast<std::uint64_t>(mistakes)));
    for (std::size_t w = 0; w < right.size(); ++w) {
      const bool wrong = random->Unit() >= right[w];
      const bool with_family = random->Unit() < shared;
      const int own = 1 + static_cast<int>(random->Below(static_cast<std::uint64_t>(mistakes)));
      const std::size_t f = family.empty() ? w : static_cast<std::size_t>(family[w]);
      out.push_back(!wrong ? 0 : with_family ? common[f] : own);
    }
    return out;
  }

  EvidenceTable Table(std::size_t rows, std::uint64_t seed) const {
    EvidenceTable t;
    t.rows = rows;
    t.workers = right.size();
    Random random(seed);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto answers = Answers(&random);
      for (std::size_t w = 0; w < t.workers; ++w) {
        t.quality.push_back(answers[w] == 0 ? 1 : 0);
        t.group.push_back(static_cast<std::int16_t>(answers[w]));
        t.cost_usd.push_back(static_cast<float>(usd.empty() ? 1 : usd[w]));
      }
    }
    return t;
  }

  // P(answer `a` is right | answers given), by enumerating which of the 1 + mistakes answers is right, each
  // as likely a priori. Independent workers only. `answers`: any labels.
  double Exact(const std::vector<int>& workers, const std::vector<int>& answers, int a) const {
    double sum = 0, mine = 0;
    for (int truth = 0; truth <= mistakes; ++truth) {
      double p = 1;
      for (std::size_t i = 0; i < workers.size(); ++i) {
        const double r = right[static_cast<std::size_t>(workers[i])];
        p *= answers[i] == truth ? r : (1 - r) / mistakes;
      }
      sum += p;
      if (truth == a) mine = p;
    }
    return mine / sum;
  }
};

inline std::vector<Opinion> Opinions(const std::vector<int>& workers, const std::vector<int>& answers) {
  std::vector<Opinion> out;
  for (std::size_t i = 0; i < workers.size(); ++i) out.push_back({.worker = workers[i], .group = answers[i]});
  return out;
}

}  // namespace baton::estimate
