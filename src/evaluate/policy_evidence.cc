// The server's evidence policy on recorded answers, by its own code (estimate/evidence*): a plan of workers for the value of
// a point, belief over the answers after each of them, going on while that is worth its price. The router's
// estimates of the question are its prior; those of training rows come from a router that has not seen them.
//
// Where the router alone did better on the training rows for a value, and always where no answers were recorded, the
// question goes to the one worker that it chooses: evidence is a rung above the router, not instead of it.

#include <algorithm>
#include <cmath>

#include "estimate/evidence_answer.h"
#include "estimate/evidence_plan.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"
#include "evaluate/replay.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kFolds = 2;

class EvidencePolicy : public Policy {
 public:
  std::string_view name() const override { return "evidence"; }

  Status Fit(const TrainView& train) override {
    const estimate::Table table = MakeTable(train);
    estimate::FitOptions options;
    options.seed = train.seed;
    TRY(router_, estimate::Fit("stack", table, options));
    if (!NeedAnswers(train)) return {};
    TRY(const auto prior, PriorOfTraining(table, options));
    estimate::EvidenceOptions plans;
    plans.seed = train.seed;
    plans.values.assign(train.values.begin(), train.values.end());
    TRY(auto evidence, estimate::Evidence::Fit(EvidenceOf(train, prior), plans));
    evidence_ = std::make_unique<estimate::Evidence>(std::move(evidence));
    CompareWithRouter(train, prior);
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    const std::span<const float> prior = Prior(question);
    if (!evidence_ || RouterIsBetter(value)) {
      const std::size_t worker = ChooseByUtility(question, prior, value);
      question.Ask(worker);
      return worker;
    }
    return AskByPlan(question, prior, value);
  }

  bool Believe(Question& question, std::span<float> quality) const override {
    const auto prior = Prior(question);
    std::copy(prior.begin(), prior.end(), quality.begin());
    return true;
  }

 private:
  std::span<const float> Prior(Question& question) const {
    auto& memo = question.memo();
    if (memo.empty()) {
      std::vector<estimate::Estimate> estimates(question.workers());
      router_->Predict(question.features(), estimates);
      for (const auto& e : estimates) memo.push_back(e.quality);
    }
    return memo;
  }

  std::size_t AskByPlan(Question& question, std::span<const float> prior, double value) const {
    std::vector<double> usd(question.workers());
    for (std::size_t w = 0; w < usd.size(); ++w) usd[w] = question.Available(w) ? question.ExpectedCost(w) : std::nan("");
    const auto choice = evidence_->Choose(usd, value);
    if (!choice.plan) {
      const std::size_t worker = ChooseByUtility(question, prior, value);
      question.Ask(worker);
      return worker;
    }
    std::vector<estimate::Opinion> opinions;
    estimate::KeyGroups groups;
    for (;;) {
      const auto advice = evidence_->Next(choice, opinions, prior, usd, value);
      if (advice.ask < 0) break;
      const Seen& seen = question.Ask(static_cast<std::size_t>(advice.ask));
      const auto reading = estimate::ReadAnswer(seen.response, seen.answer);
      opinions.push_back({advice.ask, groups.Of(reading.key), reading.signs, 0});
    }
    if (opinions.empty()) {
      const std::size_t worker = ChooseByUtility(question, prior, value);
      question.Ask(worker);
      return worker;
    }
    const auto posterior = evidence_->Weigh(choice, opinions, prior);
    const auto best = static_cast<std::size_t>(posterior.groups[static_cast<std::size_t>(posterior.top)].best);
    return static_cast<std::size_t>(opinions[best].worker);
  }

  // rows x workers, each by a stack fitted to the other half.
  static Result<std::vector<float>> PriorOfTraining(const estimate::Table& table, const estimate::FitOptions& options) {
    std::vector<float> prior(table.rows * table.workers);
    std::vector<estimate::Estimate> estimates(table.workers);
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      estimate::Table part = table;
      part.rows = 0;
      part.x.clear(), part.quality.clear(), part.out_tokens.clear();
      for (std::size_t r = 0; r < table.rows; ++r) {
        if (r % kFolds == fold) continue;
        const auto x = table.X(r), q = table.Quality(r);
        part.x.insert(part.x.end(), x.begin(), x.end());
        part.quality.insert(part.quality.end(), q.begin(), q.end());
        ++part.rows;
      }
      TRY(const auto stack, estimate::Fit("stack", part, options));
      for (std::size_t r = fold; r < table.rows; r += kFolds) {
        stack->Predict(table.X(r), estimates);
        for (std::size_t w = 0; w < table.workers; ++w) prior[r * table.workers + w] = estimates[w].quality;
      }
    }
    return prior;
  }

  static estimate::EvidenceTable EvidenceOf(const TrainView& train, const std::vector<float>& prior) {
    estimate::EvidenceTable t;
    t.rows = train.rows.size();
    t.workers = train.matrix.workers.size();
    t.prior = prior;
    for (const std::size_t r : train.rows) {
      estimate::KeyGroups groups;
      for (const Cell& cell : train.matrix.rows[r].cells) {
        t.quality.push_back(cell.recorded ? cell.score : estimate::kMissing);
        t.cost_usd.push_back(cell.recorded ? static_cast<float>(cell.cost_usd) : estimate::kMissing);
        const auto reading = estimate::ReadAnswer(cell.response, cell.answer);
        t.group.push_back(static_cast<std::int16_t>(cell.recorded ? groups.Of(reading.key) : estimate::kUnread));
        t.signs.push_back(reading.signs);
      }
    }
    return t;
  }

  // For every value: what the router's choices were worth on rows it had not seen, against the plan's replay.
  void CompareWithRouter(const TrainView& train, const std::vector<float>& prior) {
    const std::size_t workers = train.matrix.workers.size();
    const CostForecast forecast(train.matrix, train.rows);
    std::vector<double> usual(workers);
    for (std::size_t w = 0; w < workers; ++w) usual[w] = forecast.Mean(w);
    for (const double value : evidence_->values()) {
      double worth = 0;
      for (std::size_t i = 0; i < train.rows.size(); ++i) {
        const Row& row = train.matrix.rows[train.rows[i]];
        std::size_t best = workers;
        double most = 0;
        for (std::size_t w = 0; w < workers; ++w) {
          if (!row.cells[w].recorded) continue;
          const double u = value * static_cast<double>(prior[i * workers + w]) - forecast.Expect(w, row.prompt.size());
          if (best == workers || u > most) best = w, most = u;
        }
        if (best < workers) worth += value * static_cast<double>(row.cells[best].score) - row.cells[best].cost_usd;
      }
      worth /= static_cast<double>(train.rows.size());
      const auto choice = evidence_->Choose(usual, value);
      const bool plan = choice.plan && choice.rule < choice.plan->rules.size();
      const double replayed = plan ? value * choice.plan->rules[choice.rule].quality - choice.plan->rules[choice.rule].usd : -1e300;
      router_better_.push_back(worth > replayed);
    }
  }

  bool RouterIsBetter(double value) const {
    const auto& values = evidence_->values();
    const auto at = std::lower_bound(values.begin(), values.end(), value) - values.begin();
    return router_better_[std::min(router_better_.size() - 1, static_cast<std::size_t>(at))];
  }

  std::unique_ptr<estimate::Estimator> router_;
  std::unique_ptr<estimate::Evidence> evidence_;
  std::vector<bool> router_better_;
};

}  // namespace

std::unique_ptr<Policy> MakeEvidence() { return std::make_unique<EvidencePolicy>(); }

}  // namespace baton::evaluate
