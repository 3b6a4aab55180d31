// Contracts: a name of their own, a policy that leads somewhere and is no worker, checks that can be made.

#include <fmt/format.h>

#include <algorithm>

#include "config/draft.h"

namespace baton::config {
namespace {

template <class List>
bool Holds(const List& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.v.name == name; });
}

bool IsWorker(const RootDraft& draft, const std::string& name) {
  return std::any_of(draft.workers.begin(), draft.workers.end(),
                     [&](const auto& w) { return w.name == name; });
}
bool IsRoute(const RootDraft& draft, const std::string& name) {
  return std::any_of(draft.routes.begin(), draft.routes.end(), [&](const auto& r) { return r.name == name; });
}

void CheckPolicy(const RootDraft& draft, const ContractDraft& c, Problems* problems) {
  const std::string& policy = c.v.policy;
  if (IsWorker(draft, policy)) {
    return problems->Add(
        c.At("policy"),
        fmt::format("contract '{}' names the worker '{}': a contract says what is wanted, never who "
                    "answers; make a route that uses it and name that",
                    c.v.name, policy));
  }
  if (policy == "baton" || policy == "baton-mini" || policy == "baton-ultra" || IsRoute(draft, policy) ||
      Holds(draft.workflows, policy))
    return;
  problems->Add(c.At("policy"),
                fmt::format("contract '{}': there is no route or workflow '{}'", c.v.name, policy));
}

void CheckName(const RootDraft& draft, const ContractDraft& c, Problems* problems) {
  const std::string& name = c.v.name;
  if (IsWorker(draft, name) || IsRoute(draft, name) || Holds(draft.workflows, name) ||
      name.starts_with("baton"))
    problems->Add(c.At("name"),
                  fmt::format("'{}' is the name of something else: call the contract otherwise", name));
}

}  // namespace

void BuildContracts(const RootDraft& draft, Problems* problems, Config* config) {
  std::vector<workflow::ContractSettings> good;
  for (const ContractDraft& c : draft.contracts) {
    if (c.v.name.empty()) continue;  // told as missing
    CheckName(draft, c, problems);
    CheckPolicy(draft, c, problems);
    workflow::ContractSettings s = c.v;
    s.verify = c.quality.verify;
    s.confidence = c.quality.confidence;
    s.repairs = static_cast<int>(c.quality.repairs);
    s.usd = c.ceiling.usd;
    s.tokens = c.ceiling.tokens;
    s.time = c.ceiling.time;
    // One at a time, so that each is told at its place.
    if (auto alone = workflow::Contracts::Build({s}); !alone) {
      problems->Add(c.place, alone.error().message);
      continue;
    }
    config->routes.workflows.push_back(s.name);  // a model name for clients
    good.push_back(std::move(s));
  }
  auto all = workflow::Contracts::Build(std::move(good));
  if (!all) return problems->Add({}, all.error().message);
  config->contracts = std::move(*all);
}

}  // namespace baton::config
