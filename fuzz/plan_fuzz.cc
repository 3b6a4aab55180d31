// Everything a workflow reads out of text: plans, lists, verdicts, conditions, tool call ids,
// log-probabilities. What is read must survive being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workflow/answer_stream.h"
#include "workflow/held.h"
#include "workflow/plan_text.h"
#include "workflow/progress.h"
#include "workflow/step_clause.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::workflow;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto steps = ParseLists(text, kMaxSteps)) {
    const auto again = ParseLists(WriteLists(*steps), kMaxSteps);
    if (!again || again->size() != steps->size()) std::abort();
    baton::pool::Worker worker;
    Plan plan;
    if (AppendWritten(*steps, {&worker}, "p", &plan) && plan.steps.size() != steps->size()) std::abort();
  }
  if (ItemsOf(text, 8).size() > 8) std::abort();
  (void)ReadVerdict(text);
  (void)ReadClause(text);
  (void)TokenLogprobs(text);
  if (const auto id = ReadCallId(text)) {
    if (ClientCallId(id->token, id->step, id->own).empty()) std::abort();
  }
  return 0;
}
