#include "cli/live_policies.h"

#include <fmt/format.h>

#include <numeric>

#include "evaluate/replay.h"
#include "evaluate/text_features.h"

namespace baton::cli {
namespace {

void AddRows(const std::vector<arena::Problem>& problems, const conduct::SingleTurns& turns,
             evaluate::OutcomeMatrix* m) {
  for (std::size_t p = 0; p < problems.size(); ++p) {
    evaluate::Row row;
    row.id = fmt::format("{}/{}", problems[p].split, problems[p].id);
    row.benchmark = row.slice = problems[p].family;
    row.prompt = problems[p].prompt;
    row.reference = problems[p].reference;
    for (std::size_t w = 0; w < turns.workers; ++w) {
      const arena::Rollout& r = turns.At(p, w);
      evaluate::Cell cell;
      cell.recorded = r.error.empty();
      cell.score = static_cast<float>(r.score);
      cell.response = r.answer;
      cell.prompt_tokens = r.tokens;  // of question and answer together
      cell.completion_tokens = 0;
      cell.cost_usd = static_cast<double>(r.cost.v) * 1e-9;
      row.cells.push_back(std::move(cell));
    }
    m->rows.push_back(std::move(row));
  }
}

// The policy's decision on a test row as if it had been played.
arena::Rollout Played(const evaluate::Replay& replay, std::size_t returned, const LiveRows& rows,
                      std::size_t problem) {
  arena::Rollout out;
  out.score = static_cast<double>(replay.Score(returned));
  out.worker = rows.workers[returned];
  out.answer = rows.test_turns.At(problem, returned).answer;
  out.cost = {static_cast<std::int64_t>(replay.spent_usd() * 1e9 + 0.5)};
  out.tokens = replay.tokens();
  out.calls = replay.calls();
  for (std::size_t w = 0; w < rows.workers.size(); ++w) {
    // The worst that a policy of single turns can do is to ask everybody.
    out.worst_case += rows.test_turns.At(problem, w).worst_case;
    if (!replay.Asked(w)) continue;
    for (const auto& step : rows.test_turns.At(problem, w).steps) out.steps.push_back(step);
  }
  return out;
}

}  // namespace

evaluate::OutcomeMatrix MatrixOf(const LiveRows& rows) {
  evaluate::OutcomeMatrix m;
  m.file = "played";
  m.workers = rows.workers;
  AddRows(rows.train, rows.train_turns, &m);
  AddRows(rows.test, rows.test_turns, &m);
  return m;
}

std::vector<conduct::Measured> MeasureOwnPolicies(const LiveRows& rows, const std::string& table,
                                                  double usd_per_right, std::uint64_t seed,
                                                  std::string* why) {
  std::vector<conduct::Measured> out;
  const evaluate::OutcomeMatrix matrix = MatrixOf(rows);
  auto features = evaluate::FeaturesOf(matrix, table);
  if (!features) {
    *why = features.error().message;
    return out;
  }
  std::vector<std::size_t> train(rows.train.size());
  std::iota(train.begin(), train.end(), 0);
  const std::vector<double> values = {usd_per_right};
  const evaluate::CostForecast forecast(matrix, train);
  for (const char* name : {"router", "evidence"}) {
    const auto policy = evaluate::FindPolicy(name)->make();
    evaluate::TrainView view{matrix, train, features->x, features->width, features->embedded, seed, values};
    if (Status fitted = policy->Fit(view); !fitted) {
      *why += fmt::format("{} is left out: {}\n", name, fitted.error().message);
      continue;
    }
    conduct::Measured m;
    m.name = name;
    m.note = "fitted on the training problems' single turns; features: " + features->id;
    evaluate::Replay replay(matrix, features->x, features->width, forecast);
    for (std::size_t p = 0; p < rows.test.size(); ++p) {
      replay.Load(rows.train.size() + p);
      const std::size_t returned = policy->Decide(replay, usd_per_right);
      m.tries.push_back(Played(replay, returned, rows, p));
    }
    out.push_back(std::move(m));
  }
  return out;
}

}  // namespace baton::cli
