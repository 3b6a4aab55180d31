#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "api/controls.h"
#include "api/explain.h"
#include "cli/commands.h"
#include "net/client.h"
#include "net/loop.h"
#include "provider/dialect.h"
#include "serve/assemble.h"

namespace baton::cli {
namespace {

Result<std::string> ReadAll(const std::string& path) {
  std::stringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Fail(Code::kNotFound, fmt::format("cannot read {}", path));
    text << file.rdbuf();
  }
  std::string s = text.str();
  s.reserve(s.size() + net::kBodyPadding);
  return s;
}

Result<exchange::Explanation> Explain(const RouteOptions& options) {
  TRY(auto config, config::Load(options.config, config::ProcessEnv()));
  TRY(auto policies, serve::MakePolicies(config));
  TRY(std::string body, ReadAll(options.request));
  TRY(auto request, provider::FindClientCodec("openai")->DecodeChat(std::move(body), {}, false));
  exchange::Envelope envelope;
  bool stripped = false;
  TRY(envelope.controls, api::ReadControls({}, request.metadata, stripped));
  if (stripped) request.raw.clear();

  // The same parts as a server, without a thread, a socket or a model: models stay unloaded, nobody is asked.
  auto loop = net::IoLoop::Create();
  Metrics metrics;
  serve::Engines engines;
  auto client = net::Client::Create(*loop, {});
  serve::HouseDeps deps;
  deps.loop = loop.get();
  deps.client = client.get();
  deps.engines = &engines;
  deps.shared = pool::CreateSharedWorkers(Log::Null());
  auto house = serve::MakeHouse(policies, deps);
  IdSource ids(SystemClock(), 0);
  exchange::Conductor conductor(SystemClock(), ids, nullptr, metrics);
  envelope.received = SystemClock().Now();
  auto explained = conductor.Explain(*house, envelope, request);
  if (!explained) return explained;
  std::string json = api::ToJson(*explained);
  if (options.json) {
    fmt::print("{}\n", json);
    return explained;
  }
  const auto j = nlohmann::json::parse(json);
  if (explained->route) {
    fmt::print("route     {} ({})\nworker    {}\nwhy       {}\n", j["route"].get<std::string>(),
               j["workflow"].get<std::string>(), j["worker"].get<std::string>(),
               j["reason"].get<std::string>());
    fmt::print("then      {}\n", fmt::join(j["candidates"].get<std::vector<std::string>>(), " > "));
    for (const auto& a : j["alternatives"]) fmt::print("not       {}\n", a.get<std::string>());
    for (const auto& l : j["losses"])
      fmt::print("loss      {} {}: {}\n", l["param"].get<std::string>(), l["how"].get<std::string>(),
                 l["note"].get<std::string>());
    if (j.contains("plan")) {
      for (const auto& s : j["plan"]["steps"]) {
        const auto names = [](const nlohmann::json& list) {
          return fmt::format("{}", fmt::join(list.get<std::vector<std::string>>(), ", "));
        };
        std::string line = fmt::format("{} ({})", s["name"].get<std::string>(), s["role"].get<std::string>());
        if (!s["workers"].empty()) line += " by " + names(s["workers"]);
        if (!s["sees"].empty()) line += ", reads " + names(s["sees"]);
        if (s.contains("verify")) line += ", checked by " + names(s["verify"]);
        if (s.contains("when")) line += ", if " + s["when"].get<std::string>();
        if (s["worst_case_usd"].is_string() && s["worst_case_tokens"] != 0)
          line += ", at most $" + s["worst_case_usd"].get<std::string>();
        fmt::print("step      {}\n", line);
      }
    }
    fmt::print(
        "at most   {} ({} tokens in, {} out)\n",
        j["worst_case_usd"].is_string() ? "$" + j["worst_case_usd"].get<std::string>() : "unknown: no price",
        explained->input_tokens, explained->max_output_tokens);
  }
  fmt::print("data      {}\n", fmt::join(explained->data_classes, ", "));
  for (const auto& r : explained->rails_reasons) fmt::print("rails     {}\n", r);
  fmt::print("features  {}\n", j["features"].dump());
  return explained;
}

}  // namespace

int Route(const RouteOptions& options) {
  auto explained = Explain(options);
  if (!explained) return Complain(explained.error());
  if (!explained->route) return options.json ? 1 : Complain(explained->route.error());
  return 0;
}

}  // namespace baton::cli
