#include "serve/env_server.h"

#include "api/error_reply.h"

namespace baton::serve {
namespace {

// Takes as long for a wrong first letter as for a wrong last one.
bool Equal(std::string_view a, std::string_view b) {
  unsigned char differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    differs |=
        static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]);
  return differs == 0;
}

}  // namespace

bool EnvServer::Admitted(const net::Request& request) const {
  if (token_.empty()) return true;
  std::string_view given = request.Header("authorization");
  if (!given.starts_with("Bearer ")) return false;
  return Equal(given.substr(7), token_.Reveal());
}

Task<Result<std::string>> EnvServer::Answer(net::Request& request) {
  const bool post = request.method == "POST";
  if (request.path == "/health") co_return std::string(R"({"status":"ok"})");
  if (!Admitted(request))
    co_return Fail(Code::kUnauthenticated, "this environment wants 'Authorization: Bearer TOKEN'",
                   "bad_token");
  if (request.path == "/describe" && !post) co_return service_.Describe();
  if (request.path == "/reset" && post) {
    ++counts_.resets;
    co_return service_.Reset(request.body);
  }
  if (request.path == "/score" && post) {
    ++counts_.scores;
    Result<std::string> out = co_await service_.Score(request.body);
    co_return out;
  }
  if (request.path == "/batch" && post) {
    ++counts_.batches;
    Result<std::string> out = co_await service_.Batch(request.body);
    co_return out;
  }
  co_return Fail(Code::kNotFound, "there is GET /health and /describe, POST /reset, /score and /batch",
                 "unknown_path");
}

Task<void> EnvServer::Handle(net::Request& request, net::Reply& reply) {
  const Result<std::string> answer = co_await Answer(request);
  net::HeaderList headers = {{"content-type", "application/json"}};
  int status = 200;
  std::string body;
  if (answer) {
    body = *answer;
  } else {
    ++counts_.refused;
    status = api::Describe(answer.error()).status;
    body = api::ErrorBody(answer.error());
    api::AddErrorHeaders(answer.error(), headers);
  }
  (void)co_await reply.Send(status, headers, body);
}

}  // namespace baton::serve
