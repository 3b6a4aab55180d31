// `baton cases`: the review queue of a running Baton, from the command line.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/http.h"

namespace baton::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<Json> Ask(const CasesOptions& options, std::string_view method, const std::string& path,
                 std::string body) {
  TRY(auto reply, Fetch(options.url, method, path, std::move(body)));
  if (reply.status != 200) return ErrorFromReply(reply);
  auto json = Json::parse(reply.body, nullptr, false);
  if (!json.is_object()) return Fail(Code::kBadUpstream, "the answer is no JSON; is this a Baton?");
  return json;
}

void Print(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

std::string Text(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : "";
}

std::string When(const Json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end() || !at->is_number_integer()) return "";
  const std::time_t seconds = at->get<std::time_t>();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

// What comes from a client must not move the reviewer's cursor or change colours.
std::string Harmless(std::string text) {
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) c = '?';
  }
  return text;
}

void PrintMessage(const Json& message) {
  const auto content = message.find("content");
  std::string text;
  if (content != message.end()) text = content->is_string() ? content->get<std::string>() : content->dump();
  if (message.contains("tool_calls")) text += (text.empty() ? "" : "\n") + message["tool_calls"].dump();
  fmt::print("--- {}\n{}\n", Text(message, "role"), Harmless(text));
}

void PrintCase(const Json& c) {
  for (const char* key : {"id", "status", "reason", "exchange", "tenant", "model", "route", "workflow",
                          "step", "claimed_by", "resolved_by"}) {
    const std::string value = Harmless(Text(c, key));
    if (!value.empty()) fmt::print("{:12} {}\n", key, value);
  }
  if (c.contains("data_classes")) fmt::print("{:12} {}\n", "data", c["data_classes"].dump());
  fmt::print("{:12} {}\n{:12} {}\n", "created", When(c, "created"), "expires", When(c, "expires_at"));
  if (c.contains("transcript") && c["transcript"].is_array()) {
    for (const Json& message : c["transcript"]) PrintMessage(message);
  }
  for (const char* key : {"draft", "resolution"}) {
    const std::string value = Harmless(Text(c, key));
    if (!value.empty()) fmt::print("--- {}\n{}\n", key, value);
  }
}

int Say(const CasesOptions& options, const char* action, const char* key) {
  Json body = {{"by", options.by}};
  if (key) body[key] = options.text;
  if (options.force) body["force"] = true;
  auto done = Ask(options, "POST", fmt::format("/admin/cases/{}/{}", options.id, action),
                  body.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!done) return Complain(done.error());
  if (options.json) {
    Print(*done);
  } else {
    fmt::print("{} is {}\n", options.id, Text(*done, "status"));
  }
  return 0;
}

}  // namespace

int CasesList(const CasesOptions& options) {
  std::string path = "/admin/cases?limit=1000";
  if (!options.state.empty()) path += "&state=" + options.state;
  auto list = Ask(options, "GET", path, "");
  if (!list) return Complain(list.error());
  if (options.json) {
    Print((*list)["data"]);
    return 0;
  }
  for (const Json& c : (*list)["data"]) {
    fmt::print("{:28} {:9} {:16} {:12} {}\n", Text(c, "id"), Text(c, "status"), When(c, "created"),
               Harmless(Text(c, "claimed_by")), Harmless(Text(c, "reason")).substr(0, 80));
  }
  if ((*list)["data"].empty()) fmt::print("nothing waits\n");
  return 0;
}

int CasesShow(const CasesOptions& options) {
  auto found = Ask(options, "GET", "/admin/cases/" + options.id, "");
  if (!found) return Complain(found.error());
  if (options.json) {
    Print(*found);
  } else {
    PrintCase(*found);
  }
  return 0;
}

int CasesClaim(const CasesOptions& options) {
  return Say(options, "claim", nullptr);
}
int CasesRelease(const CasesOptions& options) {
  return Say(options, "release", nullptr);
}
int CasesAnswer(const CasesOptions& options) {
  return Say(options, "answer", "text");
}
int CasesReject(const CasesOptions& options) {
  return Say(options, "reject", "reason");
}

}  // namespace baton::cli
