#include "evaluate/evidence_table.h"

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

estimate::EvidenceTable MakeEvidenceTable(const OutcomeMatrix& matrix, std::span<const std::size_t> rows,
                                          bool calls) {
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
      t.cost_usd.push_back(cell.recorded ? static_cast<float>(cell.cost_usd) : estimate::kMissing);
    }
  }
  return t;
}

}  // namespace baton::evaluate
