#include <nlohmann/json.hpp>

#include "api/cases.h"
#include "base/ids.h"
#include "human/answer.h"
#include "provider/dialect.h"

namespace baton::api {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::int64_t Seconds(std::int64_t nanos) {
  return nanos / 1'000'000'000;
}

Json Base(const human::Case& c) {
  Json out = {
      {"object", "baton.case"}, {"id", c.id}, {"status", human::StateName(c.state)}, {"url", CaseUrl(c.id)}};
  if (c.exchange != 0) out["exchange"] = FormatExchangeId(c.exchange);
  out["created"] = Seconds(c.created_unix_ns);
  out["expires_at"] = Seconds(c.expires_unix_ns);
  if (c.resolved_unix_ns != 0) out["resolved_at"] = Seconds(c.resolved_unix_ns);
  return out;
}

Json Completion(const human::Case& c) {
  provider::ReplyShape shape;
  shape.id = "chatcmpl-" + (c.exchange != 0 ? FormatExchangeId(c.exchange) : c.id);
  shape.model = c.model;
  shape.created = Seconds(c.resolved_unix_ns);
  const chat::Response answer = human::AnswerOf(c.resolution, c.model, shape.created);
  return Json::parse(provider::FindClientCodec("openai")->EncodeChat(answer, shape), nullptr, false);
}

}  // namespace

std::string CaseUrl(const std::string& id) {
  return "/v1/cases/" + id;
}

std::string PendingBody(const std::string& case_id, ExchangeId exchange) {
  Json out = {{"object", "baton.case"}, {"id", case_id}, {"status", "waiting"}, {"url", CaseUrl(case_id)}};
  if (exchange != 0) out["exchange"] = FormatExchangeId(exchange);
  out["message"] = "a person has to look at this request; ask for the url until its status is final";
  return Dump(out);
}

std::string ReviewerJson(const human::Case& c, bool content) {
  Json out = Base(c);
  out["seq"] = c.seq;
  out["reason"] = c.reason;
  out["tenant"] = c.tenant;
  out["model"] = c.model;
  out["route"] = c.route;
  out["workflow"] = c.workflow;
  out["step"] = c.step;
  out["data_classes"] = c.data_classes;
  out["claimed_by"] = c.claimed_by;
  out["resolved_by"] = c.resolved_by;
  if (c.content_deleted) out["content_deleted"] = true;
  if (!content) return Dump(out);
  Json transcript = Json::parse(c.transcript, nullptr, false);
  out["transcript"] = transcript.is_discarded() ? Json(c.transcript) : std::move(transcript);
  out["draft"] = c.draft;
  out["resolution"] = c.resolution;
  return Dump(out);
}

std::string ClientJson(const human::Case& c) {
  Json out = Base(c);
  if (c.state == human::State::kRejected) out["reason"] = c.resolution;
  if (c.state == human::State::kAnswered && !c.content_deleted) out["completion"] = Completion(c);
  if (c.content_deleted) out["content_deleted"] = true;
  return Dump(out);
}

}  // namespace baton::api
