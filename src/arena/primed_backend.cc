#include "arena/primed_backend.h"

#include <algorithm>

#include "arena/forwarding.h"
#include "chat/assemble.h"
#include "pool/prompt.h"

namespace baton::arena {
namespace {

// The task lines are those of conduct/coordinator.cc in fewer words: a model of this size copies forms, it
// does not follow instructions.
constexpr const char* kExamples =
    "Question: What is the capital of France?\n\n"
    "Task: answer the question, briefly.\n"
    "Answer: Paris\n\n"
    "Question: Tim is heavier than Una. Una is heavier than Vic. Who is the lightest?\n\n"
    "Task: answer the question, briefly.\n"
    "Answer: Vic\n\n"
    "Question: A baker fills 6 trays with 9 rolls each and sells 14 rolls. How many rolls are left over?\n\n"
    "Task: do not answer yet. Write down, between backticks, the one expression that settles it.\n"
    "Answer: `6 * 9 - 14`";

// A planner's task asks for lists over several lines.
bool WantsLines(const chat::Request& r) {
  return r.messages.empty() || chat::TextOf(r.messages.back()).find("access_list") != std::string::npos;
}

class PrimedWorker : public Forwarding {
 public:
  using Forwarding::Forwarding;

  Task<pool::AttemptResult> Chat(const pool::Attempt& attempt) override {
    const chat::Request primed = Primed(*attempt.request);
    pool::Attempt own = attempt;
    own.request = &primed;
    pool::AttemptResult out = co_await inner_->Chat(own);
    co_return out;
  }
};

}  // namespace

chat::Request Primed(const chat::Request& request) {
  const bool instructed = std::any_of(request.messages.begin(), request.messages.end(), [](const auto& m) {
    return m.role == chat::Role::kSystem || m.role == chat::Role::kDeveloper;
  });
  using Kind = chat::ResponseFormat::Kind;
  const Kind form = request.response_format.kind;
  if (instructed || (form != Kind::kUnset && form != Kind::kText) || WantsLines(request)) return request;
  pool::PromptRules rules;
  rules.before = kExamples;
  chat::Request out = pool::Translate(rules, request);
  out.stop.emplace_back("\n");
  return out;
}

std::unique_ptr<pool::Backend> PrimedBackend(std::unique_ptr<pool::Backend> inner) {
  return std::make_unique<PrimedWorker>(std::move(inner));
}

}  // namespace baton::arena
