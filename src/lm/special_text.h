// Keeps what people write from being read as the model's control tokens.
//
// A chat template is one string, and the tokenizer must turn "<|im_end|>" in it into the token that ends a
// turn. The same characters inside a message would do the same: whoever writes them could end his own turn
// and speak as the system. So control texts in messages are replaced by marks before the template is
// rendered, and when the result is cut into tokens the marks stand for the plain characters.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "lm/loaded_model.h"

namespace baton::lm {

class SpecialText {
 public:
  explicit SpecialText(const LoadedModel& model);

  // Replaces every control text in `text` by a mark. True when there was one.
  bool Mark(std::string* text) const;
  // Tokens of a rendered prompt, with marks read as plain text. `add` as in LoadedModel::Tokenize.
  Result<std::vector<llama_token>> Tokenize(const LoadedModel& model, std::string_view prompt,
                                            bool add) const;
  // The prompt as people wrote it.
  std::string Unmark(std::string_view prompt) const;

 private:
  template <class Plain, class Marked>
  void Walk(std::string_view prompt, Plain plain, Marked marked) const;

  std::vector<std::string> texts_;
  std::unordered_map<std::string_view, std::size_t> index_;  // into texts_
  std::vector<std::size_t> lengths_;                         // that occur, longest first
  bool starts_[256] = {};                                    // bytes that begin one
};

}  // namespace baton::lm
