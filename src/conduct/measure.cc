#include "conduct/measure.h"

#include <algorithm>

namespace baton::conduct {
namespace {

constexpr int kResamples = 4000;

template <class F>
double Mean(const std::vector<arena::Rollout>& tries, F of) {
  double sum = 0;
  for (const auto& t : tries) sum += of(t);
  return tries.empty() ? 0 : sum / static_cast<double>(tries.size());
}

}  // namespace

double Measured::accuracy() const {
  return Mean(tries, [](const auto& t) { return t.score; });
}
double Measured::usd() const {
  return Mean(tries, [](const auto& t) { return static_cast<double>(t.cost.v) * 1e-9; });
}
double Measured::worst_usd() const {
  return Mean(tries, [](const auto& t) { return static_cast<double>(t.worst_case.v) * 1e-9; });
}
double Measured::tokens() const {
  return Mean(tries, [](const auto& t) { return static_cast<double>(t.tokens); });
}
double Measured::calls() const {
  return Mean(tries, [](const auto& t) { return static_cast<double>(t.calls); });
}
double Measured::turns() const {
  return Mean(tries, [](const auto& t) { return static_cast<double>(t.steps.size()); });
}

Interval Bootstrap(const std::vector<double>& values, std::uint64_t seed) {
  if (values.empty()) return {};
  Random random(seed);
  std::vector<double> means;
  for (int r = 0; r < kResamples; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.Below(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::sort(means.begin(), means.end());
  return {means[kResamples * 25 / 1000], means[kResamples * 975 / 1000]};
}

Interval PairedBootstrap(const Measured& a, const Measured& b, std::uint64_t seed) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.tries.size(); ++i) differences.push_back(a.tries[i].score - b.tries[i].score);
  return Bootstrap(differences, seed);
}

Task<Measured> MeasureCoordinator(Rollouts& rollouts, std::string name, const Coordinator& coordinator,
                                  const std::vector<arena::Problem>& problems) {
  std::vector<Trial> trials;
  for (const auto& p : problems) trials.push_back({&coordinator, &p, 0});
  auto runs = co_await rollouts.Play(std::move(trials));
  Measured out;
  out.name = std::move(name);
  for (auto& r : runs) out.tries.push_back(std::move(r.rollout));
  co_return out;
}

Task<Measured> MeasureWorkflow(Rollouts& rollouts, std::string name, const std::string& workflow,
                               std::vector<std::string> workers, double temperature,
                               const std::vector<arena::Problem>& problems) {
  std::vector<arena::Episode> episodes;
  for (const auto& p : problems) {
    arena::Episode e;
    e.problem = &p;
    e.workflow = workflow;
    e.workers = workers;
    e.temperature = temperature;
    episodes.push_back(std::move(e));
  }
  Measured out;
  out.name = std::move(name);
  out.tries =
      co_await arena::PlayAll(rollouts.environment(), std::move(episodes), rollouts.options().parallel);
  co_return out;
}

Measured MeasureSingle(const SingleTurns& turns, std::size_t worker, std::string name) {
  Measured out;
  out.name = std::move(name);
  for (std::size_t p = 0; p < turns.states.size(); ++p) out.tries.push_back(turns.At(p, worker));
  return out;
}

Measured MeasureOracle(const Rollouts& rollouts, const SingleTurns& turns) {
  Measured out;
  out.name = "oracle";
  for (std::size_t p = 0; p < turns.states.size(); ++p) {
    std::size_t best = 0;
    for (std::size_t w = 1; w < turns.workers; ++w) {
      if (rollouts.Utility(turns.At(p, w)) > rollouts.Utility(turns.At(p, best))) best = w;
    }
    out.tries.push_back(turns.At(p, best));
  }
  return out;
}

std::size_t BestSingle(const Rollouts& rollouts, const SingleTurns& turns) {
  std::vector<double> sums(turns.workers, 0);
  for (std::size_t p = 0; p < turns.states.size(); ++p) {
    for (std::size_t w = 0; w < turns.workers; ++w) sums[w] += rollouts.Utility(turns.At(p, w));
  }
  return static_cast<std::size_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

Shares Inspect(const Measured& policy, const std::vector<arena::Problem>& problems) {
  Shares out;
  std::map<std::string, double> steps, tries, answers;
  for (std::size_t i = 0; i < policy.tries.size(); ++i) {
    const auto& t = policy.tries[i];
    for (const std::string& family : {std::string(), problems[i].family}) {
      ++tries[family];
      out.accuracy[family] += t.score;
      ++out.lengths[family][std::to_string(t.steps.size())];
      for (const auto& s : t.steps) {
        if (s.worker.empty()) continue;
        ++steps[family];
        ++out.workers[family][s.worker];
        ++out.roles[family][s.role];
        ++out.pairs[family][s.worker + " as " + s.role];
      }
    }
    ++answers[t.worker];
  }
  for (auto& [family, shares] : out.lengths) {
    for (auto& [length, n] : shares) n /= tries[family];
  }
  for (auto* table : {&out.workers, &out.roles, &out.pairs}) {
    for (auto& [family, shares] : *table) {
      for (auto& [name, n] : shares) n /= steps[family];
    }
  }
  for (auto& [family, sum] : out.accuracy) sum /= tries[family];
  for (const auto& [worker, n] : answers) {
    if (!worker.empty() && n >= 0.9 * static_cast<double>(policy.tries.size())) out.collapsed = worker;
  }
  return out;
}

Task<Singles> MeasureSingles(Rollouts& rollouts, const std::vector<arena::Problem>& train,
                             const std::vector<arena::Problem>& test) {
  Singles s;
  s.train = co_await rollouts.PlaySingleTurns(train);
  s.test = co_await rollouts.PlaySingleTurns(test);
  s.best = BestSingle(rollouts, s.train);
  s.rows.push_back(MeasureSingle(s.test, s.best, "best_single"));
  for (std::size_t w = 0; w < s.test.workers; ++w)
    s.rows.push_back(MeasureSingle(s.test, w, "worker:" + rollouts.workers()[w]));
  s.rows.push_back(MeasureOracle(rollouts, s.test));
  co_return s;
}

}  // namespace baton::conduct
