// `baton replay`: reads a store beside a running server or without one; calls nobody.

#include "replay/replay.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/age.h"
#include "cli/commands.h"
#include "config/config.h"
#include "serve/assemble.h"

namespace baton::cli {
namespace {

Result<replay::Options> OptionsOf(const ReplayOptions& o) {
  replay::Options options;
  options.keep = static_cast<std::size_t>(o.limit);
  options.filter.model = o.model;
  options.filter.worker = o.worker;
  options.filter.route = o.route;
  const std::int64_t now = SystemClock().UnixNanos();
  if (!o.since.empty()) {
    TRY(const Duration age, ParseAge(o.since, "--since"));
    options.filter.since_unix_ns = now - age.count();
  }
  if (!o.until.empty()) {
    TRY(const Duration age, ParseAge(o.until, "--until"));
    options.filter.until_unix_ns = now - age.count();
  }
  options.progress = [](std::int64_t n) {
    if (n % 100'000 == 0) fmt::print(stderr, "{} exchanges\n", n);
  };
  return options;
}

Status Run(const ReplayOptions& o) {
  TRY(const auto config, config::Load(o.config, config::ProcessEnv()));
  TRY(const auto policies, serve::MakePolicies(config));
  TRY(const auto options, OptionsOf(o));
  TRY(const auto log, record::OpenReadOnly(o.store.empty() ? config.store_path : o.store));
  TRY(const auto report,
      replay::Replay(*log, {config.rails, &policies->rules, &policies->catalogue}, options));
  fmt::print("{}", o.json ? replay::ToJson(report) + "\n" : replay::ToText(report));
  return {};
}

}  // namespace

int Replay(const ReplayOptions& options) {
  const Status done = Run(options);
  return done ? 0 : Complain(done.error());
}

}  // namespace baton::cli
