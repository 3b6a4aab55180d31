#include "workflow/judge.h"

#include <algorithm>

#include "chat/assemble.h"
#include "verify/choice.h"
#include "workflow/step_request.h"

namespace baton::workflow {
namespace {

chat::Message Say(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.emplace_back(chat::Text{std::move(text), {}});
  return m;
}

}  // namespace

Task<Result<std::string>> Judge::Ask(std::string system, std::string user, std::int64_t max_tokens,
                                     std::vector<std::string> words) {
  chat::Request request;
  request.messages.push_back(Say(chat::Role::kSystem, std::move(system)));
  request.messages.push_back(Say(chat::Role::kUser, std::move(user)));
  request.max_tokens = max_tokens;
  request.temperature = 0;
  const bool held = !words.empty() && worker_->target.can.json_schema;
  if (held) request.response_format = verify::OneOf(words);
  pool::CallSpec spec;
  spec.request = &request;
  spec.candidates = {worker_};
  spec.lease = lease_;
  spec.input_tokens = EstimateInput(request);
  spec.cancel = cancel_;
  spec.retry = retry_;
  pool::CallOutcome outcome = co_await pool_.Chat(spec, nullptr);
  for (auto& c : outcome.calls) {
    c.why = "judge: " + c.why;
    calls_.push_back(std::move(c));
  }
  if (!outcome.response) co_return std::move(outcome.response).error();
  if (outcome.response->choices.empty()) co_return std::string();
  std::string text = chat::TextOf(outcome.response->choices.front().message);
  co_return held ? verify::WordOf(std::move(text)) : std::move(text);
}

Task<Result<std::vector<std::vector<float>>>> Judge::Embed(std::vector<std::string> texts) {
  chat::EmbedRequest request;
  std::int64_t tokens = 0;
  for (const auto& t : texts) tokens += static_cast<std::int64_t>(t.size() / 2);
  request.texts = std::move(texts);
  request.encoding_format = "float";
  std::vector<const pool::Worker*> candidates = {worker_};
  pool::Pool::EmbedOutcome outcome =
      co_await pool_.Embed(request, std::move(candidates), lease_, tokens, cancel_);
  for (auto& c : outcome.calls) {
    c.why = "judge: " + c.why;
    calls_.push_back(std::move(c));
  }
  if (!outcome.response) co_return std::move(outcome.response).error();
  co_return std::move(outcome.response->vectors);
}

void Belief::Add(const verify::Verifier& check, const verify::Judgement& j) {
  if (j.verdict == verify::Verdict::kUnknown) return;
  const verify::ErrorRate rate = check.error_rate();
  const bool accept = j.verdict == verify::Verdict::kAccept;
  if (rate.n > 0 && !rate.of_form) {
    // Counts are finite: no rate is taken to be surer than one in n.
    const double least = 1.0 / (rate.n + 1);
    const double fa = std::clamp(rate.false_accept, least, 1 - least);
    const double fr = std::clamp(rate.false_reject, least, 1 - least);
    odds_ *= accept ? (1 - fr) / fa : fr / (1 - fa);
    measured_ = true;
  }
  score_ = scored_ ? std::min(score_, j.score) : j.score;
  scored_ = true;
}

std::optional<double> Belief::confidence() const {
  if (measured_) return odds_ / (1 + odds_);
  if (scored_) return score_;
  return std::nullopt;
}

}  // namespace baton::workflow
