#include "evaluate/evidence_table.h"

#include <algorithm>
#include <cmath>

#include "estimate/estimator.h"
#include "estimate/evidence_answer.h"

namespace baton::evaluate {

bool CallsExpected(const OutcomeMatrix& matrix, std::span<const std::size_t> rows) {
  std::size_t calls = 0, seen = 0;
  for (std::size_t i = 0; i < rows.size() && seen < 600; ++i) {
    const auto& cells = matrix.rows[rows[i]].cells;
    const Cell& cell = cells[i % cells.size()];
    if (!cell.recorded || cell.response.empty() || !cell.answer.empty()) continue;
    ++seen;
    calls += !estimate::CallsKey(cell.response).empty();
  }
  return seen > 0 && calls * 3 > seen;
}

VerdictRates::VerdictRates(const OutcomeMatrix& matrix, std::span<const std::size_t> rows) {
  struct Counts {
    double right = 0.5, wrong = 0.5;
  };
  std::vector<Counts> accepted, rejected;
  Counts all{1, 1};
  for (const std::size_t r : rows) {
    for (const Cell& cell : matrix.rows[r].cells) {
      if (!cell.recorded || cell.verdicts.empty()) continue;
      accepted.resize(cell.verdicts.size());
      rejected.resize(cell.verdicts.size());
      const auto right = static_cast<double>(cell.score);
      const auto add = [right](Counts& c) { c.right += right, c.wrong += 1 - right; };
      add(all);
      for (std::size_t v = 0; v < cell.verdicts.size(); ++v) {
        if (cell.verdicts[v] != 0) add(cell.verdicts[v] > 0 ? accepted[v] : rejected[v]);
      }
    }
  }
  const auto ratio = [&](const Counts& c) {
    return std::log(c.right / all.right) - std::log(c.wrong / all.wrong);
  };
  for (std::size_t v = 0; v < accepted.size(); ++v)
    by_verifier_.push_back({ratio(accepted[v]), ratio(rejected[v])});
}

double VerdictRates::LogRatio(std::span<const std::int8_t> verdicts) const {
  double sum = 0;
  for (std::size_t v = 0; v < std::min(verdicts.size(), by_verifier_.size()); ++v) {
    if (verdicts[v] != 0) sum += verdicts[v] > 0 ? by_verifier_[v].accept : by_verifier_[v].reject;
  }
  return sum;
}

estimate::EvidenceTable MakeEvidenceTable(const OutcomeMatrix& matrix, std::span<const std::size_t> rows,
                                          bool calls, const VerdictRates* rates) {
  estimate::EvidenceTable t;
  t.rows = rows.size();
  t.workers = matrix.workers.size();
  for (const std::size_t r : rows) {
    estimate::KeyGroups groups;
    for (const Cell& cell : matrix.rows[r].cells) {
      const auto reading =
          cell.recorded ? estimate::ReadAnswer(cell.response, cell.answer, calls) : estimate::AnswerReading{};
      t.quality.push_back(cell.recorded ? cell.score : estimate::kMissing);
      t.group.push_back(static_cast<std::int16_t>(groups.Of(reading.key)));
      t.signs.push_back(reading.signs);
      if (rates) t.log_ratio.push_back(static_cast<float>(rates->LogRatio(cell.verdicts)));
      t.cost_usd.push_back(cell.recorded ? static_cast<float>(cell.cost_usd) : estimate::kMissing);
    }
  }
  return t;
}

}  // namespace baton::evaluate
