// /admin/policies: which learned policy decides, which candidate waits, and the steps between
// (docs/promotion.md).

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/call.h"

namespace baton::api {
namespace {

using Json = nlohmann::json;
using What = learn::Command::What;

constexpr std::size_t kMaxWords = 4096, kMaxName = 128;

// What is awaited has a name: g++ 12 destroys arguments of a temporary task twice.
Task<void> Do(Call& call, learn::Command& command) {
  if (!call.deps.policies) {
    const Error none = Fail(Code::kUnsupported, "this server learns nothing", "no_learning");
    co_await call.SendError(none);
    co_return;
  }
  const int status = command.what == What::kInstall ? 201 : 200;
  Task<Result<std::string>> asked = call.deps.policies(std::move(command));
  auto done = co_await asked;
  if (done) {
    co_await call.SendJson(status, std::move(*done));
  } else {
    co_await call.SendError(done.error());
  }
}

Error Bad(std::string message, std::string member) {
  return Fail(Code::kInvalidRequest, std::move(message), "bad_body", std::move(member));
}

Result<learn::Command> ReadStep(std::string_view step, const std::string& text) {
  learn::Command c;
  if (step == "shadow") {
    c.what = What::kShadow;
  } else if (step == "promote") {
    c.what = What::kPromote;
  } else if (step == "rollback") {
    c.what = What::kRollback;
  } else {
    return Fail(Code::kNotFound,
                fmt::format("no such step: {}; use shadow, promote or rollback", step.substr(0, 40)),
                "unknown_path");
  }
  if (text.empty()) return c;
  const Json body = text.size() <= kMaxWords ? Json::parse(text, nullptr, false) : Json();
  if (!body.is_object()) return Bad("the body is a small JSON object", "");
  for (const auto& [key, value] : body.items()) {
    if (key == "policy" && value.is_string()) {
      c.policy = value.get<std::string>();
    } else if (key == "share" && value.is_number()) {
      c.share = value.get<double>();
    } else if (key == "force" && value.is_boolean()) {
      c.force = value.get<bool>();
    } else if (key == "by" && value.is_string()) {
      c.by = value.get<std::string>().substr(0, kMaxName);
    } else {
      return Bad(R"(members are "policy" (text), "share" (number), "force" (true or false), "by" (text))",
                 key);
    }
  }
  return c;
}

// The `name` of "?name=router.bin": letters, digits and . _ - alone, so there is nothing to unescape.
Result<std::string> NameIn(std::string_view query) {
  if (query.empty()) return std::string("policy");
  constexpr std::string_view kKey = "name=";
  const std::string_view name = query.starts_with(kKey) ? query.substr(kKey.size()) : "";
  const bool plain =
      !name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
      });
  if (plain) return std::string(name);
  return Fail(Code::kInvalidRequest,
              "what may be asked: name=ROUTER.BIN, of letters, digits, '.', '_' and '-'", "bad_query",
              "name");
}

}  // namespace

Task<void> HandlePolicies(Call& call, std::string_view) {
  learn::Command show;
  co_await Do(call, show);
}

Task<void> HandlePolicyInstall(Call& call, std::string_view) {
  auto name = NameIn(call.request.query);
  if (!name) {
    co_await call.SendError(name.error());
    co_return;
  }
  learn::Command c;
  c.what = What::kInstall;
  c.name = std::move(*name);
  c.bytes = std::move(call.request.body);
  c.by = call.Actor();
  co_await Do(call, c);
}

Task<void> HandlePolicyStep(Call& call, std::string_view step) {
  auto c = ReadStep(step, call.request.body);
  if (!c) {
    co_await call.SendError(c.error());
    co_return;
  }
  c->by = call.Actor(c->by);
  co_await Do(call, *c);
}

}  // namespace baton::api
