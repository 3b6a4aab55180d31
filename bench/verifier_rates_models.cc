// Error rates of the verifiers that need a model, with the models this repository fetches itself: the judge
// asks SmolLM2-135M, the confidence of SmolLM2-135M is read from answers it gives here, and answers are
// compared by the vectors of all-MiniLM-L6-v2. The rates say how these models do. A larger judge does better;
// nothing is claimed for it.
#include <fmt/format.h>

#include <array>
#include <future>
#include <utility>

#include "base/random.h"
#include "bench/verifier_rates.h"
#include "chat/assemble.h"
#include "lm/engine.h"
#include "verify/choice.h"

namespace baton::verify {
namespace {

using lm::Engine;

std::shared_ptr<Engine> Load(const std::string& path) {
  auto engine = Engine::Load({.path = path, .threads = 1});
  if (engine) return *engine;
  fmt::print("skipped: {}: {}\n", path, engine.error().message);
  return nullptr;
}

chat::Message Say(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.push_back(chat::Text{.text = std::move(text), .extra = {}});
  return m;
}

// One answer with its log-probabilities; blocks. Greedy, so that a run repeats.
std::optional<chat::Response> Answered(Engine& engine, std::string system, std::string user,
                                       std::int64_t tokens, chat::ResponseFormat format = {}) {
  lm::GenerateRequest request;
  request.chat.messages = {Say(chat::Role::kSystem, std::move(system)),
                           Say(chat::Role::kUser, std::move(user))};
  request.chat.max_tokens = tokens;
  request.chat.temperature = 0;
  request.chat.logprobs = true;
  request.chat.response_format = std::move(format);
  chat::Assembler assembler;
  std::promise<bool> done;
  auto job = engine.Generate(
      std::move(request), [&](chat::Event e) { assembler.Add(e); },
      [&](Result<lm::Generated> r) { done.set_value(r.has_value()); });
  if (!job || !done.get_future().get()) return std::nullopt;
  return assembler.Take();
}

std::string TextOf(const chat::Response& response) {
  return response.choices.empty() ? std::string() : chat::TextOf(response.choices[0].message);
}

// Asks the models in process and waits for them: there is nothing else to do here.
class LocalAsker : public Asker {
 public:
  LocalAsker(Engine* speaker, Engine* encoder) : speaker_(speaker), encoder_(encoder) {}

  Task<Result<std::string>> Ask(std::string system, std::string user, std::int64_t max_tokens,
                                std::vector<std::string> words) override {
    auto response = Answered(*speaker_, std::move(system), std::move(user), max_tokens,
                             words.empty() ? chat::ResponseFormat() : OneOf(words));
    if (!response) co_return Fail(Code::kUnavailable, "the model did not answer");
    co_return WordOf(TextOf(*response));
  }

  Task<Result<std::vector<std::vector<float>>>> Embed(std::vector<std::string> texts) override {
    std::promise<Result<Engine::Embedded>> done;
    encoder_->Embed(std::move(texts), [&](Result<Engine::Embedded> r) { done.set_value(std::move(r)); });
    auto embedded = done.get_future().get();
    if (!embedded) co_return std::move(embedded).error();
    co_return std::move(embedded->vectors);
  }

