#include "workflow/continuation.h"

#include <algorithm>

#include "chat/assemble.h"
#include "route/tokens.h"
#include "workflow/answer_stream.h"
#include "workflow/step_request.h"

namespace baton::workflow {
namespace {

constexpr std::string_view kGoOn =
    "Your answer above broke off. Go on exactly where it stops, in the middle of a word if need be. Write "
    "only "
    "what is still missing: do not repeat, greet or explain.";

std::string SaidIn(const chat::Response& partial) {
  return partial.choices.empty() ? std::string() : chat::TextOf(partial.choices.front().message);
}

chat::Request GoOn(const chat::Request& asked, const std::string& said) {
  chat::Request r = asked;
  r.raw.clear();
  r.stream = true;
  chat::Message so_far, go_on;
  so_far.role = chat::Role::kAssistant;
  so_far.parts.emplace_back(chat::Text{said, {}});
  go_on.parts.emplace_back(chat::Text{std::string(kGoOn), {}});
  r.messages.push_back(std::move(so_far));
  r.messages.push_back(std::move(go_on));
  if (r.max_tokens) r.max_tokens = std::max<std::int64_t>(*r.max_tokens - route::EstimateTokens(said), 1);
  return r;
}

// The two halves as one answer, with the figures of the second (the first one's are in its call's record).
chat::Response Join(chat::Response first, chat::Response second, const std::string& added) {
  chat::Response whole = std::move(second);
  whole.id = std::move(first.id);
  whole.created = first.created;
  whole.raw.clear();
  if (whole.choices.empty()) whole.choices.emplace_back().message.role = chat::Role::kAssistant;
  chat::Choice& choice = whole.choices.front();
  choice.message.parts.clear();
  choice.message.parts.emplace_back(chat::Text{SaidIn(first) + added, {}});
  choice.logprobs = {};
  return whole;
}

// Marks what passes as made by Baton, so that a stream of passed-through bytes encodes it.
class Made : public chat::Sink {
 public:
  explicit Made(chat::Sink& to) : to_(to) {}
  void Put(chat::Event event) override {
    if (event.kind == chat::Event::Kind::kPassthrough) return;
    event.made = true;
    event.raw.clear();
    to_.Put(std::move(event));
  }
  Task<Status> Flush() override { return to_.Flush(); }

 private:
  chat::Sink& to_;
};

}  // namespace

bool Continuable(const Broken& b) {
  if (!b.sink || b.others.empty() || (b.cancel && b.cancel->fired())) return false;
  if (b.error.code == Code::kCancelled || b.error.code == Code::kOverBudget ||
      b.error.code == Code::kPermissionDenied)  // withheld by a guard
    return false;
  if (b.request.n.value_or(1) != 1 || b.request.logprobs.value_or(false)) return false;
  const auto format = b.request.response_format.kind;
  if (format != chat::ResponseFormat::Kind::kUnset && format != chat::ResponseFormat::Kind::kText)
    return false;
  if (b.partial.choices.size() != 1) return false;
  const auto& parts = b.partial.choices.front().message.parts;
  const auto text = [](const chat::Part& p) {
    return std::holds_alternative<chat::Text>(p) || std::holds_alternative<chat::Reasoning>(p);
  };
  return !parts.empty() && std::all_of(parts.begin(), parts.end(), text) && !SaidIn(b.partial).empty();
}

Task<Continued> Continue(Broken broken, pool::Pool& pool) {
  Continued out;
  const std::string said = SaidIn(broken.partial);
  const chat::Request request = GoOn(broken.request, said);
  Made made(*broken.sink);
  Splice splice(made, said);
  pool::CallSpec spec;
  spec.request = &request;
  spec.candidates = broken.others;
  spec.sink = &splice;
  spec.lease = broken.lease;
  spec.input_tokens = EstimateInput(request);
  spec.cancel = broken.cancel;
  spec.retry = broken.retry;
  pool::CallOutcome outcome = co_await pool.Chat(spec, nullptr);
  out.calls = std::move(outcome.calls);
  for (auto& c : out.calls) c.why += "; continues an answer that broke off";
  out.worker = outcome.worker;
  if (outcome.response) splice.End();
  if (!outcome.response || splice.contradicts()) {
    out.response = std::move(broken.error);
    co_return out;
  }
  (void)co_await splice.Flush();
  out.response = Join(std::move(broken.partial), std::move(*outcome.response), splice.added());
  co_return out;
}

}  // namespace baton::workflow
