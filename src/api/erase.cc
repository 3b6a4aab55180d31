// POST /admin/erase: content goes, the record that it was there stays.

#include <nlohmann/json.hpp>

#include "api/call.h"

namespace baton::api {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxBody = 16 << 10, kMaxName = 256;

Result<std::string> Text(const json& body, const char* name) {
  const auto at = body.find(name);
  if (at == body.end() || at->is_null()) return std::string();
  if (at->is_string() && at->get_ref<const std::string&>().size() <= kMaxName) return at->get<std::string>();
  return Fail(Code::kInvalidRequest, std::string("\"") + name + "\" must be a text of at most 256 bytes",
              "bad_body", name);
}

Result<record::Erasure> Read(const std::string& text) {
  const json body = text.size() > kMaxBody ? json() : json::parse(text, nullptr, false);
  if (!body.is_object())
    return Fail(Code::kInvalidRequest, R"(send a JSON object like {"by": "ann", "tenant": "acme"})",
                "bad_body");
  record::Erasure e;
  TRY(e.by, Text(body, "by"));
  TRY(e.tenant, Text(body, "tenant"));
  TRY(const std::string exchange, Text(body, "exchange"));
  if (e.by.empty()) return Fail(Code::kInvalidRequest, "say who asks for it: \"by\"", "bad_body", "by");
  if (e.tenant.empty() == exchange.empty())
    return Fail(Code::kInvalidRequest, "name either a \"tenant\" or an \"exchange\"", "bad_body", "tenant");
  if (exchange.empty()) return e;
  const auto id = ParseExchangeId(exchange);
  if (!id)
    return Fail(Code::kInvalidRequest, "an exchange id looks like ex_ and 13 characters", "bad_exchange_id",
                "exchange");
  e.exchange = *id;
  return e;
}

}  // namespace

Task<void> HandleErase(Call& call, std::string_view) {
  auto erasure = Read(call.request.body);
  Status done;
  if (erasure) {
    erasure->by = call.Actor(erasure->by);
    erasure->at_unix_ns = call.deps.loop->clock().UnixNanos();
    record::Erasure what = *erasure;
    Task<Status> erasing = call.deps.erase(std::move(what));
    done = co_await erasing;
  } else {
    done = erasure.error();
  }
  if (!done) {
    co_await call.SendError(done.error());
    co_return;
  }
  co_await call.SendJson(200, R"({"status":"erased"})");
}

}  // namespace baton::api
