#include "exchange/unveil.h"

#include <set>
#include <utility>

namespace baton::exchange {
namespace {

using Kind = chat::Event::Kind;

// The client reads the answer's text as JSON: what is put back is escaped.
bool AnswersJson(const chat::Request& request) {
  using Format = chat::ResponseFormat::Kind;
  const auto kind = request.response_format.kind;
  return kind == Format::kJsonObject || kind == Format::kJsonSchema;
}

void RestoreMessage(const rails::Marks& marks, bool json, chat::Message& message) {
  for (auto& part : message.parts) {
    if (auto* t = std::get_if<chat::Text>(&part)) t->text = marks.Restore(t->text, json);
    if (auto* r = std::get_if<chat::Refusal>(&part)) r->text = marks.Restore(r->text);
    if (auto* c = std::get_if<chat::ToolCall>(&part)) c->arguments = marks.Restore(c->arguments, !c->custom);
  }
}

}  // namespace

Unveil::Unveil(const rails::Veil& veil, Reader& to) : veil_(veil), to_(to), json_(AnswersJson(veil.chat)) {}

void Unveil::OnHeading(const Heading& heading) {
  Heading plain = heading;
  plain.passthrough = plain.injected_usage = false;
  to_.OnHeading(plain);
}

void Unveil::Put(chat::Event event) {
  event.raw.clear();
  switch (event.kind) {
    case Kind::kPassthrough:
    case Kind::kLogprobs:  // of tokens that the client does not see
      return;
    case Kind::kText:
    case Kind::kRefusal:
    case Kind::kToolArguments: {
      const bool json = event.kind == Kind::kToolArguments || (event.kind == Kind::kText && json_);
      const Key key(event.choice, event.kind, event.index);
      event.text = open_.try_emplace(key, veil_.marks, json).first->second.Feed(event.text);
      if (event.text.empty()) return;
      break;
    }
    case Kind::kStart:
    case Kind::kUsage:
    case Kind::kReasoning:  // signed as it is
      break;
    default:
      Drain(event.choice);
      break;
  }
  to_.Put(std::move(event));
}

// Whatever comes next of a choice, what was kept back of it comes before.
void Unveil::Drain(std::int64_t choice) {
  for (auto& [key, unmarker] : open_) {
    if (std::get<0>(key) != choice) continue;
    chat::Event rest;
    rest.text = unmarker.Finish();
    if (rest.text.empty()) continue;
    rest.choice = choice;
    rest.kind = std::get<1>(key);
    rest.index = std::get<2>(key);
    to_.Put(std::move(rest));
  }
}

Error WithoutSecrets(const rails::Classifier& classifier, Error error) {
  const rails::Classification found = classifier.ClassifyText(error.message);
  if (!found.classes.contains("secret")) return error;
  std::set<rails::DataClass> others = found.classes;
  others.erase("secret");
  error.message = rails::Marks().Hide(error.message, found, others);
  return error;
}

void Restore(const rails::Veil& veil, ChatOutcome& out) {
  out.heading.passthrough = false;
  if (!out.response) return;
  out.response->raw.clear();
  for (auto& choice : out.response->choices) {
    choice.logprobs = {};
    RestoreMessage(veil.marks, AnswersJson(veil.chat), choice.message);
  }
}

}  // namespace baton::exchange
