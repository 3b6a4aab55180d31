#include "route/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimate/family.h"

namespace baton::route {
namespace {

double OutputPrice(const pool::Worker& w, std::int64_t now) {
  const budget::PriceRow* row = w.priced ? w.prices.At(now) : nullptr;
  return row != nullptr ? static_cast<double>(row->output.v) / 1e9 : -1;
}

// What the call would cost with an answer of this length, and the part of that which is the answer's. False:
// nobody knows.
bool CostOf(const Features& f, std::int64_t now, Scored* s) {
  const budget::PriceRow* row = s->worker->priced ? s->worker->prices.At(now) : nullptr;
  if (row == nullptr) return false;
  const auto out = static_cast<std::int64_t>(s->tokens);
  const auto usd = [&](std::int64_t tokens) {
    return static_cast<double>(budget::WorstCase(*row, f.input_tokens, tokens).v) / 1e9;
  };
  const double whole = usd(out);
  s->output_usd = whole - usd(0);
  s->cost_usd = whole + static_cast<double>(budget::PerCall(*row, 1).v) / 1e9;
  return true;
}

// The answer cannot be longer than the caller or the worker allows.
double Capped(double tokens, const pool::Worker& w, const Features& f) {
  if (f.max_tokens > 0) tokens = std::min(tokens, static_cast<double>(f.max_tokens));
  if (w.target.max_output > 0) tokens = std::min(tokens, static_cast<double>(w.target.max_output));
  return tokens;
}

}  // namespace

std::string UsdText(double usd) {
  if (usd < 0.00005) return "$0";
  return usd < 0.01 ? fmt::format("${:.4f}", usd) : fmt::format("${:.3f}", usd);
}

std::string FamilyOf(const pool::Worker& worker) {
  return estimate::FamilyOf(worker.target.model.empty() ? worker.name : worker.target.model);
}

std::string Describe(const Scored& s) {
  return fmt::format("P(correct) {:.2f}{}, {}", s.quality, s.trained ? "" : " by its price and family alone",
                     s.priced ? "about " + UsdText(s.cost_usd) : std::string("price unknown"));
}

Scorer::Scorer(std::shared_ptr<const estimate::RouterModel> model, RouterSettings settings,
               const rails::Catalogue& catalogue, const Clock& clock, const Pace* pace)
    : model_(std::move(model)), settings_(settings), clock_(clock), pace_(pace) {
  const auto& names = model_->workers;
  for (const auto& w : catalogue.workers) {
    Known k;
    // By its own name first, then by that of the model behind it.
    auto it = std::find(names.begin(), names.end(), w->name);
    if (it == names.end()) it = std::find(names.begin(), names.end(), w->target.model);
    k.trained = it != names.end();
    k.column = static_cast<std::size_t>(it - names.begin());
    if (!k.trained && model_->cold.known()) {
      const double price = OutputPrice(*w, clock_.UnixNanos() / 1'000'000'000);
      k.expected = model_->cold.Prior({FamilyOf(*w), price});
    }
    known_[w.get()] = std::move(k);
  }
}

estimate::Estimate Scorer::Of(const Known& known, const Features& f,
                              std::span<const estimate::Estimate> estimates) const {
  if (known.trained) return estimates[known.column];
  if (!known.expected.mean.empty()) return model_->cold.Predict(known.expected, f.vector);
  return {};
}

// Seconds to the end of the answer, for its cost. What is known of the worker's own pace also goes into
// `wait_s`; for the rest the setting stands in, without a word about the first byte.
double Scorer::Wait(Scored* s) const {
  const Pace::Seen seen = pace_ ? pace_->Of(s->worker->name) : Pace::Seen{};
  const double rate = seen.tokens_per_s > 0 ? seen.tokens_per_s : settings_.output_tokens_per_s;
  const double wait = seen.first_byte_s + s->tokens / rate;
  if (seen.tokens_per_s > 0) s->wait_s = wait;
  return wait;
}

std::vector<Scored> Scorer::Score(std::span<const pool::Worker* const> able, const Features& f,
                                  double value) const {
  thread_local std::vector<estimate::Estimate> estimates;
  thread_local std::vector<float> lengths;
  estimates.resize(model_->workers.size());
  lengths.resize(model_->workers.size());
  model_->quality->Predict(f.vector, estimates);
  model_->length.Predict(f.vector, lengths);
  double mean_length = 0;
  for (float l : lengths) mean_length += static_cast<double>(l) / static_cast<double>(lengths.size());
  const std::int64_t now = clock_.UnixNanos() / 1'000'000'000;
  static const Known kStranger;
  std::vector<Scored> all;
  double dearest = 0;
  for (const pool::Worker* w : able) {
    const auto it = known_.find(w);
    const Known& known = it != known_.end() ? it->second : kStranger;
    const estimate::Estimate e = Of(known, f, estimates);
    Scored s{w, e.quality, e.spread};
    s.trained = known.trained;
    s.tokens = Capped(known.trained ? static_cast<double>(lengths[known.column]) : mean_length, *w, f);
    s.priced = CostOf(f, now, &s);
    dearest = std::max(dearest, s.cost_usd);
    s.bias_usd = -settings_.caution * s.spread * value - settings_.waiting_usd_per_s * Wait(&s);
    all.push_back(s);
  }
  for (Scored& s : all) {
    // Who does not say what it costs may cost as much as the dearest.
    if (!s.priced) s.cost_usd = dearest;
    s.worth_usd = s.quality * value + s.bias_usd - s.cost_usd;
  }
  return all;
}

}  // namespace baton::route
