#include "cli/http.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "net/client.h"
#include "net/loop.h"

namespace baton::cli {
namespace {

struct Job {
  net::Url url;
  std::string_view method;
  std::string path, body;
  net::HeaderList headers;
  std::function<void(std::string_view)> on_data;
  Result<Fetched> result = Error{};
};

constexpr std::size_t kMaxReply = 64 * 1024 * 1024;

Task<Result<Fetched>> Exchange(net::IoLoop& loop, Job& job) {
  auto client = net::Client::Create(loop, {});
  net::ClientRequest request;
  request.method = job.method;
  request.target = job.url.path + job.path;
  request.headers = std::move(job.headers);
  request.body = std::move(job.body);
  net::PhaseTimeouts timeouts;
  timeouts.first_byte = timeouts.between_bytes = std::chrono::minutes(10);
  Cancel cancel;
  CO_TRY(auto response, co_await client->Send(job.url.origin, std::move(request), timeouts, &cancel));
  Fetched out;
  out.status = response->status();
  for (const auto& h : response->headers()) out.headers.emplace_back(h.name, h.value);
  if (out.status == 200 && job.on_data) {
    for (;;) {
      CO_TRY(std::string_view piece, co_await response->Read());
      if (piece.empty()) break;
      job.on_data(piece);
    }
  } else {
    CO_TRY(out.body, co_await response->ReadAll(kMaxReply));
  }
  response.reset();  // before the client and the cancel it refers to
  co_return out;
}

Task<void> Run(net::IoLoop& loop, Job& job) {
  job.result = co_await Exchange(loop, job);
}

}  // namespace

Result<Fetched> Fetch(const std::string& base_url, std::string_view method, const std::string& path,
                      std::string body, net::HeaderList headers,
                      std::function<void(std::string_view)> on_data) {
  Job job;
  TRY(job.url, net::ParseUrl(base_url));
  job.method = method;
  job.path = path;
  job.body = std::move(body);
  job.headers = std::move(headers);
  // A server with tenants asks for a key; it comes from the environment, so that no command line shows it.
  if (const char* key = std::getenv("BATON_KEY"); key != nullptr && *key != '\0')
    job.headers.emplace_back("authorization", std::string("Bearer ") + key);
  if (!job.body.empty()) job.headers.emplace_back("content-type", "application/json");
  job.on_data = std::move(on_data);
  net::RunBlocking([&job](net::IoLoop& loop) { return Run(loop, job); });
  if (!job.result && job.result.error().reason == "connect_refused") {
    return Fail(
        Code::kUnavailable,
        fmt::format(
            "nothing answers at {}; start one with 'baton serve --config FILE', or name another with --url",
            base_url),
        "connect_refused");
  }
  return std::move(job.result);
}

Error ErrorFromReply(const Fetched& reply) {
  const auto json = nlohmann::json::parse(reply.body, nullptr, false);
  if (json.is_object() && json.contains("error") && json["error"].is_object()) {
    const auto& e = json["error"];
    const std::string code =
        e.value("code", nlohmann::json()).is_string() ? e["code"].get<std::string>() : "";
    return Fail(Code::kInvalidRequest,
                fmt::format("{} (HTTP {}{}{})", e.value("message", std::string("no message")), reply.status,
                            code.empty() ? "" : ", ", code));
  }
  return Fail(Code::kBadUpstream, fmt::format("HTTP {}: {}", reply.status, reply.body.substr(0, 200)));
}

}  // namespace baton::cli
