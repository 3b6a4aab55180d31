#include "route/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimate/family.h"

namespace baton::route {
namespace {

constexpr double kUnknownCost = -1;

std::string Usd(double usd) {
  if (usd < 0.00005) return "$0";
  return usd < 0.01 ? fmt::format("${:.4f}", usd) : fmt::format("${:.3f}", usd);
}

double OutputPrice(const pool::Worker& w, std::int64_t now) {
  const budget::PriceRow* row = w.priced ? w.prices.At(now) : nullptr;
  return row != nullptr ? static_cast<double>(row->output.v) / 1e9 : -1;
}

// What the call would cost with an answer of this length; below zero: nobody knows.
double CostOf(const pool::Worker& w, const Features& f, double output_tokens, std::int64_t now) {
  const budget::PriceRow* row = w.priced ? w.prices.At(now) : nullptr;
  if (row == nullptr) return kUnknownCost;
  const auto out = static_cast<std::int64_t>(output_tokens);
  return static_cast<double>((budget::WorstCase(*row, f.input_tokens, out) + budget::PerCall(*row, 1)).v) /
         1e9;
}

// The answer cannot be longer than the caller or the worker allows.
double Capped(double tokens, const pool::Worker& w, const Features& f) {
  if (f.max_tokens > 0) tokens = std::min(tokens, static_cast<double>(f.max_tokens));
  if (w.target.max_output > 0) tokens = std::min(tokens, static_cast<double>(w.target.max_output));
  return tokens;
}

}  // namespace

std::string FamilyOf(const pool::Worker& worker) {
  return estimate::FamilyOf(worker.target.model.empty() ? worker.name : worker.target.model);
}

std::string Describe(const Scored& s) {
  return fmt::format("P(correct) {:.2f}{}, {}", s.quality, s.trained ? "" : " by its price and family alone",
                     s.priced ? "about " + Usd(s.cost_usd) : std::string("price unknown"));
}

Router::Router(std::shared_ptr<const estimate::RouterModel> model, RouterSettings settings,
               const rails::Catalogue& catalogue, const Clock& clock,
               std::shared_ptr<const Explorer> explorer)
    : model_(std::move(model)), settings_(settings), clock_(clock), explorer_(std::move(explorer)) {
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

std::vector<Scored> Router::Score(std::span<const pool::Worker* const> able, const Features& f,
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
  std::vector<Scored> all;
  double dearest = 0;
  for (const pool::Worker* w : able) {
    const auto it = known_.find(w);
    const bool trained = it != known_.end() && it->second.trained;
    estimate::Estimate e;
    if (trained) {
      e = estimates[it->second.column];
    } else if (it != known_.end() && !it->second.expected.mean.empty()) {
      e = model_->cold.Predict(it->second.expected, f.vector);
    }
    const double tokens =
        Capped(trained ? static_cast<double>(lengths[it->second.column]) : mean_length, *w, f);
    Scored s{w, e.quality, e.spread, CostOf(*w, f, tokens, now), 0, true, trained};
    s.priced = s.cost_usd != kUnknownCost;
    dearest = std::max(dearest, s.cost_usd);
    s.worth_usd = (s.quality - settings_.caution * s.spread) * value -
                  settings_.waiting_usd_per_s * tokens / settings_.output_tokens_per_s;
    all.push_back(s);
  }
  for (Scored& s : all) {
    // Who does not say what it costs may cost as much as the dearest.
    if (!s.priced) s.cost_usd = dearest;
    s.worth_usd -= s.cost_usd;
  }
  return all;
}

Router::Choice Router::Choose(std::span<const pool::Worker* const> able, const Features& f,
                              const rails::Permit& permit) const {
  const double value = permit.controls().quality.value_or(settings_.value_usd);
  Choice c;
  c.ranked = Score(able, f, value);
  const auto left = permit.lease().usd_left();
  const double ceiling = left ? static_cast<double>(left->v) / 1e9 : INFINITY;
  std::stable_sort(c.ranked.begin(), c.ranked.end(), [&](const Scored& a, const Scored& b) {
    const bool fits = a.cost_usd <= ceiling, other = b.cost_usd <= ceiling;
    if (fits != other) return fits;
    // Where nobody fits the cheapest has the best chance with a shorter answer.
    return fits ? a.worth_usd > b.worth_usd : a.cost_usd < b.cost_usd;
  });
  if (explorer_ != nullptr) {
    const Explorer::Drawn drawn = explorer_->Draw(c.ranked, f, permit);
    c.propensity = drawn.propensity;
    if (drawn.index > 0 && drawn.index < c.ranked.size()) {
      const auto first = c.ranked.begin();
      std::rotate(first, first + static_cast<std::ptrdiff_t>(drawn.index),
                  first + static_cast<std::ptrdiff_t>(drawn.index) + 1);
      c.reason = drawn.why + fmt::format(" ({})", Describe(c.ranked.front()));
      return c;
    }
  }
  c.reason = Reason(c, value);
  return c;
}

std::string Router::Reason(const Choice& choice, double value) const {
  const Scored& s = choice.ranked.front();
  // The round number below its estimate that makes it the cheapest above it, if there is one.
  const double floor = std::floor(s.quality * 20) / 20;
  const bool cheapest = std::none_of(choice.ranked.begin() + 1, choice.ranked.end(), [&](const Scored& o) {
    return o.quality >= floor && o.cost_usd < s.cost_usd;
  });
  std::string reason = cheapest && floor > 0
                           ? fmt::format("cheapest worker with P(correct) above {:.2f}", floor)
                           : std::string("most worth for its price");
  reason += fmt::format(" ({})", Describe(s));
  const Scored* better = nullptr;
  for (const Scored& o : choice.ranked) {
    if (o.quality > s.quality + 0.005 && (better == nullptr || o.worth_usd > better->worth_usd)) better = &o;
  }
  if (better == nullptr) return reason;
  const double more = better->cost_usd - s.cost_usd;
  if (more > 0)
    return reason + fmt::format("; {} ({:.2f}) not worth {} more at {} per right answer",
                                better->worker->name, better->quality, Usd(more), Usd(value));
  return reason + fmt::format("; {} ({:.2f}) is less certain", better->worker->name, better->quality);
}

}  // namespace baton::route
