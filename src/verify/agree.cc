// Do independent answers to the same question agree with this one?
//
// Accept: the answer is in the largest group and that group is large enough. Reject: another group is large
// enough. Agreement is evidence, not proof: models share errors, and the measured rates say how often.

#include <fmt/format.h>

#include "verify/agreement.h"
#include "verify/code_run.h"
#include "verify/final_answer.h"
#include "verify/marks.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{
    .name = "agreement",
    .version = 1,
    .cost = {.asks_model = false, .max_asks = 0, .max_tokens = 0, .limit = Duration::zero()},
    .error_rate = {}};
constexpr std::size_t kMaxAnswers = 64;
// This answer and four of other models, by auto: docs/verifiers.md, `verifier_rates --only agreement`.
constexpr ErrorRate kOfFive{.false_accept = 0.181,
                            .false_reject = 0.0156,
                            .n = 10855,
                            .set = "gsm8k, math_level5, cruxeval_o, arc_challenge"};

constexpr ErrorRate kByEmbedding{.false_accept = 0.221, .false_reject = 0.204, .n = 248, .set = "nq_500"};
// Two programs of two models, each judged by the other one.
constexpr ErrorRate kByBehaviour{
    .false_accept = 0.407, .false_reject = 0, .n = 890, .set = "livecodebench o1_generations"};

struct Setting {
  Sameness how = Sameness::kAuto;
  bool behaviour = false;
  double threshold = 0.5;
  double cosine = 0.9;
  std::size_t least = 1;
};

class Agreement : public Rule {
 public:
  Agreement(Setting setting, std::optional<Result<std::shared_ptr<Sandbox>>> sandbox, std::uint64_t seed)
      : Rule(kFacts), setting_(setting), sandbox_(std::move(sandbox)), marks_(seed) {}

  Cost cost() const override {
    Cost c;
    if (setting_.how == Sameness::kEmbedding) {
      c.asks_model = true;
      c.max_asks = 1;
    }
    if (setting_.behaviour) c.limit = std::chrono::seconds(60);
    return c;
  }

  ErrorRate error_rate() const override {
    if (setting_.behaviour) return kByBehaviour;
    return setting_.how == Sameness::kEmbedding ? kByEmbedding : kOfFive;
  }

  Task<Judgement> Check(const Subject& subject, const Context& context) const override {
    if (subject.others.size() < setting_.least)
      co_return Unknown("there are too few other answers to compare with");
    std::vector<std::string_view> answers = {subject.answer};
    for (std::string_view other : subject.others) {
      if (answers.size() < kMaxAnswers) answers.push_back(other);
    }
    Result<Groups> groups = Fail(Code::kInternal, "");
    if (setting_.behaviour) {
      groups = co_await ByBehaviour(subject.question, answers, context);
    } else if (setting_.how == Sameness::kEmbedding) {
      groups = co_await ByEmbedding(answers, context);
    } else {
      groups = Group(answers, setting_.how);
    }
    if (!groups) co_return Unknown(groups.error().message);
    co_return Decide(*groups, answers.size());
  }

 private:
  Judgement Decide(const Groups& g, std::size_t n) const {
    if (g.representative < 0) return Unknown("nothing can be read from the answers that could be compared");
    const std::string share = fmt::format("{} of {} answers agree", g.sizes[0], n);
    const bool tie = g.sizes.size() > 1 && g.sizes[1] == g.sizes[0];
    if (tie || g.sizes[0] < 2 || g.agreement < setting_.threshold) {
      return Unknown("the answers do not agree enough: at most " + share, g.keys[0]);
    }
    Judgement j = g.of[0] == 0 ? Accept(share + ", this one among them", g.keys[0])
                               : Reject(share + ", and this one is not among them", g.keys[0]);
    j.score = g.of[0] == 0 ? g.agreement : 1 - g.agreement;
    return j;
  }

