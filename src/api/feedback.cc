// POST /v1/feedback: what somebody says about an answer, joined by the exchange's id.
//
// It may come days later and from programs, so a repeat must be harmless (same id, same row), a change of
// mind possible (another name is another row; readers take what they need), and nobody may fill the store
// with it.

#include "record/feedback.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "api/call.h"

namespace baton::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBody = 16 << 10;
constexpr std::string_view kMembers[] = {"exchange", "score", "thumbs", "label", "source", "id"};

Error Bad(std::string_view member, std::string message) {
  return Fail(Code::kInvalidRequest, std::move(message), "bad_feedback", std::string(member));
}

// What ends in records and on terminals: a short name, not prose.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= record::kMaxFeedbackText &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) || std::strchr("_-.:", c); });
}

Result<std::string> NameMember(const Json& body, const char* member) {
  const auto at = body.find(member);
  if (at == body.end() || at->is_null()) return std::string();
  if (at->is_string() && IsName(at->get_ref<const std::string&>())) return at->get<std::string>();
  return Bad(member, fmt::format("\"{}\" must be a name of at most {} letters, digits, '_', '-', '.' or ':'",
                                 member, record::kMaxFeedbackText));
}

// The id as replies carry it, also in the form of a completion's own id.
Result<ExchangeId> ExchangeMember(const Json& body) {
  const auto at = body.find("exchange");
  if (at != body.end() && at->is_string()) {
    std::string_view text = at->get_ref<const std::string&>();
    if (text.starts_with("chatcmpl-")) text.remove_prefix(9);
    if (const auto id = ParseExchangeId(text)) return *id;
  }
  return Bad("exchange",
             "\"exchange\" must be an id like the reply's x-baton-exchange header: ex_ and 13 characters");
}

Result<std::int64_t> ScoreMember(const Json& body) {
  const auto score = body.find("score"), thumbs = body.find("thumbs");
  const bool has_score = score != body.end() && !score->is_null(),
             has_thumbs = thumbs != body.end() && !thumbs->is_null();
  if (has_score == has_thumbs)
    return Bad("score", "give either \"score\" (0 to 1) or \"thumbs\" (\"up\" or \"down\")");
  if (has_thumbs) {
    if (*thumbs == "up") return std::int64_t{1'000'000};
    if (*thumbs == "down") return std::int64_t{0};
    return Bad("thumbs", "\"thumbs\" must be \"up\" or \"down\"");
  }
  const double value = score->is_number() ? score->get<double>() : -1;
  if (!(value >= 0 && value <= 1)) return Bad("score", "\"score\" must be a number from 0 (bad) to 1 (good)");
  return static_cast<std::int64_t>(std::llround(value * 1e6));
}

Status KnownMembers(const Json& body) {
  for (const auto& item : body.items()) {
    if (std::find(std::begin(kMembers), std::end(kMembers), item.key()) != std::end(kMembers)) continue;
    return Bad(item.key().substr(0, 64),
               fmt::format("unknown member; feedback has {} (no free text: records hold no content)",
                           fmt::join(kMembers, ", ")));
  }
  return {};
}

Result<record::Feedback> Read(const std::string& text) {
  if (text.size() > kMaxBody) return Fail(Code::kTooLarge, "feedback is at most 16 KiB", "body_too_large");
  const Json body = Json::parse(text, nullptr, false);
  if (!body.is_object()) return Bad("", R"(send a JSON object like {"exchange": "ex_...", "score": 0.8})");
  TRY_VOID(KnownMembers(body));
  record::Feedback f;
  TRY(f.exchange, ExchangeMember(body));
  TRY(f.score_millionths, ScoreMember(body));
  TRY(f.label, NameMember(body, "label"));
  TRY(const std::string source, NameMember(body, "source"));
  if (!source.empty()) f.source = source;
  const auto& sources = record::kFeedbackSources;
  if (std::find(std::begin(sources), std::end(sources), f.source) == std::end(sources))
    return Bad("source", fmt::format("\"source\" is one of {}", fmt::join(sources, ", ")));
  TRY(f.name, NameMember(body, "id"));
  return f;
}

// Without a name of its own, the same words about the same exchange are the same feedback.
std::string NameOf(const record::Feedback& f, std::string_view idempotency_key) {
  if (!f.name.empty()) return "id:" + f.name;
  if (!idempotency_key.empty()) return fmt::format("key:{}", idempotency_key.substr(0, 128));
  return fmt::format("{}/{}/{}", f.source, f.label, f.score_millionths);
}

std::string Reply(const record::Feedback& f, bool repeated) {
  return Json{
      {"id", record::FeedbackId(f)}, {"object", "feedback"}, {"exchange", FormatExchangeId(f.exchange)},
      {"score", f.score()},          {"label", f.label},     {"source", f.source},
      {"repeated", repeated}}
      .dump();
}

// The exchange must be there and the caller's own: anybody else is told that there is none.
Status MayJudge(const record::Provenance& exchange, const record::Feedback& f) {
  if (exchange.tenant != f.tenant)
    return Fail(Code::kNotFound, fmt::format("no exchange {} is recorded", FormatExchangeId(f.exchange)),
                "exchange_not_found");
  if (exchange.feedback.size() >= record::kMaxFeedback)
    return Fail(Code::kInvalidRequest,
                fmt::format("this exchange has {} pieces of feedback already", record::kMaxFeedback),
                "too_much_feedback");
  return {};
}

Result<std::string> Take(Call& call) {
  TRY(record::Feedback f, Read(call.request.body));
  f.name = NameOf(f, call.request.Header("idempotency-key"));
  f.tenant = call.tenant();
  if (call.principal) f.by = call.principal->key;
  f.at_unix_ns = call.deps.loop->clock().UnixNanos();
  TRY(const record::Provenance exchange, call.deps.recorder->Find(f.exchange));
  const bool repeated = std::any_of(exchange.feedback.begin(), exchange.feedback.end(),
                                    [&](const auto& other) { return other.name == f.name; });
  if (!repeated) {
    TRY_VOID(MayJudge(exchange, f));
    if (!call.deps.recorder->AddFeedback(f))
      return Fail(Code::kOverloaded, "the record of exchanges is full; try again later", "record_queue_full");
  }
  return Reply(f, repeated);
}

}  // namespace

Task<void> HandleFeedback(Call& call, std::string_view) {
  auto taken = Take(call);
  const char* outcome = taken ? "taken" : "refused";
  call.deps.metrics->GetCounter("baton_feedback_total", "Feedback requests.", {{"outcome", outcome}}).Add();
  if (!taken) {
    co_await call.SendError(taken.error());
    co_return;
  }
  co_await call.SendJson(200, std::move(*taken));
}

}  // namespace baton::api
