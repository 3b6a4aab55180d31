// From the model's text to events: plain text, or text with tool calls (and reasoning) in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"

namespace baton::lm {

// One per choice. Text comes in pieces of whole characters; events are appended to `out` without `choice`
// set.
class Answer {
 public:
  virtual ~Answer() = default;
  virtual void Text(std::string_view piece, std::vector<chat::Event>* out) = 0;
  // After the last piece.
  virtual void End(std::vector<chat::Event>* out) = 0;
  // A tool call has begun.
  virtual bool called() const = 0;
};

// Makes call ids unique within a process: a prefix per request.
struct CallIds {
  std::string prefix;  // "call_" and random characters
  int next = 0;
  std::string New() { return prefix + std::to_string(next++); }
};

std::unique_ptr<Answer> NewPlainAnswer();
// Calls written as <tool_call>{"name": ..., "arguments": {...}}</tool_call>: what tools.cc asks models for
// whose template knows no tools. Arguments are streamed byte for byte.
std::unique_ptr<Answer> NewTaggedAnswer(CallIds ids);
// As the model's own template writes them; `parser` is what the template engine said (see prompt.cc).
std::unique_ptr<Answer> NewNativeAnswer(CallIds ids, const std::string& parser, int format,
                                        const std::string& generation_prompt);

}  // namespace baton::lm
