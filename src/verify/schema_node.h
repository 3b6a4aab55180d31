// The compiled form of a schema, shared by its compiler and its evaluator. Includes a third-party header: for
// schema*.cc only.
#pragma once

#include <re2/re2.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/schema.h"

namespace baton::verify {

using Json = nlohmann::json;

enum TypeBit : unsigned {
  kNullType = 1,
  kBooleanType = 2,
  kIntegerType = 4,
  kNumberType = 8,
  kStringType = 16,
  kArrayType = 32,
  kObjectType = 64,
};
// The bit of a type's name; 0 for an unknown one.
unsigned TypeOf(std::string_view name);

struct Pattern {
  std::string text;
  std::unique_ptr<RE2> compiled;
};

struct Node {
  std::optional<bool> always;  // a schema that is `true` or `false`
  unsigned types = 0;          // 0: any
  const Node* ref = nullptr;
  std::vector<Json> allowed;  // enum or const
  bool has_allowed = false;

  std::map<std::string, const Node*> properties;
  std::vector<std::pair<const Pattern*, const Node*>> pattern_properties;
  const Node* additional = nullptr;
  const Node* names = nullptr;
  std::vector<std::string> required;
  std::map<std::string, std::vector<std::string>> dependent;

  const Node* items = nullptr;
  std::vector<const Node*> prefix;
  const Node* contains = nullptr;
  bool unique = false;

  // Counts: properties, items, contained items, characters.
  std::optional<std::uint64_t> min_properties, max_properties, min_items, max_items, min_contains,
      max_contains, min_length, max_length;
  std::optional<double> minimum, maximum, above, below, multiple_of;
  const Pattern* pattern = nullptr;
  std::string format;

  std::vector<const Node*> any_of, one_of, all_of;
  const Node* negated = nullptr;
  const Node* condition = nullptr;
  const Node* then = nullptr;
  const Node* otherwise = nullptr;
};

struct Schema::Document {
  Json source;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<std::unique_ptr<Pattern>> patterns;
  std::vector<std::string> unchecked;
  const Node* root = nullptr;
};

// nullopt when it is no JSON or nested deeper than 64.
std::optional<Json> ParseBounded(std::string_view text);
// False when `text` is surely not of the format. Only for formats of KnownFormat.
bool LooksLike(std::string_view format, std::string_view text);
bool KnownFormat(std::string_view format);

}  // namespace baton::verify
