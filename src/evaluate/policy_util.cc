#include "evaluate/policy_util.h"

#include <algorithm>

#include "evaluate/linear.h"
#include "evaluate/metrics.h"

namespace baton::evaluate {

estimate::Table MakeTable(const TrainView& train) {
  estimate::Table t;
  t.rows = train.rows.size();
  t.features = train.width;
  t.workers = train.matrix.workers.size();
  t.embedded = train.embedded;
  for (const std::size_t r : train.rows) {
    const auto x = train.X(r);
    t.x.insert(t.x.end(), x.begin(), x.end());
    for (const Cell& cell : train.matrix.rows[r].cells) {
      t.quality.push_back(cell.recorded ? cell.score : estimate::kMissing);
      t.out_tokens.push_back(cell.completion_tokens >= 0 ? static_cast<float>(cell.completion_tokens)
                                                         : estimate::kMissing);
    }
  }
  return t;
}

Directions DirectionsOf(const TrainView& train) {
  Directions d;
  d.width = train.embedded > 0 ? train.embedded : train.width;
  for (const std::size_t r : train.rows) {
    const auto unit = d.Of(train.X(r));
    d.x.insert(d.x.end(), unit.begin(), unit.end());
  }
  return d;
}

std::vector<float> Directions::Of(std::span<const float> features) const {
  std::vector<float> unit(features.begin(), features.begin() + static_cast<std::ptrdiff_t>(width));
  Normalise(unit);
  return unit;
}

std::vector<std::size_t> Directions::Nearest(std::span<const float> unit, std::size_t k,
                                             std::size_t without) const {
  std::vector<std::pair<float, std::size_t>> all;
  all.reserve(rows());
  for (std::size_t r = 0; r < rows(); ++r)
    if (r != without) all.emplace_back(-Dot(unit, X(r)), r);
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(k, all.size()));
  if (end != all.end()) std::nth_element(all.begin(), end, all.end());
  std::sort(all.begin(), end);
  std::vector<std::size_t> nearest;
  for (auto it = all.begin(); it != end; ++it) nearest.push_back(it->second);
  return nearest;
}

WorkerMeans MeansOf(const TrainView& train) {
  WorkerMeans means;
  const std::size_t workers = train.matrix.workers.size();
  means.quality.resize(workers);
  means.cost.resize(workers);
  for (std::size_t w = 0; w < workers; ++w) {
    double n = 0;
    for (const std::size_t r : train.rows) {
      const Cell& cell = train.matrix.rows[r].cells[w];
      if (!cell.recorded) continue;
      means.quality[w] += cell.score;
      means.cost[w] += cell.cost_usd;
      n += 1;
    }
    means.quality[w] /= static_cast<double>(train.rows.size());
    means.cost[w] /= std::max(1.0, n);
    if (means.quality[w] > means.quality[means.best]) means.best = w;
  }
  return means;
}

std::size_t ChooseByUtility(const Question& question, std::span<const float> quality, double value) {
  std::size_t best = quality.size();
  double most = 0;
  for (std::size_t w = 0; w < quality.size(); ++w) {
    if (!question.Available(w)) continue;
    const double utility = value * static_cast<double>(quality[w]) - question.ExpectedCost(w);
    if (best == quality.size() || utility > most) best = w, most = utility;
  }
  return best;
}

std::span<const float> RoutingPolicy::Predicted(Question& question) const {
  auto& memo = question.memo();
  if (memo.empty()) {
    memo.resize(question.workers());
    Predict(question.features(), memo);
  }
  return memo;
}

std::size_t RoutingPolicy::Decide(Question& question, double value) const {
  const std::size_t worker = ChooseByUtility(question, Predicted(question), value);
  question.Ask(worker);
  return worker;
}

bool RoutingPolicy::Believe(Question& question, std::span<float> quality) const {
  const auto predicted = Predicted(question);
  std::copy(predicted.begin(), predicted.end(), quality.begin());
  return true;
}

std::vector<std::size_t> Candidates(const TrainView& train, std::size_t n) {
  const WorkerMeans means = MeansOf(train);
  std::vector<std::size_t> usable;
  std::vector<Point> points;
  for (std::size_t w = 0; w < means.quality.size(); ++w) {
    std::size_t recorded = 0;
    for (const std::size_t r : train.rows) recorded += train.matrix.rows[r].cells[w].recorded;
    if (recorded * 10 < train.rows.size() * 9) continue;
    usable.push_back(w);
    points.push_back({means.cost[w], means.quality[w]});
  }
  std::vector<std::size_t> chosen;
  const auto hull = Hull(points);
  for (auto it = hull.rbegin(); it != hull.rend() && chosen.size() < n; ++it) chosen.push_back(usable[*it]);
  std::stable_sort(usable.begin(), usable.end(),
                   [&](std::size_t a, std::size_t b) { return means.quality[a] > means.quality[b]; });
  for (const std::size_t w : usable) {
    if (chosen.size() >= n) break;
    if (std::find(chosen.begin(), chosen.end(), w) == chosen.end()) chosen.push_back(w);
  }
  return chosen;
}

std::string_view AnswerOf(const Cell& cell) {
  return cell.answer.empty() ? cell.response : cell.answer;
}
std::string_view AnswerOf(const Seen& seen) {
  return seen.answer.empty() ? seen.response : seen.answer;
}

Status NeedAnswers(const TrainView& train) {
  std::size_t cells = 0, with = 0;
  for (const std::size_t r : train.rows) {
    for (const Cell& cell : train.matrix.rows[r].cells) {
      cells += cell.recorded;
      with += cell.recorded && !AnswerOf(cell).empty();
    }
  }
  if (with * 10 >= cells * 9 && cells > 0) return {};
  return Fail(Code::kInvalidRequest, "needs recorded answers, which this data does not have", "no_answers");
}

std::size_t Majority(const std::vector<std::string_view>& answers, std::size_t fallback) {
  const auto groups = verify::Group(answers, verify::Sameness::kAuto);
  if (groups.sizes.empty() || groups.sizes[0] < 2) return fallback;
  // A tie of two pairs has no majority.
  if (groups.sizes.size() > 1 && groups.sizes[1] == groups.sizes[0]) return fallback;
  return static_cast<std::size_t>(groups.representative);
}

}  // namespace baton::evaluate
