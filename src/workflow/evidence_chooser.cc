#include "workflow/evidence_chooser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "estimate/evidence_answer.h"
#include "workflow/step_request.h"

namespace baton::workflow {
namespace {

constexpr double kUsualOutput = 300;      // tokens, where a model's lengths are not known
constexpr std::int64_t kUsualInput = 50;  // tokens beside the question, which prices compare all the same
constexpr std::size_t kMostStrangers = 4;

// Holds a step's answer back: whether it is good enough is seen when others have answered.
class Weighed : public verify::Verifier {
 public:
  std::string_view name() const override { return "evidence"; }
  int version() const override { return 1; }
  verify::Cost cost() const override { return {}; }
  verify::ErrorRate error_rate() const override { return {}; }
  Task<verify::Judgement> Check(const verify::Subject&, const verify::Context&) const override {
    co_return verify::Judgement{.verdict = verify::Verdict::kUnknown,
                                .score = 0.5,
                                .reason = "weighed with the other answers",
                                .evidence = {}};
  }
};

std::shared_ptr<const verify::Verifier> Hold() {
  static const auto kHold = std::make_shared<const Weighed>();
  return kHold;
}

double PriceOf(const pool::Worker& w, double input, double output, std::int64_t unix_seconds) {
  const budget::PriceRow* row = w.prices.At(unix_seconds);
  if (!row) return 0;  // unpriced: nothing is known to compare
  const double per_token =
      static_cast<double>(row->input.v) * input + static_cast<double>(row->output.v) * output;
  return per_token / 1e6 / 1e9 + (row->call ? static_cast<double>(row->call->v) / 1e9 : 0);
}

std::string Usd(double v) {
  return v >= 0.01 ? fmt::format("${:.2f}", v) : fmt::format("${:.2g}", v);
}

// What the checks of a step say of its answer. A check that nobody measured is no evidence, and it would hide
// what the others are worth, so then none counts.
double LogRatioOf(const StepState& state,
                  const std::vector<std::shared_ptr<const verify::Verifier>>& checks) {
  const bool measured = !checks.empty() && std::all_of(checks.begin(), checks.end(),
                                                       [](const auto& c) { return c->error_rate().n > 0; });
  if (!measured || !state.confidence) return 0;
  const double p = std::clamp(*state.confidence, 0.001, 0.999);
  return std::log(p / (1 - p));
}

Step AskStep(std::string name, std::vector<const pool::Worker*> workers, bool held, bool tools) {
  Step s;
  s.name = std::move(name);
  s.workers = std::move(workers);
  s.answers_client = true;
  s.client_tools = tools;
  if (held) s.checks = {Hold()};
  return s;
}

// "2 of 3 agree", "they differ"
std::string Agreement(const estimate::Posterior& p, std::size_t answers) {
  if (answers == 1) return "one answer";
  const int most = p.groups[static_cast<std::size_t>(p.top)].size;
  if (most == 1) return fmt::format("{} answers, all different", answers);
  return most == static_cast<int>(answers) ? fmt::format("all {} agree", answers)
                                           : fmt::format("{} of {} agree", most, answers);
}

}  // namespace

EvidenceChooser::EvidenceChooser(Options options) : o_(std::move(options)) {}

// What asking each worker is expected to cost now; NaN: it may not be asked, has failed, or the money does
// not reach.
std::vector<double> EvidenceChooser::Prices(const Progress& progress) const {
  std::vector<double> usd(o_.workers.size(), std::numeric_limits<double>::quiet_NaN());
  const double left = progress.usd_left ? static_cast<double>(progress.usd_left->v) / 1e9 : 1e300;
  for (std::size_t w = 0; w < usd.size(); ++w) {
    if (!o_.workers[w]) continue;
    const double out = o_.model->out_tokens[w] > 0 ? o_.model->out_tokens[w] : kUsualOutput;
    const double price = PriceOf(*o_.workers[w], static_cast<double>(o_.input_tokens), out, o_.unix_seconds);
    if (price <= left) usd[w] = price;
  }
  for (std::size_t s = 0; s < progress.states.size(); ++s) {
    if (progress.states[s].done()) continue;
    for (std::size_t w = 0; w < usd.size(); ++w) {
      const auto& asked = progress.plan.steps[s].workers;
      if (std::find(asked.begin(), asked.end(), o_.workers[w]) != asked.end())
        usd[w] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return usd;
}

std::vector<estimate::Opinion> EvidenceChooser::Heard(const Progress& progress,
                                                      std::vector<StepId>* steps) const {
  std::vector<estimate::Opinion> out;
  estimate::KeyGroups groups;
  for (std::size_t s = 0; s < progress.states.size(); ++s) {
    const StepState& state = progress.states[s];
    if (!state.done() || out.size() == estimate::kMaxOpinions) continue;
    const auto at = std::find(o_.workers.begin(), o_.workers.end(), state.worker);
    if (at == o_.workers.end()) continue;
    const auto reading = estimate::ReadAnswer(state.text);
    out.push_back({.worker = static_cast<int>(at - o_.workers.begin()),
                   .group = groups.Of(reading.key),
                   .signs = reading.signs,
                   .log_ratio = LogRatioOf(state, o_.checks)});
    steps->push_back(static_cast<StepId>(s));
  }
  return out;
}

NextSteps EvidenceChooser::Ask(const Progress& progress, int worker, std::string reason) const {
  NextSteps next;
  const auto id = static_cast<StepId>(progress.plan.steps.size());
  const bool alone = choice_.plan->workers.size() == 1 || o_.tools;
  next.steps.push_back(AskStep(fmt::format("answer{}", id + 1),
                               {o_.workers[static_cast<std::size_t>(worker)]}, !alone, o_.tools));
  if (!alone)
    next.steps.back().checks.insert(next.steps.back().checks.end(), o_.checks.begin(), o_.checks.end());
  // The newest first: should the run be cut off now, the answers of stronger workers come later in a plan.
  next.answers = {id};
  for (const StepId a : progress.plan.answers) next.answers.push_back(a);
  next.reason = std::move(reason);
  return next;
}

NextSteps EvidenceChooser::AskStranger(const Progress& progress) const {
  NextSteps next;
  if (!progress.plan.steps.empty() || o_.strangers.empty()) return next;
  auto workers = o_.strangers;
  if (workers.size() > kMostStrangers) workers.resize(kMostStrangers);
  next.reason = fmt::format("{}: none of its workers may answer this; {} answers alone", o_.model->version,
                            workers.front()->name);
  next.steps.push_back(AskStep("answer1", std::move(workers), false, o_.tools));
  next.answers = {0};
  return next;
}

// The chosen answer, through a step that picks it: the run's list of answers was in the order of asking.
NextSteps EvidenceChooser::Conclude(const Progress& progress, const std::vector<estimate::Opinion>& opinions,
                                    const std::vector<StepId>& steps, const estimate::Advice& advice) {
  NextSteps next;
  over_ = true;
  // Nobody has answered, or the only one has and was not held back.
  if (steps.empty() || o_.tools || choice_.plan->workers.size() == 1) return next;
  const auto belief = o_.model->evidence.Weigh(choice_, opinions, o_.prior);
  const auto& top = belief.groups[static_cast<std::size_t>(belief.top)];
  Step pick;
  pick.name = "choose";
  pick.role = Role::kSynthesizer;
  pick.method = Method::kPick;
  pick.access.conversation = false;
  pick.access.steps = {steps[static_cast<std::size_t>(top.best)]};
  for (const StepId s : steps) {
    if (s != pick.access.steps.front()) pick.access.steps.push_back(s);
  }
  next.answers = {static_cast<StepId>(progress.plan.steps.size())};
  for (const StepId s : pick.access.steps) next.answers.push_back(s);
  next.steps.push_back(std::move(pick));
  next.reason = fmt::format("{}, P(right) {:.2f}", Agreement(belief, opinions.size()), belief.best_p());
  if (advice.next >= 0) {
    next.reason += fmt::format(": {} not worth {} ({:+.3f} points are worth {})", Name(advice.next),
                               Usd(advice.usd), advice.gain, Usd(advice.gain * o_.value_usd));
  } else {
    next.reason += ": nobody is left to ask";
  }
  return next;
}

Task<NextSteps> EvidenceChooser::Next(const Progress& progress) {
  if (over_) co_return NextSteps{};
  const auto usd = Prices(progress);
  if (!chosen_) {
    chosen_ = true;
    choice_ = o_.model->evidence.Choose(usd, o_.value_usd);
    if (!choice_.plan) {
      over_ = true;
      co_return AskStranger(progress);
    }
  }
  std::vector<StepId> steps;
  const auto opinions = Heard(progress, &steps);
  const auto advice = o_.model->evidence.Next(choice_, opinions, o_.prior, usd, o_.value_usd);
  const bool more = advice.ask >= 0 && !(o_.tools && !steps.empty());
  if (!more) co_return Conclude(progress, opinions, steps, advice);
  if (!steps.empty()) {
    const auto belief = o_.model->evidence.Weigh(choice_, opinions, o_.prior);
    co_return Ask(progress, advice.ask,
                  fmt::format("{}, P(right) {:.2f}: {} is worth {} ({:+.3f} points are worth {})",
                              Agreement(belief, opinions.size()), belief.best_p(), Name(advice.ask),
                              Usd(advice.usd), advice.gain, Usd(advice.gain * o_.value_usd)));
  }
  const auto& team = choice_.plan->workers;
  std::string reason =
      fmt::format("{} at {} per right answer: {}", o_.model->version, Usd(o_.value_usd), Name(advice.ask));
  reason +=
      team.size() == 1 ? " alone; on recorded questions no second opinion was worth its price" : " first";
  co_return Ask(progress, advice.ask, std::move(reason));
}

EvidenceChooser::Options EvidenceOptionsFor(std::shared_ptr<const estimate::EvidenceModel> model,
                                            const ChooserRequest& request, double value_usd,
                                            std::int64_t unix_seconds) {
  EvidenceChooser::Options o;
  for (const auto& name : model->workers) {
    const auto at = std::find_if(request.workers.begin(), request.workers.end(), [&](const pool::Worker* w) {
      return w->name == name || w->target.model == name;
    });
    o.workers.push_back(at == request.workers.end() ? nullptr : *at);
  }
  o.strangers = request.workers;
  // Workers that may not be asked have no say either: any number does.
  if (request.route && !request.route->expected().empty()) {
    const auto& expected = request.route->expected();
    const auto& ranked = request.route->candidates();
    for (const pool::Worker* w : o.workers) {
      const auto at = static_cast<std::size_t>(std::find(ranked.begin(), ranked.end(), w) - ranked.begin());
      o.prior.push_back(at < expected.size() ? static_cast<float>(expected[at]) : 0.5F);
    }
  }
  o.model = std::move(model);
  o.value_usd = request.permit.controls().quality.value_or(value_usd);
  o.unix_seconds = unix_seconds;
  o.tools = !request.request.tools.empty();
  o.input_tokens = static_cast<std::int64_t>(QuestionOf(request.request).size() / 4) + kUsualInput;
  return o;
}

}  // namespace baton::workflow
