#include "cli/train.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/train_store.h"
#include "estimate/family.h"
#include "estimate/router_model.h"
#include "evaluate/prices.h"
#include "evaluate/read_matrix.h"

namespace baton::cli {
namespace {

Result<evaluate::OutcomeMatrix> Read(const std::vector<std::string>& files) {
  evaluate::OutcomeMatrix matrix;
  for (const std::string& file : files) {
    evaluate::ReadReport report;
    TRY_VOID(evaluate::ReadMatrix(file, {}, matrix, report));
    if (report.problem_count == 0) continue;
    fmt::print(stderr, "{}: {} of {} lines left out, the first: line {}: {}\n", file, report.problem_count,
               report.lines, report.problems.front().line, report.problems.front().what);
  }
  return matrix;
}

// One row per question that has a prompt: without its text there is nothing to learn from it.
estimate::Table TableOf(const evaluate::OutcomeMatrix& matrix, const estimate::Featurizer& featurizer) {
  std::vector<std::string_view> prompts;
  estimate::Table t;
  t.workers = matrix.workers.size();
  t.features = featurizer.width();
  t.embedded = featurizer.embedded();
  bool lengths = false;
  for (const auto& row : matrix.rows) {
    if (row.prompt.empty()) continue;
    prompts.push_back(row.prompt);
    for (std::size_t w = 0; w < t.workers; ++w) {
      const evaluate::Cell* cell = w < row.cells.size() && row.cells[w].recorded ? &row.cells[w] : nullptr;
      t.quality.push_back(cell ? cell->score : estimate::kMissing);
      float tokens = estimate::kMissing;
      if (cell && cell->completion_tokens > 0) {
        tokens = static_cast<float>(cell->completion_tokens);
      } else if (cell && !cell->response.empty()) {
        tokens = static_cast<float>(evaluate::GuessTokens(cell->response));
      }
      lengths = lengths || !std::isnan(tokens);
      t.out_tokens.push_back(tokens);
    }
  }
  if (!lengths) t.out_tokens.clear();
  t.rows = prompts.size();
  t.x = featurizer.OfPrompts(prompts);
  return t;
}

std::vector<estimate::WorkerFacts> FactsOf(const std::vector<std::string>& workers,
                                           const std::vector<evaluate::ListPrice>& prices) {
  std::vector<estimate::WorkerFacts> facts;
  for (const std::string& name : workers) {
    estimate::WorkerFacts f;
    f.family = estimate::FamilyOf(name);
    if (const auto price = evaluate::FindPrice(name, prices)) f.usd_per_mtok = price->output_per_mtok;
    facts.push_back(std::move(f));
  }
  return facts;
}

// One moving line on a terminal, ten lines elsewhere; nothing before two seconds are over.
class Bar {
 public:
  void Show(double share) {
    const double s = std::chrono::duration<double>(SystemClock().Now() - start_).count();
    if (s < 2 || share < shown_ + (IsTerminal(2) ? 0.01 : 0.1)) return;
    shown_ = share;
    fmt::print(stderr, "{}training {:3.0f} %, {:.0f} s{}", IsTerminal(2) ? "\r\033[K" : "", 100 * share, s,
               IsTerminal(2) ? "" : "\n");
  }
  void Clear() const {
    if (IsTerminal(2) && shown_ > 0) fmt::print(stderr, "\r\033[K");
  }
  double Seconds() const { return std::chrono::duration<double>(SystemClock().Now() - start_).count(); }

 private:
  TimePoint start_ = SystemClock().Now();
  double shown_ = 0;
};

void Tell(const TrainRouterOptions& options, const estimate::RouterModel& model, const estimate::Table& table,
          double seconds) {
  if (options.json) {
    nlohmann::ordered_json j = {{"file", options.out},  {"version", model.version},
                                {"kind", options.kind}, {"features", model.features},
                                {"rows", table.rows},   {"seed", options.seed},
                                {"seconds", seconds},   {"lengths", model.length.known()}};
    for (std::size_t w = 0; w < model.workers.size(); ++w)
      j["workers"][model.workers[w]] = model.mean_quality[w];
    return fmt::print("{}\n", j.dump(2));
  }
  fmt::print("{}  {}\n{} rows, {} workers, {:.1f} s; {}\n", options.out, model.version, table.rows,
             model.workers.size(), seconds,
             model.length.known() ? "lengths of answers known" : "no length of an answer recorded");
  for (std::size_t w = 0; w < model.workers.size(); ++w)
    fmt::print("  {:40} mean score {:.3f}\n", model.workers[w], model.mean_quality[w]);
}

struct Given {
  estimate::Table table;
  std::vector<std::string> workers;
  std::string from;
};

Result<Given> Gather(const TrainRouterOptions& options, const estimate::Featurizer& featurizer) {
  if (!options.store.empty()) {
    TRY(StoreTable own, ReadStore(options.store, featurizer));
    if (own.without > 0)
      fmt::print(stderr, "{} rated exchanges keep no vector and are left out\n", own.without);
    return Given{std::move(own.table), std::move(own.workers),
                 fmt::format("log {}, {} rated", options.store, own.rated)};
  }
  if (options.data.empty())
    return Fail(Code::kInvalidRequest, "give --data FILE... or --store FILE: what to learn from", "no_data");
  TRY(evaluate::OutcomeMatrix matrix, Read(options.data));
  Given given{TableOf(matrix, featurizer), matrix.workers, fmt::format("{}", fmt::join(options.data, ", "))};
  if (given.table.rows == 0)
    return Fail(Code::kInvalidRequest, "no row has the text of its prompt: there is nothing to learn from",
                "no_rows");
  return given;
}

Status Train(const TrainRouterOptions& options) {
  auto table_file = text::StaticTable::Load(options.table);
  if (!table_file) return std::move(table_file).error();
  const estimate::Featurizer featurizer(std::move(*table_file));
  std::vector<evaluate::ListPrice> prices = evaluate::BuiltInPrices();
  if (!options.prices.empty()) {
    TRY(prices, evaluate::ReadPrices(options.prices));
  }
  TRY(const Given given, Gather(options, featurizer));
  const estimate::Table& table = given.table;
  Bar bar;
  estimate::RouterOptions fit;
  fit.kind = options.kind;
  fit.seed = options.seed;
  fit.threads = options.threads > 0 ? options.threads : static_cast<int>(std::thread::hardware_concurrency());
  fit.progress = [&](double share) { bar.Show(share); };
  TRY(estimate::RouterModel model,
      estimate::FitRouter(table, given.workers, FactsOf(given.workers, prices), featurizer,
                          fmt::format("{}; {} rows, seed {}", given.from, table.rows, options.seed), fit));
  bar.Clear();
  TRY_VOID(estimate::SaveRouter(&model, options.out));
  Tell(options, model, table, bar.Seconds());
  return {};
}

}  // namespace

int TrainRouter(const TrainRouterOptions& options) {
  const Status done = Train(options);
  return done ? 0 : Complain(done.error());
}

}  // namespace baton::cli
