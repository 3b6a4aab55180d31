#include "pool/prompt.h"

#include <algorithm>

namespace baton::pool {
namespace {

bool Instructs(const chat::Message& m) {
  return m.role == chat::Role::kSystem || m.role == chat::Role::kDeveloper;
}

chat::Message Say(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.emplace_back(chat::Text{std::move(text), {}});
  return m;
}

void Join(std::string* to, std::string_view text, std::string_view between = "\n\n") {
  if (text.empty()) return;
  if (!to->empty()) *to += between;
  *to += text;
}

std::string InWords(std::string wording, const std::string& schema) {
  constexpr std::string_view kSchema = "{schema}";
  if (const auto at = wording.find(kSchema); at != std::string::npos)
    wording.replace(at, kSchema.size(), schema);
  return wording;
}

// A text part at the end of the message, or at its beginning.
void Add(chat::Message* m, const std::string& text, bool front) {
  if (text.empty()) return;
  auto at = std::find_if(m->parts.begin(), m->parts.end(),
                         [](const chat::Part& p) { return std::holds_alternative<chat::Text>(p); });
  if (!front && at != m->parts.end()) {
    while (true) {
      const auto next = std::find_if(
          at + 1, m->parts.end(), [](const chat::Part& p) { return std::holds_alternative<chat::Text>(p); });
      if (next == m->parts.end()) break;
      at = next;
    }
  }
  if (at == m->parts.end()) {
    m->parts.emplace(front ? m->parts.begin() : m->parts.end(), chat::Text{text, {}});
    return;
  }
  std::string& own = std::get<chat::Text>(*at).text;
  own = front ? text + "\n\n" + own : own + "\n" + text;
}

std::string AdditionTo(const PromptRules& rules, const chat::Request& request) {
  std::string text;
  using Kind = chat::ResponseFormat::Kind;
  const Kind kind = request.response_format.kind;
  if (kind == Kind::kJsonSchema || kind == Kind::kJsonObject)
    Join(&text, InWords(rules.json, request.response_format.schema.text));
  Join(&text, rules.after);
  return text;
}

// Before and after the first instructions; instructions are made where there are none.
void AddInstructions(const PromptRules& rules, const chat::Request& request,
                     std::vector<chat::Message>* messages) {
  const std::string after = AdditionTo(rules, request);
  if (rules.before.empty() && after.empty()) return;
  auto at = std::find_if(messages->begin(), messages->end(), Instructs);
  if (at == messages->end()) {
    std::string text = rules.before;
    Join(&text, after);
    messages->insert(messages->begin(), Say(chat::Role::kSystem, std::move(text)));
    return;
  }
  Add(&*at, rules.before, true);
  Add(&*at, after, false);
}

void MoveToUser(std::vector<chat::Message>* messages) {
  std::string text;
  for (const chat::Message& m : *messages) {
    if (!Instructs(m)) continue;
    for (const chat::Part& p : m.parts) {
      if (const auto* t = std::get_if<chat::Text>(&p)) Join(&text, t->text);
    }
  }
  std::erase_if(*messages, Instructs);
  if (text.empty()) return;
  const auto user = std::find_if(messages->begin(), messages->end(),
                                 [](const chat::Message& m) { return m.role == chat::Role::kUser; });
  if (user == messages->end()) {
    messages->insert(messages->begin(), Say(chat::Role::kUser, std::move(text)));
  } else {
    Add(&*user, text, true);
  }
}

void SwitchReasoning(const PromptRules& rules, const chat::Request& request,
                     std::vector<chat::Message>* messages) {
  const std::string& effort = request.reasoning.effort;
  if (effort.empty()) return;
  const std::string& word = effort == "none" ? rules.reasoning_off : rules.reasoning_on;
  const auto last = std::find_if(messages->rbegin(), messages->rend(),
                                 [](const chat::Message& m) { return m.role == chat::Role::kUser; });
  if (last != messages->rend()) Add(&*last, word, false);
}

class PromptBackend : public Backend {
 public:
  PromptBackend(PromptRules rules, std::unique_ptr<Backend> inner)
      : rules_(std::move(rules)), inner_(std::move(inner)) {}

  Task<AttemptResult> Chat(const Attempt& attempt) override {
    const chat::Request request = Translate(rules_, *attempt.request);
    Attempt translated = attempt;
    translated.request = &request;
    AttemptResult result = co_await inner_->Chat(translated);
    co_return result;
  }
  Task<EmbedResult> Embed(const chat::EmbedRequest& request, Deadline deadline, Cancel* cancel) override {
    return inner_->Embed(request, deadline, cancel);
  }
  Result<std::vector<provider::Loss>> Explain(const chat::Request& request) const override {
    return inner_->Explain(Translate(rules_, request));
  }

 private:
  const PromptRules rules_;
  const std::unique_ptr<Backend> inner_;
};

}  // namespace

chat::Request Translate(const PromptRules& rules, const chat::Request& request) {
  chat::Request out = request;
  out.raw.clear();
  AddInstructions(rules, request, &out.messages);
  SwitchReasoning(rules, request, &out.messages);
  for (chat::Message& m : out.messages) {
    if (!Instructs(m)) continue;
    if (rules.system == PromptRules::System::kSystem) m.role = chat::Role::kSystem;
    if (rules.system == PromptRules::System::kDeveloper) m.role = chat::Role::kDeveloper;
  }
  if (rules.system == PromptRules::System::kUser) MoveToUser(&out.messages);
  return out;
}

std::unique_ptr<Backend> CreatePromptBackend(PromptRules rules, std::unique_ptr<Backend> inner) {
  return std::make_unique<PromptBackend>(std::move(rules), std::move(inner));
}

}  // namespace baton::pool
