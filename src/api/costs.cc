// POST /admin/costs: what a call cost after all. A worker's bill differs from its price list, a dispute ends,
// a price was not known: the record of the call stays as it was, the correction is an event of the audit log,
// and cost exports show both.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/call.h"

namespace baton::api {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxBody = 16 << 10, kMaxText = 256;

struct Said {
  std::string by, reason;
  ExchangeId exchange = 0;
  int call = 0;
  budget::Nanos cost;
};

Error Bad(const char* name, const char* want) {
  return Fail(Code::kInvalidRequest, fmt::format("\"{}\" must be {}", name, want), "bad_body", name);
}

Result<std::string> Text(const json& body, const char* name) {
  const auto at = body.find(name);
  if (at != body.end() && at->is_string() && !at->get_ref<const std::string&>().empty() &&
      at->get_ref<const std::string&>().size() <= kMaxText)
    return at->get<std::string>();
  return Bad(name, "a text of 1 to 256 bytes");
}

Result<Said> Read(const std::string& text) {
  const json body = text.size() > kMaxBody ? json() : json::parse(text, nullptr, false);
  if (!body.is_object())
    return Fail(
        Code::kInvalidRequest,
        R"(send a JSON object like {"by": "ann", "exchange": "ex_...", "call": 0, "cost_usd": "0.0123", "reason": "invoice"})",
        "bad_body");
  Said said;
  TRY(said.by, Text(body, "by"));
  TRY(said.reason, Text(body, "reason"));
  TRY(const std::string exchange, Text(body, "exchange"));
  const auto id = ParseExchangeId(exchange);
  if (!id) return Bad("exchange", "an id like ex_ and 13 characters");
  said.exchange = *id;
  TRY(const std::string usd, Text(body, "cost_usd"));
  const auto cost = budget::ParseUsd(usd);
  if (!cost || cost->v < 0) return Bad("cost_usd", "an amount in dollars as a text, like \"0.0123\"");
  said.cost = *cost;
  if (body.contains("call")) {
    if (!body["call"].is_number_integer() || body["call"].get<std::int64_t>() < 0 ||
        body["call"].get<std::int64_t>() > 1000)
      return Bad("call", "the number of a call of that exchange, from 0");
    said.call = body["call"].get<int>();
  }
  return said;
}

Status Take(Call& call) {
  TRY(const Said said, Read(call.request.body));
  TRY(const auto exchange, call.deps.recorder->Find(said.exchange));
  if (said.call >= static_cast<int>(exchange.calls.size()))
    return Fail(Code::kNotFound,
                fmt::format("this exchange has {} calls, counted from 0", exchange.calls.size()),
                "call_not_found", "call");
  const auto& was = exchange.calls[static_cast<std::size_t>(said.call)];
  const json detail{{"call", said.call},
                    {"cost_nanos", said.cost.v},
                    {"was_nanos", was.priced ? json(was.cost.v) : json()},
                    {"reason", said.reason}};
  if (call.deps.recorder->Append({0, call.Actor(said.by), "cost_correction", FormatExchangeId(said.exchange),
                                  detail.dump(-1, ' ', false, json::error_handler_t::replace)}))
    return {};
  return Fail(Code::kOverloaded, "the record of exchanges is full; try again later", "record_queue_full");
}

}  // namespace

Task<void> HandleCosts(Call& call, std::string_view) {
  Status done = Take(call);
  if (!done) {
    co_await call.SendError(done.error());
    co_return;
  }
  co_await call.SendJson(200, R"({"status":"corrected"})");
}

}  // namespace baton::api
