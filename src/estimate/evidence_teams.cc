#include "estimate/evidence_teams.h"

#include <algorithm>
#include <array>

#include "estimate/evidence_plan.h"
#include "estimate/evidence_terms.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kFront = 7;
constexpr std::array kSizes = {2, 3, 5, 8};
constexpr std::array kCaps = {0.1, 0.35, 0.7, 1.5};  // price of a member, in prices of the best worker
// Of two workers that make this share of their mistakes together and alike, the second says nothing new: the
// same model at another host, or the same with another prompt.
constexpr double kTwins = 0.6;

std::size_t U(int w) {
  return static_cast<std::size_t>(w);
}

class Maker {
 public:
  Maker(const Survey& survey, const std::vector<double>& values) : s_(survey), values_(values) {}

  std::set<std::vector<int>> Run() {
    for (int w : s_.able) teams_.insert({w});
    for (double cap : kCaps) AddCommittees(cap);
    AddSmall();
    return std::move(teams_);
  }

 private:
  double LogOdds(int w) const {
    const auto n = static_cast<double>(s_.table.rows);
    return LogOddsOf((s_.quality[U(w)] * n + 1) / (n + 2));
  }

  bool Twins(int a, int b) const {
    const EvidenceTable& t = s_.table;
    double together = 0, either = 0;
    for (std::size_t r = 0; r < t.rows; ++r) {
      if (!t.Has(r, U(a)) || !t.Has(r, U(b))) continue;
      const bool wrong_a = t.Quality(r, U(a)) < 0.5F, wrong_b = t.Quality(r, U(b)) < 0.5F;
      either += wrong_a || wrong_b;
      together += wrong_a && wrong_b && t.Group(r, U(a)) != kUnread && t.Group(r, U(a)) == t.Group(r, U(b));
    }
    return either > 0 && together > kTwins * either;
  }

  // The most reliable workers beside the best that cost at most `cap` times as much as it does, no twins.
  std::vector<int> Committee(double cap) const {
    auto order = s_.able;
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return s_.quality[U(a)] > s_.quality[U(b)]; });
    std::vector<int> out;
    for (int w : order) {
      if (U(w) == s_.best || s_.usd[U(w)] > cap * s_.usd[s_.best]) continue;
      if (std::none_of(out.begin(), out.end(), [&](int o) { return Twins(o, w); })) out.push_back(w);
      if (out.size() == kMaxTeam - 1) break;
    }
    return out;
  }

  // Its first members from cheap to dear and by price per evidence, alone and with the best behind them to
  // decide what they leave open.
  void AddCommittees(double cap) {
    const auto all = Committee(cap);
    for (const int size : kSizes) {
      if (all.size() < U(size)) break;
      std::vector<int> by_price(all.begin(), all.begin() + size);
      auto by_worth = by_price;
      double least = LogOdds(by_price[0]);
      for (int w : by_price) least = std::min(least, LogOdds(w));
      const auto worth = [&](int w) { return s_.usd[U(w)] / (LogOdds(w) - least + 0.5); };
      std::stable_sort(by_price.begin(), by_price.end(),
                       [&](int a, int b) { return s_.usd[U(a)] < s_.usd[U(b)]; });
      std::stable_sort(by_worth.begin(), by_worth.end(), [&](int a, int b) { return worth(a) < worth(b); });
      for (auto* order : {&by_price, &by_worth}) {
        teams_.insert(*order);
        order->push_back(static_cast<int>(s_.best));
        teams_.insert(*order);
      }
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