  Task<Result<Groups>> ByEmbedding(const std::vector<std::string_view>& answers,
                                   const Context& context) const {
    if (context.asker == nullptr)
      co_return Fail(Code::kUnavailable, "no model may be asked for vectors here");
    std::vector<std::string> texts;
    for (std::string_view a : answers) texts.emplace_back(Clip(FindFinalAnswer(a).text, 8000));
    auto vectors = co_await context.asker->Embed(std::move(texts));
    if (!vectors) co_return Fail(Code::kUnavailable, "vectors could not be had: " + vectors.error().message);
    if (vectors->size() != answers.size())
      co_return Fail(Code::kBadUpstream, "the wrong number of vectors came back");
    co_return GroupByVectors(*vectors, setting_.cosine);
  }

  // Answers are the same when their code gives the same values for the inputs of the question's tests.
  Task<Result<Groups>> ByBehaviour(std::string_view question, const std::vector<std::string_view>& answers,
                                   const Context& context) const {
    if (!*sandbox_) co_return sandbox_->error();
    const CodeTests tests = FindTests(question);
    if (tests.empty()) co_return Fail(Code::kUnsupported, "the question has no inputs to try the code with");
    TrialOptions options;
    options.observe = true;
    options.cancel = context.cancel;
    options.limits.wall = std::chrono::seconds(5);
    options.limits.until = context.deadline;
    options.total = std::chrono::seconds(10);
    std::vector<std::optional<std::string>> keys;
    for (std::string_view answer : answers) {
      const auto code = FindCode(answer);
      if (!code) {
        keys.emplace_back();
        continue;
      }
      if (context.cancel != nullptr && context.cancel->fired())
        co_return Fail(Code::kCancelled, "it was cancelled");
      std::string mark = marks_.Next();
      Trial trial = co_await TryCode(***sandbox_, context.loop, *code, tests, options, std::move(mark));
      keys.push_back(KeyOf(trial));
    }
    co_return GroupByKeys(keys);
  }

  // None when no test gave a value: crashing alike is no agreement.
  static std::optional<std::string> KeyOf(const Trial& trial) {
    std::string key;
    bool any = false;
    for (const std::string& seen : trial.observed) {
      any = any || !seen.empty();
      key += seen.empty() ? "(nothing)" : seen;
      key += "; ";
    }
    return any ? std::optional(std::move(key)) : std::nullopt;
  }

  Setting setting_;
  std::optional<Result<std::shared_ptr<Sandbox>>> sandbox_;  // only where code is run
  Marks marks_;
};

std::shared_ptr<const Verifier> MakeAgreement(const Spec& spec, const Tools& tools, Error* error) {
  Options options(spec, error);
  Setting s;
  const std::string by = options.Text("by", "auto");
  s.behaviour = by == "behaviour";
  if (!s.behaviour) {
    auto how = ParseSameness(by);
    if (how)
      s.how = *how;
    else
      options.Wrong("by", "is unknown: use auto, normalised, choice, number, embedding or behaviour");
  }
  s.threshold = options.Number("threshold", 0.5, 0, 1);
  s.cosine = options.Number("cosine", 0.9, -1, 1);
  s.least = static_cast<std::size_t>(options.Number("least", 1, 1, 63));
  if (!options.ok()) return nullptr;
  std::optional<Result<std::shared_ptr<Sandbox>>> sandbox;
  if (s.behaviour)
    sandbox = tools.sandbox ? Result<std::shared_ptr<Sandbox>>(tools.sandbox) : Sandbox::Create();
  return std::make_shared<Agreement>(s, std::move(sandbox), tools.seed);
}

}  // namespace

Info AgreementInfo() {
  return {
      kFacts.name,
      "Other, independent answers to the same question agree with this one.",
      {{"by", "auto, normalised, choice, number, embedding or behaviour (of code, in the sandbox)", "auto"},
       {"threshold", "least share of all answers that the largest group must have", "0.5"},
       {"cosine", "least similarity of vectors, by embedding", "0.9"},
       {"least", "other answers needed for any verdict", "1"}},
      MakeAgreement};
}

}  // namespace baton::verify
