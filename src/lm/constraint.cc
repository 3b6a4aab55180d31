#include "lm/constraint.h"

#include <fmt/format.h>
#include <json-schema-to-grammar.h>

#include <cmath>

namespace baton::lm {
namespace {

// A schema larger than this makes a grammar that takes seconds per token.
constexpr std::size_t kMaxSchema = 256 << 10;
constexpr std::size_t kMaxGrammar = 4 << 20;

Error BadSchema(const std::string& param, const std::string& what) {
  return Fail(Code::kInvalidRequest, "the JSON schema cannot be used: " + what, "invalid_schema", param);
}

}  // namespace

Result<std::string> GrammarOfSchema(std::string_view schema_json, const std::string& param) {
  if (schema_json.size() > kMaxSchema) return BadSchema(param, "it is larger than 256 KB");
  try {
    std::string gbnf = json_schema_to_grammar(common_json::parse(std::string(schema_json)), true);
    if (gbnf.size() > kMaxGrammar)
      return BadSchema(param, "its grammar is too large; ask for less repetition");
    return gbnf;
  } catch (const std::exception& e) {
    return BadSchema(param, std::string(e.what()).substr(0, 300));
  }
}

Result<Constraint> Constraint::Make(const llama_vocab* vocab, const GrammarSpec& spec) {
  Constraint c;
  if (spec.empty()) return c;
  try {
    if (spec.lazy) {
      std::vector<const char*> patterns;
      for (const std::string& p : spec.trigger_patterns) patterns.push_back(p.c_str());
      c.grammar_.reset(llama_sampler_init_grammar_lazy_patterns(
          vocab, spec.gbnf.c_str(), "root", patterns.data(), patterns.size(), spec.trigger_tokens.data(),
          spec.trigger_tokens.size()));
    } else {
      c.grammar_.reset(llama_sampler_init_grammar(vocab, spec.gbnf.c_str(), "root"));
    }
    if (!c.grammar_) return BadSchema("", "no grammar can be made of it");
    for (llama_token t : spec.prefill) llama_sampler_accept(c.grammar_.get(), t);
  } catch (const std::exception& e) {
    return BadSchema("", std::string(e.what()).substr(0, 300));
  }
  return c;
}

bool Constraint::Allows(llama_token token) {
  if (!grammar_) return true;
  llama_token_data one{token, 1.0f, 0.0f};
  llama_token_data_array array{&one, 1, -1, false};
  llama_sampler_apply(grammar_.get(), &array);
  return std::isfinite(one.logit);
}

void Constraint::Mask(std::vector<llama_token_data>& candidates) {
  if (!grammar_) return;
  llama_token_data_array array{candidates.data(), candidates.size(), -1, false};
  llama_sampler_apply(grammar_.get(), &array);
}

Status Constraint::Accept(llama_token token) {
  if (!grammar_) return {};
  try {
    llama_sampler_accept(grammar_.get(), token);
    return {};
  } catch (const std::exception& e) {
    return Fail(Code::kInternal, fmt::format("the answer's grammar came to a dead end: {}", e.what()),
                "grammar");
  }
}

}  // namespace baton::lm
