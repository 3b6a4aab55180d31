#include "report/measured.h"

#include <algorithm>

namespace baton::report {
namespace {

// A few names at most: a client that invents models must not fill a report.
constexpr std::size_t kMostSlices = 10'000, kMostNames = 1'000;

void CountName(std::map<std::string, std::int64_t>& to, const std::string& name) {
  if (to.size() < kMostNames || to.contains(name)) ++to[name];
}

void AddCall(Slice& to, const pool::CallRecord& call) {
  ++to.calls;
  if (call.outcome == "ok") {
    ++to.answered;
    to.seconds.Add(std::chrono::duration<double>(call.whole).count());
  }
  if (call.priced) {
    to.cost_usd.Add(static_cast<double>(call.cost.v) * 1e-9);
  } else {
    ++to.unpriced;
  }
}

void Merge(const Sampled& from, Sampled& to) {
  for (const double v : from.values()) to.Add(v);
}

}  // namespace

void Sampled::Add(double value) {
  ++count_;
  sum_ += value;
  if (values_.size() < kMost) {
    values_.push_back(value);
  } else if (const auto at = random_.Below(static_cast<std::uint64_t>(count_)); at < kMost) {
    values_[at] = value;
  }
}

Slice Measured::Of(const std::string& worker) const {
  Slice all;
  for (const auto& [key, s] : slices) {
    if (std::get<0>(key) != worker) continue;
    all.calls += s.calls;
    all.answered += s.answered;
    all.judged += s.judged;
    all.accepted += s.accepted;
    all.unpriced += s.unpriced;
    Merge(s.feedback, all.feedback);
    Merge(s.cost_usd, all.cost_usd);
    Merge(s.seconds, all.seconds);
  }
  return all;
}

void Measured::Add(const record::Provenance& r) {
  ++exchanges;
  cost += r.cost;
  feedback += static_cast<std::int64_t>(r.feedback.size());
  degraded += !r.degraded.empty();
  unpriced += r.unpriced;
  with_digest += !r.prompt_digest.empty();
  const std::int64_t at = ExchangeUnixNanos(r.id);
  first_unix_ns = first_unix_ns == 0 ? at : std::min(first_unix_ns, at);
  last_unix_ns = std::max(last_unix_ns, at);
  CountName(outcomes, r.outcome);
  CountName(classes, r.data_classes);
  CountName(routes, r.route);
  CountName(workflows, r.workflow);
  if (!r.contract.empty()) CountName(contracts, r.contract);
  const auto slice_of = [&](const std::string& worker) -> Slice* {
    const SliceKey key{worker, r.task, r.contract};
    if (slices.size() >= kMostSlices && !slices.contains(key)) return nullptr;
    return &slices[key];
  };
  for (const auto& call : r.calls) {
    if (Slice* s = slice_of(call.worker)) AddCall(*s, call);
  }
  Slice* answered = r.worker.empty() ? nullptr : slice_of(r.worker);
  if (!answered) return;
  for (const auto& f : r.feedback) answered->feedback.Add(f.score());
  // The verdict on the step whose call won.
  std::size_t next = 0;
  for (const auto& step : r.steps) {
    const std::size_t end =
        std::min(r.calls.size(), next + static_cast<std::size_t>(std::max(0, step.calls)));
    const bool won =
        std::any_of(r.calls.begin() + static_cast<std::ptrdiff_t>(next),
                    r.calls.begin() + static_cast<std::ptrdiff_t>(end), [](auto& c) { return c.winner; });
    next = end;
    if (!won || step.verdict.empty()) continue;
    ++answered->judged;
    answered->accepted += step.verdict == "accept";
  }
}

Status EachExchange(const record::Recorder& store, record::LogFilter filter,
                    const std::function<Status(const record::Provenance&)>& take) {
  filter.limit = 1'000;
  for (;;) {
    TRY(const auto page, store.List(filter));
    for (const auto& r : page) TRY_VOID(take(r));
    if (page.size() < 1'000) return {};
    filter.before = page.back().id;
  }
}

Result<Measured> Measure(const record::Recorder& store, const record::LogFilter& filter) {
  Measured measured;
  TRY_VOID(EachExchange(store, filter, [&](const record::Provenance& r) {
    measured.Add(r);
    return Status();
  }));
  return measured;
}

}  // namespace baton::report
