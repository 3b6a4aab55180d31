#include "conduct/chooser.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "base/signal.h"

namespace baton::conduct {
namespace {

using workflow::Progress;
using workflow::Role;
using workflow::StepId;

constexpr std::size_t kMostQuestion = 1500;  // bytes
constexpr std::size_t kMostOutput = 400;

// Never in the middle of a character.
std::string_view Cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

class EngineReader : public StateReader {
 public:
  EngineReader(Loop& loop, std::shared_ptr<lm::Engine> engine, BaseModel base, arena::Memo* memo)
      : loop_(loop), engine_(std::move(engine)), base_(std::move(base)), memo_(memo), flight_(loop) {}

  const BaseModel& base() const override { return base_; }
  Task<Result<ReadState>> Read(std::string transcript) override {
    const std::string key = fmt::format("state\x1f{}\x1f{}\x1f{}", base_.name, base_.parameters, transcript);
    const bool mine = co_await flight_.Enter(key);
    Result<ReadState> out = Remembered(key);
    if (!out) {
      out = co_await Ask(std::move(transcript));
      if (out && memo_) memo_->Keep(key, Written(*out));
    }
    if (mine) flight_.Leave(key);
    co_return out;
  }

 private:
  // Eight hexadecimal digits a number: the same bits when read back.
  static std::string Written(const ReadState& r) {
    std::string out;
    out.reserve(r.state.size() * 8 + 8);
    for (const float v : r.state)
      fmt::format_to(std::back_inserter(out), "{:08x}", std::bit_cast<std::uint32_t>(v));
    return out + std::to_string(r.tokens);
  }
  Result<ReadState> Remembered(const std::string& key) {
    const auto text = memo_ ? memo_->Find(key) : std::nullopt;
    ReadState out;
    out.state.resize(static_cast<std::size_t>(base_.width));
    if (!text || text->size() <= out.state.size() * 8) return Fail(Code::kNotFound, "not read yet");
    for (std::size_t i = 0; i < out.state.size(); ++i)
      out.state[i] = std::bit_cast<float>(
          static_cast<std::uint32_t>(std::strtoul(text->substr(i * 8, 8).c_str(), nullptr, 16)));
    out.tokens = std::atoll(text->c_str() + out.state.size() * 8);
    return out;
  }

  // Lives until the engine has spoken, whoever waits.
  struct Answer {
    explicit Answer(Loop& loop) : ready(loop) {}
    Signal ready;
    Result<lm::Engine::Embedded> result = Error{};
  };
  Task<Result<ReadState>> Ask(std::string transcript) {
    auto answer = std::make_shared<Answer>(loop_);
    std::vector<std::string> texts = {std::move(transcript)};
    engine_->States(std::move(texts), 1, [answer, &loop = loop_](Result<lm::Engine::Embedded> r) {
      loop.Post([answer, r = std::move(r)]() mutable {
        answer->result = std::move(r);
        answer->ready.Set();
      });
    });
    (void)co_await answer->ready.Wait();
    if (!answer->result) co_return std::move(answer->result).error();
    co_return ReadState{std::move(answer->result->vectors.front()), answer->result->tokens};
  }