 private:
  Engine* speaker_;
  Engine* encoder_;
};

// One answer per question, drawn so that right and wrong ones come equally often where both exist.
void JudgeRates(const Settings& s, Asker& asker, const std::string& model, const std::string& set,
                std::size_t most) {
  auto v = Made({"judge", {{"max_tokens", "16"}}}, Tools{.sandbox = nullptr, .seed = 1});
  Random random(s.seed);
  Counts c;
  std::size_t n = 0;
  for (const Row& row : ReadSet(s, set)) {
    if (row.answers.empty() || n++ == most) break;
    const bool want = random.Below(2) == 0;
    const Answer* chosen = &row.answers[random.Below(row.answers.size())];
    for (const Answer& a : row.answers) {
      if (a.right == want) chosen = &a;
    }
    c.Add(chosen->right, Check(*v, row, std::string_view(chosen->text).substr(0, 1500), {}, &asker).verdict);
  }
  Print(fmt::format("judge (single, {})", model), set, c);
}

// Questions with a letter as answer, put to the small model; is it surer when it is right? A threshold fits
// one model only, so several are tried on the same answers.
void ConfidenceRates(const Settings& s, Engine& speaker, const std::string& set, std::size_t most) {
  constexpr auto kThresholds = std::to_array<const char*>({"0.4", "0.5", "0.6", "0.9"});
  std::vector<std::shared_ptr<const Verifier>> checks;
  for (const char* threshold : kThresholds)
    checks.push_back(Made({"confidence", {{"threshold", threshold}}}));
  std::vector<Counts> counts(checks.size());
  std::size_t n = 0;
  for (const Row& row : ReadSet(s, set, ParseQuestion)) {
    if (n++ == most) break;
    auto response = Answered(speaker, "Answer with the letter of the right choice only.", row.prompt, 4);
    if (!response) continue;
    const std::string text = TextOf(*response);
    const bool right = !text.empty() && !row.reference.empty() && text[0] == row.reference[0];
    for (std::size_t i = 0; i < checks.size(); ++i)
      counts[i].Add(right, Check(*checks[i], row, text, {}, nullptr, &*response).verdict);
  }
  for (std::size_t i = 0; i < checks.size(); ++i)
    Print(fmt::format("confidence (mean, {}, SmolLM2-135M)", kThresholds[i]), set, counts[i]);
}

// One answer per question against the five others.
void EmbeddingRates(const Settings& s, Asker& asker, const std::string& set) {
  auto v = Made({"agreement", {{"by", "embedding"}}});
  Random random(s.seed);
  Counts c;
  for (const Row& row : ReadSet(s, set)) {
    if (row.answers.size() < 2) continue;
    const std::size_t i = random.Below(row.answers.size());
    std::vector<std::string_view> others;
    for (std::size_t j = 0; j < row.answers.size(); ++j) {
      if (j != i) others.push_back(std::string_view(row.answers[j].text).substr(0, 600));
    }
    const std::string_view own = std::string_view(row.answers[i].text).substr(0, 600);
    c.Add(row.answers[i].right, Check(*v, row, own, std::move(others), &asker).verdict);
  }
  Print("agreement by embedding, 1 of 6", set, c);
}

}  // namespace

void RunWithModels(const Settings& s, const std::string& models) {
  const auto wanted = [&](const char* name) { return s.only.empty() || s.only == name; };
  auto speaker = Load(models + "/smollm2-135m-instruct.gguf");
  auto encoder = Load(models + "/all-minilm-l6-v2.gguf");
  if (speaker == nullptr || encoder == nullptr) return;
  LocalAsker asker(speaker.get(), encoder.get());
  if (wanted("judge")) {
    auto gemma = Load(models + "/gemma-3-270m.gguf");
    if (gemma == nullptr) return;
    LocalAsker larger(gemma.get(), encoder.get());
    JudgeRates(s, larger, "Gemma 3 270M", "llmrouter_nq6/nq_500", 100);
    JudgeRates(s, larger, "Gemma 3 270M", "zeroeval/gsm8k", 100);
    JudgeRates(s, asker, "SmolLM2-135M", "zeroeval/gsm8k", 100);
    JudgeRates(s, asker, "SmolLM2-135M", "llmrouter_nq6/nq_500", 100);
  }
  if (wanted("confidence")) {
    ConfidenceRates(s, *speaker, "question_sets/arc_challenge_test", 200);
    ConfidenceRates(s, *speaker, "question_sets/commonsense_qa_dev", 200);
  }
  if (wanted("embedding")) EmbeddingRates(s, asker, "llmrouter_nq6/nq_500");
}

}  // namespace baton::verify
