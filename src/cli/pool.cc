#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/http.h"

namespace baton::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<Json> FetchPool(const std::string& url) {
  TRY(auto reply, Fetch(url, "GET", "/admin/pool", ""));
  if (reply.status != 200) return ErrorFromReply(reply);
  auto json = Json::parse(reply.body, nullptr, false);
  if (!json.is_object()) return Fail(Code::kBadUpstream, "the answer is no JSON; is this a Baton?");
  return json["data"];
}

}  // namespace

int PoolList(const PoolOptions& options) {
  auto workers = FetchPool(options.url);
  if (!workers) return Complain(workers.error());
  if (options.json) {
    fmt::print("{}\n", workers->dump(2));
    return 0;
  }
  fmt::print("{:20} {:10} {:24} {:9} {:>7} {:>7} {:>8}  {}\n", "worker", "dialect", "model", "health",
             "running", "calls", "failures", "last error");
  for (const auto& w : *workers) {
    fmt::print("{:20} {:10} {:24} {:9} {:>7} {:>7} {:>8}  {}\n", w["name"].get<std::string>(),
               w["dialect"].get<std::string>(),
               w["model"].get<std::string>() + (w["simulated"].get<bool>() ? " (simulated)" : ""),
               w["breaker"].get<std::string>(), w["running"].get<int>(), w["calls"].get<std::uint64_t>(),
               w["failures"].get<std::uint64_t>(), w["last_error"].get<std::string>());
  }
  return 0;
}

int PoolProbe(const PoolOptions& options) {
  std::vector<std::string> names = options.workers;
  if (names.empty()) {
    auto workers = FetchPool(options.url);
    if (!workers) return Complain(workers.error());
    for (const auto& w : *workers) names.push_back(w["name"]);
  }
  int failed = 0;
  Json all = Json::array();
  for (const auto& name : names) {
    const Json body = {
        {"model", name}, {"max_tokens", 1}, {"messages", {{{"role", "user"}, {"content", "ping"}}}}};
    auto reply = Fetch(options.url, "POST", "/v1/chat/completions", body.dump());
    if (!reply) return Complain(reply.error());
    const bool ok = reply->status == 200;
    failed += !ok;
    const std::string what = ok ? "ok" : ErrorFromReply(*reply).message;
    all.push_back({{"worker", name}, {"ok", ok}, {"status", reply->status}, {"message", what}});
    if (!options.json) fmt::print("{:20} {}\n", name, what);
  }
  if (options.json) fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
  return failed == 0 ? 0 : 1;
}

int PoolTools(const PoolOptions& options) {
  Json all = Json::object();
  for (const auto& name : options.workers) {
    auto reply = Fetch(options.url, "GET", "/admin/tools/" + name, "");
    if (!reply) return Complain(reply.error());
    if (reply->status != 200) return Complain(ErrorFromReply(*reply));
    const Json json = Json::parse(reply->body, nullptr, false);
    if (!json.is_object() || !json.contains("data"))
      return Complain(Fail(Code::kBadUpstream, "the answer is no JSON; is this a Baton?"));
    all[name] = json["data"];
    if (options.json) continue;
    for (const auto& tool : json["data"]) {
      const std::string text = tool.value("description", "");
      fmt::print("{:20} {:32} {}\n", name, tool.value("name", ""),
                 text.substr(0, text.find('\n')).substr(0, 100));
    }
  }
  if (options.json) fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
  return 0;
}

}  // namespace baton::cli
