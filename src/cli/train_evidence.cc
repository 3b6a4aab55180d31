// `baton train evidence`: outcome matrices with answers in, the evidence policy out.
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/evidence_prior.h"
#include "estimate/evidence_file.h"
#include "evaluate/evidence_table.h"
#include "evaluate/prices.h"
#include "evaluate/read_matrix.h"

namespace baton::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<evaluate::OutcomeMatrix> Read(const TrainEvidenceOptions& o) {
  evaluate::OutcomeMatrix matrix;
  evaluate::ReadOptions options;
  options.score_scale = o.score_scale;
  for (const auto& file : o.data) {
    evaluate::ReadReport report;
    TRY_VOID(evaluate::ReadMatrix(file, options, matrix, report));
    for (const auto& p : report.problems) fmt::print(stderr, "{}:{}: left out: {}\n", file, p.line, p.what);
  }
  std::vector<evaluate::ListPrice> table;
  if (!o.prices.empty()) {
    TRY(table, evaluate::ReadPrices(o.prices));
  }
  evaluate::FillCosts(matrix, table);
  return matrix;
}

// Mean length of a worker's answers in tokens, counted or guessed from their texts; -1: nothing is known.
double MeanLength(const evaluate::OutcomeMatrix& matrix, std::size_t worker) {
  double sum = 0, n = 0;
  for (const auto& row : matrix.rows) {
    const auto& cell = row.cells[worker];
    if (!cell.recorded || (cell.completion_tokens < 0 && cell.response.empty())) continue;
    sum += static_cast<double>(cell.completion_tokens >= 0 ? cell.completion_tokens
                                                           : evaluate::GuessTokens(cell.response));
    n += 1;
  }
  return n > 0 ? sum / n : -1;
}

Result<estimate::EvidenceModel> Learn(const TrainEvidenceOptions& o) {
  TRY(const evaluate::OutcomeMatrix matrix, Read(o));
  std::vector<std::size_t> rows(matrix.rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = r;
  estimate::EvidenceOptions options;
  options.seed = o.seed;
  const bool show = IsTerminal(STDERR_FILENO);
  options.progress = [show](double share) {
    if (show) fmt::print(stderr, "\rplans replayed: {:3.0f} %", share * 100);
  };
  estimate::EvidenceTable table = evaluate::MakeEvidenceTable(matrix, rows, false);
  if (!o.prior.empty()) {
    TRY(auto texts, text::StaticTable::Load(o.table));
    TRY(table.prior, CrossFitPrior(matrix, estimate::Featurizer(std::move(texts)), o.prior, o.seed));
  }
  auto evidence = estimate::Evidence::Fit(table, options);
  if (show) fmt::print(stderr, "\n");
  if (!evidence) return std::move(evidence).error();
  estimate::EvidenceModel model{
      .version = {},
      .trained_on = fmt::format("{}, {} questions, seed {}{}", fmt::join(o.data, " "), rows.size(), o.seed,
                                o.prior.empty() ? "" : ", prior " + o.prior),
      .workers = matrix.workers,
      .out_tokens = {},
      .evidence = std::move(*evidence)};
  for (std::size_t w = 0; w < matrix.workers.size(); ++w) model.out_tokens.push_back(MeanLength(matrix, w));
  TRY_VOID(estimate::SaveEvidence(&model, o.out));
  return model;
}

// The plan for each value of a right answer, and what replaying it on the training questions gave.
Json PlansOf(const estimate::EvidenceModel& m) {
  Json out = Json::array();
  for (std::size_t v = 0; v < m.evidence.values().size(); ++v) {
    std::vector<double> usd(m.workers.size(), 0);
    for (const auto& plan : m.evidence.plans()) {
      for (std::size_t i = 0; i < plan.workers.size(); ++i)
        usd[static_cast<std::size_t>(plan.workers[i])] = plan.usd[i];
    }
    const auto choice = m.evidence.Choose(usd, m.evidence.values()[v]);
    Json team = Json::array();
    for (int w : choice.plan->workers) team.push_back(m.workers[static_cast<std::size_t>(w)]);
    const auto& rule = choice.plan->rules[choice.rule];
    out.push_back({{"value_usd", m.evidence.values()[v]},
                   {"workers", team},
                   {"quality", rule.quality},
                   {"usd", rule.usd}});
  }
  return out;
}

}  // namespace

int TrainEvidence(const TrainEvidenceOptions& options) {
  auto model = Learn(options);
  if (!model) return Complain(model.error());
  const Json plans = PlansOf(*model);
  if (options.json) {
    fmt::print("{}\n", Json{{"file", options.out}, {"version", model->version}, {"plans", plans}}.dump(2));
    return 0;
  }
  fmt::print("{} ({}), trained on {}\n\n{:>14}  {:>7}  {:>10}  asks, in this order\n", options.out,
             model->version, model->trained_on, "a right answer", "quality", "USD each");
  for (const auto& p : plans) {
    std::string team;
    for (const auto& w : p["workers"]) team += (team.empty() ? "" : ", ") + w.get<std::string>();
    fmt::print("{:>14.6f}  {:>7.4f}  {:>10.6f}  {}\n", p["value_usd"].get<double>(),
               p["quality"].get<double>(), p["usd"].get<double>(), team);
  }
  return 0;
}

}  // namespace baton::cli
