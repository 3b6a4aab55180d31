// /admin: the operator's JSON.

#include <nlohmann/json.hpp>

#include "api/call.h"

namespace baton::api {

using Json = nlohmann::ordered_json;

Task<void> HandleReload(Call& call, std::string_view) {
  auto done = co_await call.deps.reload();
  if (!done) {
    co_await call.SendError(done.error());
    co_return;
  }
  Json body;
  body["status"] = "reloaded";
  body["message"] = *done;
  co_await call.SendJson(200, body.dump());
}

Task<void> HandlePool(Call& call, std::string_view) {
  const auto house = call.deps.house();
  Json list = Json::array();
  for (const auto& s : house->pool->Status()) {
    const pool::Worker* w = house->pool->Find(s.name);
    list.push_back({{"name", s.name},
                    {"dialect", w ? w->dialect : ""},
                    {"model", w ? w->target.model : ""},
                    {"simulated", w && w->simulated},
                    {"breaker", pool::BreakerName(s.breaker)},
                    {"running", s.running},
                    {"waiting", s.waiting},
                    {"calls", s.calls},
                    {"failures", s.failures},
                    {"first_byte_ms", s.ewma_first_byte_ms},
                    {"last_error", s.last_error}});
  }
  Json body;
  body["object"] = "list";
  body["data"] = std::move(list);
  co_await call.SendJson(200, body.dump(2, ' ', false, Json::error_handler_t::replace));
}

// Asks the worker, and so may start its server.
Task<void> HandleTools(Call& call, std::string_view name) {
  const auto house = call.deps.house();
  const pool::Worker* worker = house->pool->Find(name);
  Result<std::vector<chat::Tool>> tools =
      Fail(Code::kNotFound, "there is no such worker; GET /admin/pool lists them", "unknown_worker");
  if (worker) tools = co_await house->pool->Tools(*worker, &call.reply.gone());
  if (!tools) {
    co_await call.SendError(tools.error());
    co_return;
  }
  Json list = Json::array();
  for (const auto& t : *tools) {
    Json schema = Json::parse(t.parameters.text, nullptr, false);
    list.push_back({{"name", t.name},
                    {"description", t.description},
                    {"parameters", schema.is_discarded() ? Json() : std::move(schema)}});
  }
  Json body;
  body["object"] = "list";
  body["data"] = std::move(list);
  co_await call.SendJson(200, body.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace baton::api
