#include "pool/live.h"

#include <string>

namespace baton::pool {
namespace {

// Seconds. From a local model's first token to a long reasoning answer.
const std::vector<double> kDurations = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};

std::string_view EndingName(std::size_t at) {
  constexpr std::string_view kPlain[] = {"ok", "cancelled", "deadline", "lost_race"};
  if (at < std::size(kPlain)) return kPlain[at];
  return provider::FaultName(static_cast<provider::Fault>(at - std::size(kPlain)));
}

}  // namespace

void LiveWorker::ResolveMetrics(Metrics* metrics) {
  if (!metrics) return;
  const std::string& name = worker->name;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i] = metrics->GetCounter("baton_worker_calls_total", "Tries at a worker by how they ended",
                                   {{"worker", name}, {"outcome", std::string(EndingName(i))}});
  }
  in_flight = metrics->GetGauge("baton_worker_in_flight", "Tries that run now", {{"worker", name}});
  const Labels labels = {{"gen_ai_request_model", worker->target.model}, {"worker", name}};
  duration =
      metrics->GetHistogram("gen_ai_client_operation_duration", "Seconds one try took", kDurations, labels);
  first_byte = metrics->GetHistogram("gen_ai_client_time_to_first_byte",
                                     "Seconds until the worker began to answer", kDurations, labels);
}

void Roster::Add(std::unique_ptr<LiveWorker> live) {
  by_address_[live->worker.get()] = live.get();
  by_name_[live->worker->name] = live.get();
  all_.push_back(std::move(live));
}

LiveWorker* Roster::Find(const Worker* worker) const {
  const auto at = by_address_.find(worker);
  return at == by_address_.end() ? Find(std::string_view(worker->name)) : at->second;
}

LiveWorker* Roster::Find(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : at->second;
}

}  // namespace baton::pool
