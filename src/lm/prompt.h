// From a conversation to the tokens a model reads, and to what must be known to read its answer.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "lm/answer.h"
#include "lm/constraint.h"
#include "lm/loaded_model.h"
#include "lm/special_text.h"

struct common_chat_templates;

namespace baton::lm {

struct Prompt {
  std::string text;
  std::vector<llama_token> tokens;
  GrammarSpec grammar;
  std::vector<std::string> stops;  // the template's and the request's
  std::set<llama_token> shown;     // special tokens whose text the answer's parser needs to see
  enum class Form { kPlain, kTagged, kNative } form = Form::kPlain;
  std::string parser, generation_prompt;  // kNative
  int format = 0;

  std::unique_ptr<Answer> NewAnswer(CallIds ids) const;
};

class PromptBuilder {
 public:
  // kInvalidRequest ("bad_template") when the file's chat template cannot be parsed.
  static Result<std::unique_ptr<PromptBuilder>> Make(const LoadedModel& model);
  ~PromptBuilder();
  bool native_tools() const { return native_tools_; }
  bool native_reasoning() const { return native_reasoning_; }

  // Thread safe. kInvalidRequest, kUnsupported (images and other media). Does not look at the length.
  Result<Prompt> Build(const chat::Request& request) const;

 private:
  struct Templates;
  PromptBuilder(const LoadedModel& model, std::unique_ptr<Templates> templates);

  Result<Prompt> Render(const chat::Request& request) const;

  const LoadedModel& model_;
  std::unique_ptr<Templates> templates_;
  SpecialText special_;
  bool native_tools_ = false, native_reasoning_ = false, plain_transcript_ = false;
  mutable std::mutex m_;  // the template engine makes no promise about threads
};

}  // namespace baton::lm
