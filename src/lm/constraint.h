// A grammar that the answer must follow, token by token.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lm/llama_handles.h"

namespace baton::lm {

struct GrammarSpec {
  std::string gbnf;  // empty: no constraint
  // Lazy: free until one of these regular expressions or tokens appears, constrained from there on.
  bool lazy = false;
  std::vector<std::string> trigger_patterns;
  std::vector<llama_token> trigger_tokens;
  // Already written by the prompt; the grammar starts after them.
  std::vector<llama_token> prefill;
  bool empty() const { return gbnf.empty(); }
};

// JSON Schema as a grammar. kInvalidRequest ("invalid_schema"), param as given.
Result<std::string> GrammarOfSchema(std::string_view schema_json, const std::string& param);

// One generation's place in a grammar. For the compute thread.
class Constraint {
 public:
  // kInvalidRequest ("invalid_schema") when the grammar cannot be built.
  static Result<Constraint> Make(const llama_vocab* vocab, const GrammarSpec& spec);
  static Constraint None() { return Constraint(); }

  bool active() const { return grammar_ != nullptr; }
  bool Allows(llama_token token);
  // Sets the logit of each candidate that may not come next to minus infinity.
  void Mask(std::vector<llama_token_data>& candidates);
  // REQUIRES: Allows(token). kInternal when the grammar is stuck all the same.
  Status Accept(llama_token token);

 private:
  SamplerHandle grammar_;
};

}  // namespace baton::lm
