#include <fmt/format.h>

#include <utility>

#include "exact/worker.h"
#include "pool/replay.h"
#include "verify/agreement.h"

namespace baton::exact {
namespace {

using pool::Attempt;
using pool::AttemptResult;

bool Same(std::string_view a, std::string_view b) {
  const verify::Groups groups = verify::Group({a, b}, verify::Sameness::kAuto);
  return groups.of.size() == 2 && groups.of[0] == 0 && groups.of[1] == 0;
}

// A number among words is enough: "That makes 42 apples." says what "42" says.
bool Says(std::string_view answer, const std::string& own) {
  if (Same(answer, own)) return true;
  const auto at = answer.find(own);
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.'; };
  return at != std::string_view::npos && own.size() > 2 && (at == 0 || !word(answer[at - 1])) &&
         (at + own.size() >= answer.size() || !word(answer[at + own.size()]));
}

class ExactBackend : public pool::Backend {
 public:
  ExactBackend(std::shared_ptr<const pool::Worker> worker, Loop& loop, std::unique_ptr<Answerer> answerer)
      : worker_(std::move(worker)), loop_(loop), answerer_(std::move(answerer)) {}

  Task<AttemptResult> Chat(const Attempt& attempt) override;
  Task<EmbedResult> Embed(const chat::EmbedRequest&, Deadline, Cancel*) override {
    EmbedResult out;
    out.failure =
        provider::Failure{provider::Fault::kClientRequest,
                          Fail(Code::kUnsupported, "an exact worker makes no embeddings", "no_embeddings")};
    co_return out;
  }
  Result<std::vector<provider::Loss>> Explain(const chat::Request&) const override {
    return std::vector<provider::Loss>{};
  }

 private:
  Task<std::string> Reply(const chat::Request& request, Cancel* cancel);
  chat::Response Wrap(std::string text) const;

  const std::shared_ptr<const pool::Worker> worker_;
  Loop& loop_;
  const std::unique_ptr<Answerer> answerer_;
};

Task<std::string> ExactBackend::Reply(const chat::Request& request, Cancel* cancel) {
  Reading reading = Read(request);
  const bool verdict = WantsVerdict(reading);
  const Note* reviewed = verdict ? reading.Answer() : nullptr;
  const std::string claim = reviewed ? reviewed->text : std::string();
  // Whoever checks an answer must not take the answer itself for material.
  if (reviewed) reading.notes.erase(reading.notes.begin() + (reviewed - reading.notes.data()));
  std::string own = co_await answerer_->Answer(reading, loop_, cancel);
  std::string text;
  if (own.empty()) {
    text = fmt::format("I cannot work this out: {}", answerer_->ability());
  } else if (!verdict) {
    text = std::move(own);
  } else if (reviewed && Says(claim, own)) {
    text = "ACCEPT";
  } else {
    text = "REJECT: " + own;
  }
  co_return text;
}

chat::Response ExactBackend::Wrap(std::string text) const {
  chat::Response r;
  r.model = worker_->target.model;
  r.created = loop_.clock().UnixNanos() / 1'000'000'000;
  r.id = "exact";
  chat::Choice& choice = r.choices.emplace_back();
  choice.message.role = chat::Role::kAssistant;
  choice.message.parts.emplace_back(chat::Text{std::move(text), {}});
  choice.finish = chat::Finish::kStop;
  r.usage.known = true;
  return r;
}

Task<AttemptResult> ExactBackend::Chat(const Attempt& attempt) {
  AttemptResult out;
  const TimePoint began = loop_.Now();
  if (!answerer_) {
    out.failure =
        provider::Failure{provider::Fault::kServer,
                          Fail(Code::kUnavailable,
                               "the data of worker '" + worker_->name + "' could not be read", "not_loaded")};
    co_return out;
  }
  if (attempt.watch) attempt.watch->OnEncoded({}, false, false);
  out.sent = true;
  std::string text = co_await Reply(*attempt.request, attempt.cancel);
  out.whole = out.to_first_byte = loop_.Now() - began;
  if (attempt.cancel && attempt.cancel->fired()) {
    out.failure = provider::Failure{provider::Fault::kTransport,
                                    Fail(Code::kCancelled, "whoever asked has left", "cancelled")};
    co_return out;
  }
  out.first_byte_seen = true;
  if (attempt.watch) attempt.watch->OnFirstByte();
  out.response = Wrap(std::move(text));
  if (attempt.sink) {
    for (chat::Event& e : pool::AsEvents(out.response)) attempt.sink->Put(std::move(e));
    (void)co_await attempt.sink->Flush();
  }
  co_return out;
}

}  // namespace

std::unique_ptr<pool::Backend> CreateExactBackend(std::shared_ptr<const pool::Worker> worker, Loop& loop,
                                                  std::unique_ptr<Answerer> answerer) {
  return std::make_unique<ExactBackend>(std::move(worker), loop, std::move(answerer));
}

}  // namespace baton::exact
