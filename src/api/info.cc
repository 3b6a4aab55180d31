// The small read-only endpoints: models, exchanges, route (dry run), health, metrics, description, start
// page.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/call.h"
#include "api/controls.h"
#include "api/explain.h"
#include "base/ids.h"
#include "provider/dialect.h"

namespace baton::api {
namespace {

using Json = nlohmann::ordered_json;

Json ModelJson(const exchange::Policies& p, const std::string& name, std::int64_t created) {
  const pool::Worker* worker = p.catalogue.Find(name);
  std::string owner = "baton";
  if (worker) owner = worker->simulated ? "simulated" : worker->dialect;
  return {{"id", name}, {"object", "model"}, {"created", created}, {"owned_by", owner}};
}

// Models have no date of their own here; a constant keeps the listing cacheable and the key is required by
// SDKs.
constexpr std::int64_t kModelsCreated = 1'763'769'600;

}  // namespace

Task<void> HandleModels(Call& call, std::string_view name) {
  const auto house = call.deps.house();
  const exchange::Policies& p = *house->policies;
  auto names = p.rules.ModelNames(p.catalogue);
  if (call.principal) std::erase_if(names, [&](const auto& n) { return !call.principal->MayAsk(n); });
  if (!name.empty()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      co_await call.SendError(Fail(
          Code::kNotFound, fmt::format("no model '{}'; GET /v1/models lists them", name), "model_not_found"));
      co_return;
    }
    co_await call.SendJson(200, ModelJson(p, std::string(name), kModelsCreated).dump());
    co_return;
  }
  Json list = {{"object", "list"}, {"data", Json::array()}};
  for (const auto& n : names) list["data"].push_back(ModelJson(p, n, kModelsCreated));
  co_await call.SendJson(200, list.dump());
}

Task<void> HandleExchange(Call& call, std::string_view text) {
  const auto id = ParseExchangeId(text);
  if (!id) {
    co_await call.SendError(
        Fail(Code::kInvalidRequest,
             "an exchange id looks like ex_ and 13 characters, see the x-baton-exchange header",
             "bad_exchange_id"));
    co_return;
  }
  auto record = call.deps.recorder->Find(*id);
  // Another tenant's is not there at all.
  if (record && !call.MaySee(record->tenant))
    record = Fail(Code::kNotFound,
                  fmt::format("no exchange {} is recorded; it may be older than the store's retention",
                              FormatExchangeId(*id)),
                  "exchange_not_found");
  if (!record) {
    co_await call.SendError(record.error());
    co_return;
  }
  co_await call.SendJson(200, record::ToJson(*record));
}

Task<void> HandleRoute(Call& call, std::string_view) {
  auto request = provider::FindClientCodec("openai")->DecodeChat(std::move(call.request.body), {}, false);
  if (!request) {
    co_await call.SendError(request.error());
    co_return;
  }
  bool stripped = false;
  auto controls = ReadControls(call.request.headers, request->metadata, stripped);
  if (!controls) {
    co_await call.SendError(controls.error());
    co_return;
  }
  const auto house = call.deps.house();
  auto explanation = call.deps.conductor->Explain(*house, call.MakeEnvelope(std::move(*controls)), *request);
  if (!explanation) {
    co_await call.SendError(explanation.error());
    co_return;
  }
  co_await call.SendJson(200, ToJson(*explanation));
}

Task<void> HandleHealth(Call& call, std::string_view) {
  co_await call.SendJson(200, R"({"status":"ok"})");
}

Task<void> HandleReady(Call& call, std::string_view) {
  const Health& health = *call.deps.health;
  const bool ready = health.ready && !health.draining;
  const char* status = health.draining ? "draining" : ready ? "ready" : "starting";
  co_await call.SendJson(ready ? 200 : 503, fmt::format(R"({{"status":"{}"}})", status));
}

Task<void> HandleMetrics(Call& call, std::string_view) {
  co_await call.SendText(200, "text/plain; version=0.0.4; charset=utf-8", call.deps.metrics->Text());
}

