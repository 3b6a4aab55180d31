#include "evaluate/replay.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "evaluate/prices.h"

namespace baton::evaluate {

CostForecast::CostForecast(const OutcomeMatrix& matrix, std::span<const std::size_t> train)
    : lines_(matrix.workers.size()) {
  double overall = 0;
  std::size_t known = 0;
  for (std::size_t w = 0; w < lines_.size(); ++w) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (const std::size_t r : train) {
      const Cell& cell = matrix.rows[r].cells[w];
      if (!cell.recorded) continue;
      const double x = static_cast<double>(matrix.rows[r].prompt.size());
      n += 1, sx += x, sy += cell.cost_usd, sxx += x * x, sxy += x * cell.cost_usd;
    }
    if (n == 0) continue;
    const double spread = sxx - sx * sx / n;
    lines_[w] = {sy / n, spread > 0 ? std::max(0.0, (sxy - sx * sy / n) / spread) : 0, sx / n, true};
    overall += sy / n;
    ++known;
  }
  // A worker that no training row has seen costs what workers cost.
  for (Line& line : lines_) {
    if (!line.seen && known > 0) line.mean = overall / static_cast<double>(known);
  }
}

double CostForecast::Expect(std::size_t worker, std::size_t prompt_bytes) const {
  const Line& line = lines_[worker];
  return std::max(line.mean * 0.1, line.mean + line.slope * (static_cast<double>(prompt_bytes) - line.at));
}

void Replay::Load(std::size_t row) {
  row_ = &matrix_.rows[row];
  x_ = features_.subspan(row * width_, width_);
  memo().clear();
  Restart();
}

void Replay::Restart() {
  for (const std::size_t w : touched_) bought_[w] = {};
  touched_.clear();
  spent_ = 0;
  calls_ = 0;
  tokens_ = 0;
  sample_ = -1;
}

void Replay::Pay(const Cell& cell, std::int64_t completion_tokens, std::string_view response, double usd) {
  spent_ += usd;
  ++calls_;
  tokens_ += cell.prompt_tokens >= 0 ? cell.prompt_tokens : GuessTokens(row_->prompt);
  tokens_ += completion_tokens >= 0 ? completion_tokens : GuessTokens(response);
}

const Seen& Replay::Ask(std::size_t worker) {
  const Cell& cell = row_->cells[worker];
  assert(cell.recorded);
  Bought& b = bought_[worker];
  if (b.asked) return b.seen;
  if (b.has.empty()) touched_.push_back(worker);
  b.asked = true;
  b.seen = {cell.response, cell.answer, cell.completion_tokens, cell.cost_usd, cell.verdicts};
  Pay(cell, cell.completion_tokens, cell.response, cell.cost_usd);
  return b.seen;
}

const Seen& Replay::AskAgain(std::size_t worker, std::size_t k) {
  const Cell& cell = row_->cells[worker];
  assert(k < cell.samples.size());
  Bought& b = bought_[worker];
  if (!b.asked && b.has.empty()) touched_.push_back(worker);
  b.more.resize(cell.samples.size());
  b.has.resize(cell.samples.size());
  if (!b.has[k]) {
    const Sample& sample = cell.samples[k];
    // What a sample cost is rarely recorded; it is one more call of the same kind.
    b.has[k] = 1;
    b.more[k] = {sample.response, sample.answer, sample.completion_tokens, cell.cost_usd, {}};
    Pay(cell, sample.completion_tokens, sample.response, cell.cost_usd);
  }
  return b.more[k];
}

float Replay::Score(std::size_t returned) const {
  if (returned >= bought_.size()) return 0;
  const Bought& b = bought_[returned];
  if (sample_ >= 0) {
    const auto k = static_cast<std::size_t>(sample_);
    return k < b.has.size() && b.has[k] ? row_->cells[returned].samples[k].score : 0;
  }
  return b.asked ? row_->cells[returned].score : 0;
}

}  // namespace baton::evaluate
