// What the conversation said: the text of a request's messages, for checks that look for something in it.
#pragma once

#include <string>
#include <string_view>

#include "verify/verifier.h"

namespace baton::verify {

// Calls `f(text)` with every text and tool result of the request's messages (not the assistant's own), and
// with the question where it stands in none of them.
template <class F>
void ForEachText(const Subject& subject, F f) {
  f(subject.question);
  if (subject.request == nullptr) return;
  for (const auto& message : subject.request->messages) {
    if (message.role == chat::Role::kAssistant) continue;
    for (const auto& part : message.parts) {
      if (const auto* text = std::get_if<chat::Text>(&part)) f(std::string_view(text->text));
      const auto* result = std::get_if<chat::ToolResult>(&part);
      if (result == nullptr) continue;
      for (const auto& piece : result->content) {
        if (const auto* text = std::get_if<chat::Text>(&piece)) f(std::string_view(text->text));
      }
    }
  }
}

}  // namespace baton::verify
