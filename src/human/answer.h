// A person's answer in the form in which a worker's would come.
#pragma once

#include <string>

#include "chat/types.h"

namespace baton::human {

inline chat::Response AnswerOf(std::string text, const std::string& model, std::int64_t created_unix) {
  chat::Response response;
  response.model = model;
  response.created = created_unix;
  chat::Choice& choice = response.choices.emplace_back();
  choice.message.role = chat::Role::kAssistant;
  choice.message.parts.emplace_back(chat::Text{std::move(text), {}});
  choice.finish = chat::Finish::kStop;
  return response;
}

}  // namespace baton::human
