#include "estimate/evidence_teams.h"

#include <algorithm>

#include "estimate/evidence_plan.h"
#include "estimate/evidence_terms.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kFront = 7;

std::size_t U(int w) {
  return static_cast<std::size_t>(w);
}

class Maker {
 public:
  Maker(const Survey& survey, const std::vector<double>& values) : s_(survey), values_(values) {}

  std::set<std::vector<int>> Run() {
    for (int w : s_.able) teams_.insert({w});
    for (double gap : {0.5, 1.0, 1.75, 3.0}) {
      for (double dear : {0.5, 2.0}) AddOrdered(gap, dear);
    }
    AddSmall();
    return std::move(teams_);
  }

 private:
  double LogOdds(std::size_t w) const {
    const auto n = static_cast<double>(s_.rows);
    return LogOddsOf((s_.quality[w] * n + 1) / (n + 2));
  }

  // Workers within `gap` of the best in log-odds and at most `dear` times its price.
  void AddOrdered(double gap, double dear) {
    const double top = LogOdds(s_.best);
    std::vector<int> near;
    for (int w : s_.able) {
      const bool best = U(w) == s_.best;
      if (best ? dear >= 1 : LogOdds(U(w)) > top - gap && s_.usd[U(w)] <= dear * s_.usd[s_.best])
        near.push_back(w);
    }
    auto by_worth = near;
    std::sort(near.begin(), near.end(), [&](int a, int b) { return s_.usd[U(a)] < s_.usd[U(b)]; });
    const auto worth = [&](int w) { return s_.usd[U(w)] / (LogOdds(U(w)) - top + gap + 0.1); };
    std::sort(by_worth.begin(), by_worth.end(), [&](int a, int b) { return worth(a) < worth(b); });
    for (auto* order : {&near, &by_worth}) {
      const std::size_t most = dear < 1 ? kMaxTeam - 1 : kMaxTeam;
      if (order->size() > most) order->resize(most);
      // The cheap ones first; the best decides what they leave open.
      if (dear < 1) order->push_back(static_cast<int>(s_.best));
      if (order->size() > 1) teams_.insert(*order);
    }
  }

  std::vector<int> Front() const {
    std::vector<int> front;
    for (std::size_t rank = 0; rank < 4; ++rank) {
      for (double value : values_) {
        auto order = s_.able;
        std::sort(order.begin(), order.end(), [&](int a, int b) {
          return value * s_.quality[U(a)] - s_.usd[U(a)] > value * s_.quality[U(b)] - s_.usd[U(b)];
        });
        const bool fresh =
            rank < order.size() && std::find(front.begin(), front.end(), order[rank]) == front.end();
        if (fresh && front.size() < kFront) front.push_back(order[rank]);
      }
    }
    std::sort(front.begin(), front.end(), [&](int a, int b) { return s_.usd[U(a)] < s_.usd[U(b)]; });
    return front;
  }

  void AddSmall() {
    const std::vector<int> front = Front();
    for (std::size_t i = 0; i < front.size(); ++i) {
      for (std::size_t j = i + 1; j < front.size(); ++j) {
        teams_.insert({front[i], front[j]});
        for (std::size_t k = j + 1; k < front.size(); ++k) teams_.insert({front[i], front[j], front[k]});
      }
    }
  }

  const Survey& s_;
  const std::vector<double>& values_;
  std::set<std::vector<int>> teams_;
};

}  // namespace

std::set<std::vector<int>> MakeTeams(const Survey& survey, const std::vector<double>& values) {
  return Maker(survey, values).Run();
}

}  // namespace baton::estimate
