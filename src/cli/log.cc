// `baton log`: reads the store, beside a running server or without one.

#include <fmt/format.h>

#include <cstdio>

#include "cli/age.h"
#include "cli/commands.h"
#include "cli/log_view.h"
#include "config/config.h"
#include "record/recorder.h"

namespace baton::cli {
namespace {

Result<std::string> StorePath(const LogOptions& options) {
  if (!options.store.empty()) return options.store;
  if (options.config.empty()) return std::string("baton.db");
  TRY(auto config, config::Load(options.config, config::ProcessEnv()));
  return config.store_path;
}

Result<record::LogFilter> FilterOf(const LogOptions& options) {
  record::LogFilter filter;
  filter.model = options.model;
  filter.worker = options.worker;
  filter.route = options.route;
  filter.contract = options.contract;
  filter.tenant = options.tenant;
  filter.errors_only = options.errors;
  if (!options.since.empty()) {
    TRY(const Duration age, ParseAge(options.since, "--since"));
    filter.since_unix_ns = SystemClock().UnixNanos() - age.count();
  }
  return filter;
}

Status ShowOne(const record::Recorder& store, const LogOptions& options) {
  const auto id = ParseExchangeId(options.id);
  if (!id)
    return Fail(Code::kInvalidRequest,
                fmt::format("'{}' is no exchange id; they look like ex_0123456789abc", options.id));
  TRY(const auto record, store.Find(*id));
  if (options.json)
    fmt::print("{}\n", record::ToJson(record));
  else
    fmt::print("{}", RenderTree(record, ViewOptionsFor(1)));
  return {};
}

Status ShowMany(const record::Recorder& store, const LogOptions& options) {
  TRY(record::LogFilter filter, FilterOf(options));
  std::vector<record::Provenance> all;
  // The store gives at most a thousand at a time.
  for (int left = options.limit; left > 0;) {
    filter.limit = std::min(left, 1000);
    TRY(auto page, store.List(filter));
    if (page.empty()) break;
    left -= static_cast<int>(page.size());
    filter.before = page.back().id;
    if (options.json) {
      for (const auto& r : page) fmt::print("{}\n", record::ToJson(r));
    } else {
      std::move(page.begin(), page.end(), std::back_inserter(all));
    }
  }
  if (options.json) return {};
  filter.before = 0;
  TRY(const auto totals, store.Sum(filter));
  fmt::print("{}{}\n", RenderList(all, ViewOptionsFor(1)), RenderTotals(totals));
  return {};
}

}  // namespace

int ShowLog(const LogOptions& options) {
  auto path = StorePath(options);
  if (!path) return Complain(path.error());
  auto store = record::OpenReadOnly(*path);
  if (!store) return Complain(store.error());
  const Status done = options.id.empty() ? ShowMany(**store, options) : ShowOne(**store, options);
  return done ? 0 : Complain(done.error());
}

}  // namespace baton::cli
