// What one step's worker is sent: the conversation if the step may see it, the outputs it may see, its task.
//
// Text of other models is data. It stands between lines that carry a mark drawn for this run, which no text
// can contain, under a sentence that says what it is. That does not stop a model from obeying a sentence in
// it; what stops harm is that nothing a step says is ever executed by Baton: plans come from planner steps
// alone, through the same check and the same lease.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/types.h"
#include "rails/classifier.h"
#include "rails/redact.h"
#include "workflow/progress.h"

namespace baton::workflow {

struct StepView {
  const chat::Request& client;  // as it came, without other steps' tool turns
  const Plan& plan;
  const std::vector<StepState>& states;
  StepId step;
  std::string_view mark;  // of this run; see DrawMark()
};

// A mark that stands in none of the outputs so far. `seed` makes it unguessable to whoever wrote them.
std::string DrawMark(std::uint64_t seed, const std::vector<StepState>& states);

// The request without its output cap and tools of the pool. With an empty instruction and nothing to see it
// is the client's own, which is how a plan of one step asks for exactly what the client asked for.
chat::Request MakeRequest(const StepView& view);
// The same text for a thing that is no model: a person, a tool's template.
std::string MaterialFor(const StepView& view);

// Replaces personal data in every text of the request by marks.
void Redact(const rails::Classifier& classifier, rails::Marks* marks, chat::Request* request);

// Tokens of a request's texts and tools, leaning upwards; each picture counts 1,000.
std::int64_t EstimateInput(const chat::Request& request);
// The text of the client's last message.
std::string QuestionOf(const chat::Request& request);
// A template's {{name}} replaced by that step's output as a JSON string, {{question}} by the client's last
// message. kInvalidRequest for a name that there is not.
Result<std::string> FillArguments(std::string_view arguments, const StepView& view);

}  // namespace baton::workflow