Task<void> HandleOpenApi(Call& call, std::string_view) {
  // The description of what is here, not a copy of OpenAI's: bodies follow the public specification.
  const auto op = [](const char* summary) {
    return Json{{"summary", summary}, {"responses", {{"200", {{"description", "OK"}}}}}};
  };
  Json doc = {{"openapi", "3.1.0"},
              {"info", {{"title", "Baton"}, {"version", call.deps.version}}},
              {"paths", Json::object()}};
  Json& paths = doc["paths"];
  paths["/v1/chat/completions"]["post"] =
      op("Chat completion, streamed or whole; OpenAI's request and reply");
  paths["/v1/embeddings"]["post"] = op("Embeddings; OpenAI's request and reply");
  paths["/v1/feedback"]["post"] =
      op("A word about an answer: {\"exchange\"} and \"score\" (0 to 1) or \"thumbs\"; may come late, a "
         "repeat is harmless");
  paths["/v1/models"]["get"] = op("Models, routes and workers that may be named in a request");
  paths["/v1/models/{model}"]["get"] = op("One model");
  paths["/v1/route"]["post"] = op("Dry run: what would happen to this chat request, and why");
  paths["/v1/exchanges/{id}"]["get"] = op("Provenance of one exchange");
  paths["/admin/pool"]["get"] = op("Workers with their health");
  paths["/admin/tools/{worker}"]["get"] = op("The tools of a tool worker, with their schemas");
  paths["/admin/policies"]["get"] = op("Which learned policy decides, which candidate waits, how it does");
  paths["/admin/policies"]["post"] =
      op("Keep a router's file (the body) as a candidate; ?name= what people call it");
  paths["/admin/policies/{step}"]["post"] = op("shadow, promote or rollback (docs/promotion.md)");
  paths["/admin/reload"]["post"] = op("Load the configuration again; a bad file changes nothing");
  paths["/admin/costs"]["post"] =
      op("What a call cost after all: {\"by\", \"exchange\", \"call\", \"cost_usd\", \"reason\"}; the record "
         "stays as it was");
  paths["/admin/erase"]["post"] =
      op("Destroy stored content: {\"by\"} and \"tenant\" (all of it) or \"exchange\"; the audit chain stays "
         "in order");
  paths["/v1/cases/{id}"]["get"] =
      op("A request that waits for a person: how it stands; its completion when answered");
  paths["/admin/cases"]["get"] = op("The review queue; ?state=, after=, limit=");
  paths["/admin/cases/{id}"]["get"] = op("One case with its transcript");
  for (const char* action : {"claim", "answer", "reject", "release"}) {
    paths[fmt::format("/admin/cases/{{id}}/{}", action)]["post"] =
        op("A reviewer's word: {\"by\"} and \"text\" or \"reason\"; 409 when another has it");
  }
  paths["/admin/tenants"]["get"] = op("Tenants with their budgets and limits");
  paths["/admin/keys"]["get"] = op("Keys, newest first, without their secrets; ?tenant=");
  paths["/admin/keys"]["post"] =
      op("A new key, shown this once: {\"tenant\"}, and name, project, user, role, "
         "scopes, models, budget, limits, expires_in");
  paths["/admin/keys/{id}/revoke"]["post"] = op("The key is refused from the next request on");
  paths["/admin/keys/{id}/rotate"]["post"] =
      op("A new key for the old one, which works for `overlap` longer");
  paths["/admin/budgets"]["get"] = op("Balances: spent, set aside, presumed spent, left");
  paths["/admin/budgets"]["post"] = op("Correct what is spent: {\"account\", \"usd\", \"tokens\"}");
  paths["/healthz"]["get"] = op("The process lives");
  paths["/readyz"]["get"] = op("The process takes requests");
  paths["/metrics"]["get"] = op("Prometheus text format");
  co_await call.SendJson(200, doc.dump(2));
}

Task<void> HandleIndex(Call& call, std::string_view) {
  co_await call.SendText(200, "text/html; charset=utf-8",
                         R"(<!doctype html><html lang="en"><meta charset="utf-8"><title>Baton</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}code,pre{background:#f3f3f3;color:#111;padding:.1em .3em}</style>
<h1>Baton is running</h1>
<p>Point any OpenAI client at <code>/v1</code> on this address; no key is needed on this machine.</p>
<ul><li><a href="/v1/models">/v1/models</a>: what you may ask for</li><li><a href="/admin/pool">/admin/pool</a>: workers and their health</li>
<li><a href="/metrics">/metrics</a>, <a href="/readyz">/readyz</a>, <a href="/openapi.json">/openapi.json</a></li></ul>
</html>
)");
}

}  // namespace baton::api
