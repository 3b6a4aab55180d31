// What an exact worker reads of a request: the question, what earlier steps of a workflow left for it, and
// its own task. Exact workers look for something they can compute, newest text first: a later step has
// usually turned the question into something more exact than the question was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"

namespace baton::exact {

struct Note {
  std::string title;  // "output of s1 (thinker)"
  std::string text;
};

struct Reading {
  std::string question;     // the client's last message, without what a workflow added to it
  std::vector<Note> notes;  // oldest first; for a plain request: none
  std::string task;         // what the workflow asks this step to do; may be empty

  // Everything that may hold something to compute, best first: the task, notes from the newest on, the
  // question.
  std::vector<std::string_view> Sources() const;
  // The newest answer of a step whose role was `worker`; null: there is none.
  const Note* Answer() const;
};

// The last user message, its blocks of material ("<<<MARK title ... >>>MARK", workflow/step_request.h) taken
// out as notes. Linear in the text.
Reading Read(const chat::Request& request);

// The task asks for a verdict on an answer: it names both words that a verifier may begin with.
bool WantsVerdict(const Reading& reading);

}  // namespace baton::exact
