// mixture_of_agents (Wang et al., arXiv 2406.04692): layers of workers, each layer reading the one before,
// then an aggregator. Calls = workers x layers + 1, exactly; a baseline that the learned policies must beat
// at equal dollars, which is why it stays as published: every worker in every layer, no early stop.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildMixtureOfAgents(const Materials& m) {
  Plan plan;
  const int layers = std::clamp(Or(m.settings.layers, 3), 1, 6);
  auto workers = m.workers;
  const auto most = static_cast<std::size_t>((static_cast<int>(kMaxSteps) - 1) / layers);
  if (workers.size() > most) {
    workers.resize(most);
    plan.notes.push_back(fmt::format("only {} workers fit {} layers into a plan", most, layers));
  }
  TRY(const pool::Worker* last, Named(m, m.settings.synthesizer));
  constexpr const char* kTask =
      "Answers of several models to the conversation above stand here. Weigh them critically: some may be "
      "biased or "
      "wrong. Reply with one refined, accurate and complete answer of your own.";
  std::vector<StepId> before;
  for (int layer = 1; layer <= layers; ++layer) {
    std::vector<StepId> here;
    for (std::size_t i = 0; i < workers.size(); ++i) {
      Step s =
          Ask(fmt::format("layer{}.{}", layer, i + 1), Role::kWorker, {workers[i]}, layer > 1 ? kTask : "");
      s.access.steps = before;
      s.temperature = m.request.temperature.value_or(0.7);
      here.push_back(Add(&plan, std::move(s)));
    }
    before = std::move(here);
  }
  Step aggregate = Ask("aggregate", Role::kSynthesizer, {last}, kTask);
  aggregate.access.steps = before;
  aggregate.answers_client = true;
  plan.answers = {Add(&plan, std::move(aggregate))};
  plan.answers.insert(plan.answers.end(), before.begin(), before.end());
  return plan;
}

}  // namespace baton::workflow
