// `baton shadow | promote | rollback`: learned policies of a running Baton (docs/promotion.md).

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/commands.h"
#include "cli/http.h"

namespace baton::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<Json> Ask(const PolicyOptions& o, std::string_view method, const std::string& path, std::string body) {
  TRY(auto reply, Fetch(o.url, method, path, std::move(body)));
  if (reply.status != 200 && reply.status != 201) return ErrorFromReply(reply);
  auto json = Json::parse(reply.body, nullptr, false);
  if (!json.is_object()) return Fail(Code::kBadUpstream, "the answer is no JSON; is this a Baton?");
  return json;
}

std::string Text(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : "";
}

double Number(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_number() ? at->get<double>() : 0;
}

void PrintInterval(const char* name, const Json& j) {
  fmt::print("  {:6} {:.3f} ({:.3f} to {:.3f})\n", name, Number(j, "value"), Number(j, "low"),
             Number(j, "high"));
}

void PrintState(const Json& s) {
  const std::string candidate = Text(s, "candidate");
  fmt::print("stage      {}{}\n", Text(s, "stage"),
             candidate.empty() ? "" : fmt::format(", candidate {}", candidate));
  fmt::print("configured {}\n", Text(s, "configured").empty() ? "no policy" : Text(s, "configured"));
  if (s.contains("in_place")) {
    for (const auto& [slice, policy] : s["in_place"].items())
      fmt::print("in place   {}: {}\n", slice, policy.is_string() ? policy.get<std::string>() : "");
  }
  if (s.contains("share")) {
    fmt::print("canary     {:.1f} % of the requests{}\n", 100 * Number(s, "share"),
               Text(s, "single").empty() ? "" : fmt::format(", as many to {}", Text(s, "single")));
    for (const Json& v : s["slices"])
      fmt::print("  {:16} {:8} {:6.0f} ratings; {}\n", Text(v, "slice"),
                 v.value("passes", false)  ? "passes"
                 : v.value("harms", false) ? "harms"
                                           : "waits",
                 Number(v, "rewards"), Text(v, "reason"));
  }
  if (s.contains("estimate")) {
    const Json& e = s["estimate"];
    fmt::print("estimate   from {:.0f} rated requests; earned {:.3f}\n", Number(e, "rated"),
               Number(e, "own"));
    if (e.contains("refused")) fmt::print("  none: {}\n", Text(e, "why"));
    for (const char* name : {"ips", "snips", "dr"}) {
      if (e.contains(name)) PrintInterval(name, e[name]);
    }
  }
  fmt::print("today      exploring ${}, shadow runs ${}\n", Text(s, "explore_usd_today"),
             Text(s, "shadow_usd_today"));
  if (s.contains("policies")) {
    for (const Json& p : s["policies"]) fmt::print("kept       {}  {}\n", Text(p, "policy"), Text(p, "name"));
  }
}

int Tell(const PolicyOptions& o, const Result<Json>& done) {
  if (!done) return Complain(done.error());
  if (o.json) {
    fmt::print("{}\n", done->dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    PrintState(*done);
  }
  return 0;
}

// A name that the query string can carry as it is.
std::string PlainName(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string().substr(0, 128);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-') c = '_';
  }
  return name.empty() ? "policy" : name;
}

// The version of the candidate: as it was named, or of the file that is handed in.
Result<std::string> Hand(const PolicyOptions& o) {
  if (!std::filesystem::exists(o.what) && o.what.starts_with("router-")) return o.what;
  std::ifstream file(o.what, std::ios::binary);
  if (!file) return Fail(Code::kNotFound, fmt::format("cannot read {}", o.what));
  std::stringstream bytes;
  bytes << file.rdbuf();
  TRY(const Json installed, Ask(o, "POST", "/admin/policies?name=" + PlainName(o.what), bytes.str()));
  return Text(installed, "policy");
}

std::string Body(const PolicyOptions& o, Json members) {
  if (!o.by.empty()) members["by"] = o.by;
  return members.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

int Shadow(const PolicyOptions& o) {
  if (o.what.empty()) return Tell(o, Ask(o, "GET", "/admin/policies", ""));
  const auto policy = Hand(o);
  if (!policy) return Complain(policy.error());
  return Tell(o, Ask(o, "POST", "/admin/policies/shadow", Body(o, {{"policy", *policy}})));
}

int Promote(const PolicyOptions& o) {
  Json members = Json::object();
  if (o.share > 0) members["share"] = o.share;
  if (o.force) members["force"] = true;
  return Tell(o, Ask(o, "POST", "/admin/policies/promote", Body(o, std::move(members))));
}

int Rollback(const PolicyOptions& o) {
  return Tell(o, Ask(o, "POST", "/admin/policies/rollback", Body(o, Json::object())));
}

}  // namespace baton::cli
