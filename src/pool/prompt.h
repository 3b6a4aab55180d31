// How one worker wants to be spoken to, as data beside the worker: where instructions go, how its reasoning
// is switched, in which words a JSON form is asked for. So that one worker can stand in for another without
// the application writing its prompts again.
#pragma once

#include <memory>
#include <string>

#include "chat/types.h"
#include "pool/backend.h"

namespace baton::pool {

struct PromptRules {
  // What becomes of system and developer messages.
  enum class System {
    kKeep,
    kSystem,     // all have the role system
    kDeveloper,  // all have the role developer
    kUser,       // put before the first user message: for models whose template knows no system role
  };
  System system = System::kKeep;
  std::string before, after;  // stands before and after the instructions, which are made where there are none
  // Put after the last user message when the request says that it wants reasoning, or none ("/think",
  // "/no_think").
  std::string reasoning_on, reasoning_off;
  // Put after the instructions when a JSON form is asked for; {schema} stands for the schema.
  std::string json;

  bool any() const {
    return system != System::kKeep || !before.empty() || !after.empty() || !reasoning_on.empty() ||
           !reasoning_off.empty() || !json.empty();
  }
};

// The request in the worker's words. Pure; `raw` is empty, since the bytes are no longer the client's.
chat::Request Translate(const PromptRules& rules, const chat::Request& request);

// A backend that translates before it hands on to `inner`.
std::unique_ptr<Backend> CreatePromptBackend(PromptRules rules, std::unique_ptr<Backend> inner);

}  // namespace baton::pool
