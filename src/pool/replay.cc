#include "pool/replay.h"

#include <variant>

namespace baton::pool {
namespace {

using chat::Event;

class Teller {
 public:
  explicit Teller(chat::Dialect dialect) : dialect_(dialect) {}

  Event& Add(Event::Kind kind, std::int64_t choice) {
    Event& e = events_.emplace_back();
    e.kind = kind;
    e.choice = choice;
    e.dialect = dialect_;
    return e;
  }

  void Tell(const chat::Choice& c) {
    std::int64_t block = 0, call = 0;
    for (const chat::Part& p : c.message.parts) {
      if (const auto* t = std::get_if<chat::Text>(&p)) {
        Add(Event::Kind::kText, c.index).text = t->text;
      } else if (const auto* r = std::get_if<chat::Refusal>(&p)) {
        Add(Event::Kind::kRefusal, c.index).text = r->text;
      } else if (const auto* thought = std::get_if<chat::Reasoning>(&p)) {
        Tell(*thought, c.index, block++);
      } else if (const auto* tool = std::get_if<chat::ToolCall>(&p)) {
        Tell(*tool, c.index, call++);
      } else if (const auto* o = std::get_if<chat::Opaque>(&p)) {
        Event& e = Add(Event::Kind::kOpaque, c.index);
        e.json = o->json;
        e.dialect = o->dialect;
      }
    }
    if (!c.logprobs.empty()) Add(Event::Kind::kLogprobs, c.index).json = c.logprobs;
    Event& end = Add(Event::Kind::kFinish, c.index);
    end.finish = c.finish;
    end.text = c.finish_raw;
  }

  std::vector<Event> Take() { return std::move(events_); }

 private:
  void Tell(const chat::Reasoning& r, std::int64_t choice, std::int64_t block) {
    Event& text = Add(Event::Kind::kReasoning, choice);
    text.index = block;
    text.text = r.text;
    text.dialect = r.origin;
    if (r.signature.empty() && r.encrypted.empty()) return;
    Event& signature = Add(Event::Kind::kReasoningSignature, choice);
    signature.index = block;
    signature.text = r.signature;
    signature.encrypted = r.encrypted;
    signature.dialect = r.origin;
  }

  void Tell(const chat::ToolCall& t, std::int64_t choice, std::int64_t index) {
    Event& call = Add(Event::Kind::kToolCall, choice);
    call.index = index;
    call.tool = t;
    call.tool.arguments.clear();
    Event& arguments = Add(Event::Kind::kToolArguments, choice);
    arguments.index = index;
    arguments.text = t.arguments;
  }

  chat::Dialect dialect_;
  std::vector<Event> events_;
};

}  // namespace

std::vector<chat::Event> AsEvents(const chat::Response& response) {
  Teller teller(response.raw_dialect);
  Event& start = teller.Add(Event::Kind::kStart, 0);
  start.id = response.id;
  start.model = response.model;
  start.created = response.created;
  for (const chat::Choice& c : response.choices) teller.Tell(c);
  if (response.usage.known) teller.Add(Event::Kind::kUsage, 0).usage = response.usage;
  return teller.Take();
}

}  // namespace baton::pool