  Loop& loop_;
  const std::shared_ptr<lm::Engine> engine_;
  const BaseModel base_;
  arena::Memo* const memo_;
  arena::SingleFlight flight_;
};

// Newest answers first, then whatever else was said: what the client reads when the run ends.
std::vector<StepId> Preference(const workflow::Plan& plan, StepId added, Role role) {
  std::vector<StepId> answers, others;
  (role == Role::kWorker ? answers : others).push_back(added);
  for (auto id = static_cast<StepId>(plan.steps.size()) - 1; id >= 0; --id) {
    const bool answer = plan.steps[static_cast<std::size_t>(id)].role == Role::kWorker;
    (answer ? answers : others).push_back(id);
  }
  answers.insert(answers.end(), others.begin(), others.end());
  return answers;
}

StepId LastAnswer(const Progress& p) {
  for (auto id = static_cast<StepId>(p.plan.steps.size()) - 1; id >= 0; --id) {
    if (p.plan.steps[static_cast<std::size_t>(id)].role == Role::kWorker && p.At(id).done()) return id;
  }
  return -1;
}

}  // namespace

std::string Transcript(std::string_view question, const Progress& progress) {
  std::string out = "system: Say who works next, and in which role: solver, thinker or verifier.\n";
  out += fmt::format("user: {}\n", Cut(question, kMostQuestion));
  for (StepId id = 0; id < static_cast<StepId>(progress.plan.steps.size()); ++id) {
    const auto& step = progress.plan.steps[static_cast<std::size_t>(id)];
    const auto& state = progress.At(id);
    out +=
        fmt::format("{} ({}): {}\n", workflow::RoleName(step.role), state.worker ? state.worker->name : "-",
                    state.done() ? Cut(state.text, kMostOutput) : "failed");
  }
  return out;
}

BaseModel BaseOf(const lm::Engine& engine, std::string sha256) {
  const auto& info = engine.info();
  return {info.name, std::move(sha256), info.embedding_width, info.parameters, info.vocabulary};
}

std::unique_ptr<StateReader> NewEngineReader(Loop& loop, std::shared_ptr<lm::Engine> engine,
                                             std::string sha256, arena::Memo* memo) {
  BaseModel base = BaseOf(*engine, std::move(sha256));
  return std::make_unique<EngineReader>(loop, std::move(engine), std::move(base), memo);
}

workflow::Step TurnStep(int turn, const pool::Worker* worker, Role role, std::int64_t max_answer) {
  workflow::Step s;
  s.name = fmt::format("t{}", turn);
  s.role = role;
  s.workers = {worker};
  s.instruction = RolePrompt(role);
  s.access.all = true;
  s.answers_client = role == Role::kWorker;
  s.limits.max_output = max_answer > 0 ? RoleTokens(role, max_answer) : role == Role::kWorker ? 0 : 256;
  return s;
}

std::optional<CoordinatorChooser::Refusal> CoordinatorChooser::Refused(std::span<const float> state) const {
  if (!choices_.empty() || !o_.coordinator->gate) return std::nullopt;
  workflow::LeftTo left = o_.coordinator->gate->Ask(state);
  if (left.worker.empty()) return std::nullopt;
  const auto& names = o_.coordinator->workers;
  const auto at =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), left.worker) - names.begin());
  if (at >= o_.workers.size() || !o_.workers[at]) return std::nullopt;
  return Refusal{at, std::move(left.reason)};
}

Open CoordinatorChooser::OpenNow(const Progress& progress) const {
  Open open;
  for (const auto* w : o_.workers) open.workers.push_back(w != nullptr);
  open.verify = LastAnswer(progress) >= 0;
  // The last turn must leave an answer.
  const bool last = static_cast<int>(choices_.size()) + 1 >= o_.coordinator->turns;
  open.think = !last || open.verify;
  return open;
}

workflow::NextSteps CoordinatorChooser::StepFor(const Choice& c, const Progress& progress) const {
  const Role role = kRoleOrder[c.role];
  workflow::NextSteps next;
  workflow::Step step =
      TurnStep(static_cast<int>(choices_.size()), o_.workers[c.worker], role, o_.max_answer);
  if (role == Role::kVerifier) step.judges = LastAnswer(progress);
  next.reason =
      fmt::format("turn {}: {} as {}", choices_.size(), step.workers[0]->name, workflow::RoleName(role));
  next.propensity = c.propensity;
  next.answers = Preference(progress.plan, static_cast<StepId>(progress.plan.steps.size()), role);
  next.steps.push_back(std::move(step));
  return next;
}

Task<workflow::NextSteps> CoordinatorChooser::Next(const Progress& progress) {
  workflow::NextSteps next;
  const bool any =
      std::any_of(o_.workers.begin(), o_.workers.end(), [](const auto* w) { return w != nullptr; });
  const auto last = static_cast<StepId>(progress.plan.steps.size()) - 1;
  const bool accepted = last >= 0 &&
                        progress.plan.steps[static_cast<std::size_t>(last)].role == Role::kVerifier &&
                        progress.At(last).verdict == verify::Verdict::kAccept;
  if (!any || accepted || refused_ || static_cast<int>(choices_.size()) >= o_.coordinator->turns)
    co_return next;
  auto state = co_await o_.reader->Read(Transcript(o_.question, progress));
  if (state) {
    read_tokens_ += state->tokens;
    if (const auto refusal = Refused(state->state)) {
      refused_ = true;
      choices_.push_back({refusal->worker, 0, 1, {}, {}});
      next = StepFor(choices_.back(), progress);
      next.reason += fmt::format(" ({})", refusal->reason);
      co_return next;
    }
    choices_.push_back(Choose(*o_.coordinator, state->state, OpenNow(progress), o_.random.get()));
    co_return StepFor(choices_.back(), progress);
  }
  // Nothing can be read: if nobody has answered yet, the first who may answers, and says why.
  if (LastAnswer(progress) >= 0) co_return next;
  Choice first;
  while (!o_.workers[first.worker]) ++first.worker;
  choices_.push_back(first);
  next = StepFor(first, progress);
  next.reason += fmt::format(" (the transcript could not be read: {})", state.error().Name());
  co_return next;
}

}  // namespace baton::conduct
