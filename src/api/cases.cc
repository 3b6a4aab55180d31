// The review queue over HTTP: /admin/cases for reviewers, /v1/cases/{id} for the client that was given a
// link.

#include "api/cases.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "api/call.h"
#include "human/desk.h"

namespace baton::api {
namespace {

using nlohmann::json;

// What a reviewer says with a POST.
struct Said {
  std::string by, text, reason;
  bool force = false;
};

Status Take(const json& body, const char* key, std::string* to) {
  const auto at = body.find(key);
  if (at == body.end() || at->is_null()) return {};
  if (!at->is_string())
    return Fail(Code::kInvalidRequest, fmt::format("\"{}\" must be a text", key), "bad_body", key);
  *to = at->get<std::string>();
  return {};
}

constexpr std::size_t kMaxBody = 1 << 20;

Result<Said> ReadBody(const std::string& text) {
  if (text.size() > kMaxBody)
    return Fail(Code::kTooLarge, "a reviewer's word is at most 1 MiB", "body_too_large");
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) {
    return Fail(Code::kInvalidRequest,
                R"(send a JSON object like {"by": "ann", "text": "the answer"}; a rejection has "reason")",
                "bad_body");
  }
  Said said;
  TRY_VOID(Take(body, "by", &said.by));
  TRY_VOID(Take(body, "text", &said.text));
  TRY_VOID(Take(body, "reason", &said.reason));
  said.force = body.value("force", json()) == json(true);
  return said;
}

// ?state=waiting&after=12&limit=50; state=all is everything, none is what has not ended.
Result<human::Filter> ReadFilter(std::string_view query) {
  human::Filter filter;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    const auto number = [&](auto* to) {
      const auto [at, error] = std::from_chars(value.data(), value.data() + value.size(), *to);
      return error == std::errc() && at == value.data() + value.size() && *to >= 0;
    };
    bool good = false;
    if (name == "state") {
      filter.all = value == "all";
      filter.state = human::ParseState(value);
      good = filter.all || filter.state || value.empty();
    } else if (name == "after") {
      good = number(&filter.after);
    } else if (name == "limit") {
      good = number(&filter.limit) && filter.limit >= 1 && filter.limit <= 1000;
    }
    if (!good) {
      return Fail(
          Code::kInvalidRequest,
          "what may be asked: state=waiting|claimed|answered|rejected|expired|cancelled|all, after=SEQ, "
          "limit=1..1000",
          "bad_query", std::string(name));
    }
  }
  return filter;
}

Error NoDesk() {
  return Fail(Code::kUnsupported, "this server has no review queue", "no_human_queue");
}

Error UnknownAction(std::string_view action) {
  return Fail(Code::kNotFound,
              fmt::format("no such action: {}; use claim, answer, reject or release", action),
              "unknown_path");
}

Task<Result<human::Case>> Act(const ApiDeps& deps, std::string id, std::string_view action, Said said) {
  human::Desk& desk = *deps.desk;
  if (action == "claim") return desk.Claim(*deps.loop, std::move(id), std::move(said.by));
  if (action == "answer")
    return desk.Answer(*deps.loop, std::move(id), std::move(said.by), std::move(said.text));
  if (action == "reject")
    return desk.Reject(*deps.loop, std::move(id), std::move(said.by), std::move(said.reason));
  return desk.Release(*deps.loop, std::move(id), std::move(said.by), said.force);
}

}  // namespace

Task<void> HandleCases(Call& call, std::string_view) {
  auto filter = ReadFilter(call.request.query);
  if (!call.deps.desk || !filter) {
    const Error error = filter ? NoDesk() : filter.error();
    co_await call.SendError(error);
    co_return;
  }
  auto cases = co_await call.deps.desk->List(*call.deps.loop, *filter);
  if (!cases) {
    co_await call.SendError(cases.error());
    co_return;
  }
  std::string body = R"({"object":"list","data":[)";
  for (const auto& c : *cases) {
    if (&c != &cases->front()) body += ',';
    body += ReviewerJson(c, false);
  }
  body += fmt::format(R"(],"has_more":{}}})", static_cast<int>(cases->size()) == filter->limit);
  co_await call.SendJson(200, std::move(body));
}

Task<void> HandleCase(Call& call, std::string_view id) {
  if (!call.deps.desk) {
    const Error error = NoDesk();
    co_await call.SendError(error);
    co_return;
  }
  std::string key(id);
  auto found = co_await call.deps.desk->Find(*call.deps.loop, std::move(key));
  if (!found) {
    co_await call.SendError(found.error());
    co_return;
  }
  co_await call.SendJson(200, ReviewerJson(*found, true));
}

Task<void> HandleCaseAction(Call& call, std::string_view arg) {
  const auto slash = arg.find('/');
  const std::string_view action = slash == std::string_view::npos ? "" : arg.substr(slash + 1);
  Result<Said> said = ReadBody(call.request.body);
  std::optional<Error> wrong;
  if (!call.deps.desk) {
    wrong = NoDesk();
  } else if (action != "claim" && action != "answer" && action != "reject" && action != "release") {
    wrong = UnknownAction(action);
  } else if (!said) {
    wrong = said.error();
  }
  if (wrong) {
    co_await call.SendError(*wrong);
    co_return;
  }
  std::string id(arg.substr(0, slash));
  audit::Event event{0, call.Actor(said->by), fmt::format("case_{}", action), id, {}};
  Task<Result<human::Case>> acting = Act(call.deps, std::move(id), action, std::move(*said));
  auto done = co_await acting;
  if (!done) event.detail = fmt::format("refused: {}", done.error().Name());
  (void)call.deps.recorder->Append(std::move(event));
  if (!done) {
    co_await call.SendError(done.error());
    co_return;
  }
  co_await call.SendJson(200, ReviewerJson(*done, false));
}

// The id is the key: whoever was given the link may read how the case stands, and nothing of the review. With
// tenants it is the tenant's all the same.
Task<void> HandleClientCase(Call& call, std::string_view id) {
  if (!call.deps.desk) {
    const Error error = NoDesk();
    co_await call.SendError(error);
    co_return;
  }
  std::string key(id);
  auto found = co_await call.deps.desk->Find(*call.deps.loop, std::move(key));
  if (found && !call.MaySee(found->tenant))
    found = Fail(Code::kNotFound, "there is no such case", "case_not_found");
  if (!found) {
    const Error error = Fail(found.error().code, "there is no such case", found.error().reason);
    co_await call.SendError(error);
    co_return;
  }
  const bool ended = human::Ended(found->state);
  call.status = ended ? 200 : 202;
  net::HeaderList headers = call.Headers("application/json");
  if (!ended) headers.emplace_back("retry-after", "5");
  const std::string body = ClientJson(*found);
  (void)co_await call.reply.Send(call.status, headers, body);
}

}  // namespace baton::api
