#include "guard/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "guard/ask.h"
#include "guard/scan.h"
#include "guard/sink.h"

namespace baton::guard {
namespace {

constexpr std::size_t kMostNotes = 32;

// Tells who answers only when something of the answer goes out.
struct LateObserver : pool::CallObserver {
  explicit LateObserver(pool::CallObserver* observer) : to(observer) {}
  void OnAnswering(const pool::Worker& w, const std::vector<provider::Loss>& lost, bool passed, bool injected,
                   Duration in) override {
    worker = &w;
    losses = lost;
    passthrough = passed;
    injected_usage = injected;
    in_worker = in;
  }
  void Tell() const {
    if (to && worker) to->OnAnswering(*worker, losses, passthrough, injected_usage, in_worker);
  }
  pool::CallObserver* to;
  const pool::Worker* worker = nullptr;
  std::vector<provider::Loss> losses;
  bool passthrough = false, injected_usage = false;
  Duration in_worker{};
};

// Every text of an answer: use(text, json).
template <class Use>
void EachText(chat::Message& message, Use use) {
  for (auto& part : message.parts) {
    if (auto* t = std::get_if<chat::Text>(&part)) use(t->text, false);
    if (auto* r = std::get_if<chat::Refusal>(&part)) use(r->text, false);
    if (auto* r = std::get_if<chat::Reasoning>(&part)) use(r->text, false);
    if (auto* c = std::get_if<chat::ToolCall>(&part)) use(c->arguments, true);
  }
}

// A text as the find guards let it pass, put through the same window as a stream's.
struct Passed {
  std::string text;
  const Rule* blocked = nullptr;
  bool fault = false;
};
Passed Pass(const Rules& rules, const std::string& text, bool json,
            std::vector<std::pair<const Rule*, std::string>>* seen) {
  HeldText held(rules, json);
  chat::Event event;
  event.text = text;
  held.Add(std::move(event));
  HeldText::Out out = held.Release(true, seen);
  return {std::move(out.text), out.blocked, out.fault};
}

}  // namespace

void GuardedPool::Note(const Rule& rule, std::string_view did, std::string_view what,
                       const pool::Worker* worker) {
  if (notes_.size() >= kMostNotes) return;
  std::string line = fmt::format("guard '{}': {} {} in the answer of {}", rule.name, did, what,
                                 worker ? worker->name : std::string("a worker"));
  if (std::find(notes_.begin(), notes_.end(), line) == notes_.end()) notes_.push_back(std::move(line));
}

void GuardedPool::NoteSeen(const std::vector<std::pair<const Rule*, std::string>>& seen,
                           const pool::Worker* worker) {
  for (const auto& [rule, what] : seen) {
    constexpr std::string_view kDid[] = {"flagged", "redacted", "blocked"};
    Note(*rule, kDid[static_cast<std::size_t>(rule->deed)], what, worker);
  }
  for (const Rule& rule : rules_.all()) {
    if (rule.asks()) continue;
    const bool hit = std::any_of(seen.begin(), seen.end(), [&](const auto& s) { return s.first == &rule; });
    constexpr Seen kSeen[] = {Seen::kFlagged, Seen::kRedacted, Seen::kBlocked};
    rules_.Count(rule, hit ? kSeen[static_cast<std::size_t>(rule.deed)] : Seen::kClean);
  }
}

Task<pool::CallOutcome> GuardedPool::Chat(const pool::CallSpec& spec, pool::CallObserver* observer) {
  // Where guards only watch, a stream need not wait for them: it is judged when it has ended.
  if (spec.sink && rules_.alters()) return Streamed(spec, observer);
  return Whole(spec, observer);
}

Task<pool::CallOutcome> GuardedPool::Streamed(const pool::CallSpec& spec, pool::CallObserver* observer) {
  Bill bill{spec.lease, spec.cancel, {}};
  LateObserver late(observer);
  std::vector<std::pair<const Rule*, std::string>> told;
  AskAll ask;
  if (rules_.asks()) {
    ask = [&](std::string text) { return AskGuards(rules_, permit_, inner_, &bill, std::move(text), &told); };
  }
  GuardSink sink(rules_, *spec.sink, std::move(ask), [&late] { late.Tell(); });
  pool::CallSpec guarded = spec;
  guarded.sink = &sink;
  pool::CallOutcome outcome = co_await inner_.Chat(guarded, &late);
  if (outcome.response) {
    const baton::Status ended = co_await sink.End();
    if (!ended && !sink.blocked()) outcome.response = ended.error();
    // Whoever reads the answer as a whole reads what went through.
    if (outcome.response && sink.altered()) outcome.response->choices = sink.Passed().choices;
  } else {
    // A worker that broke off: what was still held back is gone, and a continuation goes on from what was
    // read.
    outcome.partial = sink.Passed();
  }
  if (const Rule* rule = sink.blocked()) {
    outcome.response = sink.fault() ? Faulted(*rule) : Blocked(*rule);
    if (rule->asks() && !sink.fault()) rules_.Count(*rule, Seen::kBlocked);
  }
  outcome.delivered = sink.delivered();
  NoteSeen(sink.seen(), outcome.worker);
  for (const auto& [rule, what] : told)
    Note(*rule, sink.blocked() == rule ? "blocked" : "noted", what, outcome.worker);
  std::move(bill.calls.begin(), bill.calls.end(), std::back_inserter(outcome.calls));
  co_return outcome;
}

Task<pool::CallOutcome> GuardedPool::Whole(const pool::CallSpec& spec, pool::CallObserver* observer) {
  pool::CallOutcome outcome = co_await inner_.Chat(spec, observer);
  if (!outcome.response) co_return outcome;
  std::vector<std::pair<const Rule*, std::string>> seen, told;
  std::string all;
  bool altered = false;
  Word word;
  for (auto& choice : outcome.response->choices) {
    if (rules_.alters()) choice.logprobs = {};
    EachText(choice.message, [&](std::string& text, bool json) {
      if (text.empty()) return;
      Passed passed = Pass(rules_, text, json, &seen);
      if (passed.blocked && !word.blocked) word = {passed.blocked, passed.fault};
      altered = altered || passed.text != text;
      text = std::move(passed.text);
      all += text + "\n";
    });
  }
  Bill bill{spec.lease, spec.cancel, {}};
  if (!word.blocked && rules_.asks() && !all.empty()) {
    word = co_await AskGuards(rules_, permit_, inner_, &bill, std::move(all), &told);
    if (word.blocked && !word.fault) rules_.Count(*word.blocked, Seen::kBlocked);
  }
  NoteSeen(seen, outcome.worker);
  for (const auto& [rule, what] : told)
    Note(*rule, word.blocked == rule ? "blocked" : "noted", what, outcome.worker);
  if (altered) outcome.response->raw.clear();
  if (word.blocked && !spec.sink)
    outcome.response = word.fault ? Faulted(*word.blocked) : Blocked(*word.blocked);
  std::move(bill.calls.begin(), bill.calls.end(), std::back_inserter(outcome.calls));
  co_return outcome;
}

// What a tool brings in is a worker's text like any other.
Task<Result<chat::ToolResult>> GuardedPool::CallTool(const pool::Worker& worker, const chat::ToolCall& call,
                                                     budget::Lease* lease, Deadline deadline, Cancel* cancel,
                                                     pool::CallRecord* record) {
  auto result = co_await inner_.CallTool(worker, call, lease, deadline, cancel, record);
  if (!result) co_return result;
  std::vector<std::pair<const Rule*, std::string>> seen;
  for (auto& content : result->content) {
    auto* text = std::get_if<chat::Text>(&content);
    if (!text || text->text.empty()) continue;
    Passed passed = Pass(rules_, text->text, false, &seen);
    text->text = std::move(passed.text);
    if (!passed.blocked) continue;
    NoteSeen(seen, &worker);
    Result<chat::ToolResult> withheld = passed.fault ? Faulted(*passed.blocked) : Blocked(*passed.blocked);
    co_return withheld;
  }
  NoteSeen(seen, &worker);
  co_return result;
}

}  // namespace baton::guard
