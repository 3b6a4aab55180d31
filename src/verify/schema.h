// JSON Schema as structured outputs use it, checked against text nobody trusts: depth, work and memory are
// bounded.
//
// Checked: type, enum, const, properties, required, additionalProperties, patternProperties, propertyNames,
// dependentRequired, min/maxProperties, items, prefixItems, contains, min/maxItems, uniqueItems, minimum,
// maximum, exclusiveMinimum/Maximum, multipleOf, min/maxLength, pattern (RE2), format (loosely), anyOf,
// oneOf, allOf, not, if/then/else, $ref to a place in the same document. Other keywords that could forbid
// something are listed in unchecked() and never silently passed. Draft 2020-12 meanings.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace baton::verify {

class Schema {
 public:
  // kInvalidRequest when the text is no JSON, no schema, refers outside itself, or is too large (256 KB,
  // 5,000 nested schemas, depth 64).
  static Result<Schema> Compile(std::string_view text);
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  struct Outcome {
    enum class Kind { kValid, kInvalid, kNotJson, kTooMuchWork };
    Kind kind = Kind::kValid;
    std::string what;   // in words of the schema only
    std::string where;  // JSON pointer into the value, "" for the whole: untrusted text, at most 200 bytes
  };
  // Pure, thread safe. Work is bounded by about 200,000 comparisons.
  Outcome Check(std::string_view json) const;
  // Keywords found that nothing here checks, in order, each once; at most 20.
  const std::vector<std::string>& unchecked() const;

 private:
  struct Document;
  explicit Schema(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

}  // namespace baton::verify
