// From JSON to nodes. A place in the document is compiled once, and is known before its members are read, so
// a schema may refer to itself. Pointers in the messages are for people.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "verify/schema_node.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxText = 256 * 1024;
constexpr std::size_t kMaxNodes = 5000;
constexpr std::size_t kMaxPatterns = 200;
constexpr std::size_t kMaxUnchecked = 20;
constexpr int kMaxDepth = 64;

class Compiler {
 public:
  Compiler(const Json& source, std::vector<std::unique_ptr<Node>>* nodes,
           std::vector<std::unique_ptr<Pattern>>* patterns, std::vector<std::string>* unchecked)
      : source_(source), nodes_(*nodes), patterns_(*patterns), unchecked_(*unchecked) {}

  const Node* At(const std::string& pointer, const Json& json) {
    if (auto known = by_place_.find(&json); known != by_place_.end()) return known->second;
    if (nodes_.size() >= kMaxNodes || ++depth_ > kMaxDepth)
      return Wrong(pointer, "is too large or too deep"), nullptr;
    nodes_.push_back(std::make_unique<Node>());
    Node* node = nodes_.back().get();
    by_place_[&json] = node;
    if (json.is_boolean()) {
      node->always = json.get<bool>();
    } else if (json.is_object()) {
      for (const auto& [key, value] : json.items()) {
        Read(node, pointer, key, value, json);
        if (!problem_.empty()) break;
      }
    } else {
      Wrong(pointer, "is neither an object nor true or false");
    }
    --depth_;
    return node;
  }
  const std::string& problem() const { return problem_; }

 private:
  void Wrong(const std::string& pointer, std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("{} {}", pointer.empty() ? "it" : Clip(pointer, 100), what);
  }
  void Unchecked(std::string name) {
    if (unchecked_.size() < kMaxUnchecked &&
        std::find(unchecked_.begin(), unchecked_.end(), name) == unchecked_.end()) {
      unchecked_.emplace_back(Clip(name, 60));
    }
  }

  void Read(Node* n, const std::string& p, const std::string& key, const Json& v, const Json& owner) {
    const std::string at = p + "/" + key;
    if (ReadLogic(n, at, key, v) || ReadObject(n, at, key, v) || ReadArray(n, at, key, v) ||
        ReadScalar(n, at, key, v, owner)) {
      return;
    }
    static const std::set<std::string, std::less<>> kHarmless = {"title",
                                                                 "description",
                                                                 "default",
                                                                 "examples",
                                                                 "deprecated",
                                                                 "readOnly",
                                                                 "writeOnly",
                                                                 "$schema",
                                                                 "$id",
                                                                 "$comment",
                                                                 "$defs",
                                                                 "definitions",
                                                                 "$anchor",
                                                                 "example",
                                                                 "contentEncoding",
                                                                 "contentMediaType",
                                                                 "nullable",
                                                                 "strict",
                                                                 "x-order",
                                                                 "name",
                                                                 "propertyOrdering"};
    // OpenAPI's `nullable` allows more, which type would forbid: it is honoured where the type is read.
    if (!kHarmless.contains(key)) Unchecked(key);
  }

  bool ReadLogic(Node* n, const std::string& at, const std::string& key, const Json& v) {
    if (key == "anyOf") return n->any_of = All(at, v), true;
    if (key == "oneOf") return n->one_of = All(at, v), true;
    if (key == "allOf") return n->all_of = All(at, v), true;
    if (key == "not") return n->negated = At(at, v), true;
    if (key == "if") return n->condition = At(at, v), true;
    if (key == "then") return n->then = At(at, v), true;
    if (key == "else") return n->otherwise = At(at, v), true;
    if (key == "$ref") return n->ref = Reference(at, v), true;
    if (key != "enum" && key != "const") return false;
    if (key == "enum" && !v.is_array()) return Wrong(at, "must be a list"), true;
    n->has_allowed = true;
    if (key == "const") {
      n->allowed = {v};
    } else {
      n->allowed.assign(v.begin(), v.end());
    }
    return true;
  }

  bool ReadObject(Node* n, const std::string& at, const std::string& key, const Json& v) {
    if (key == "additionalProperties") return n->additional = At(at, v), true;
    if (key == "propertyNames") return n->names = At(at, v), true;
    if (key == "required") return n->required = Names(at, v), true;
    if (key == "minProperties") return Count(at, v, &n->min_properties), true;
    if (key == "maxProperties") return Count(at, v, &n->max_properties), true;
    const bool by_name = key == "properties", by_pattern = key == "patternProperties",
               depends = key == "dependentRequired";
    if (!by_name && !by_pattern && !depends) return false;
    if (!v.is_object()) return Wrong(at, "must be an object"), true;
    for (const auto& [name, value] : v.items()) {
      if (depends) {
        n->dependent[name] = Names(at + "/" + name, value);
      } else if (by_name) {
        n->properties[name] = At(at + "/" + name, value);
      } else if (const Pattern* pattern = Compile(at, name)) {
        n->pattern_properties.emplace_back(pattern, At(at + "/" + name, value));
      }
      if (!problem_.empty()) break;
    }
    return true;
  }

  bool ReadArray(Node* n, const std::string& at, const std::string& key, const Json& v) {
    if (key == "items" && v.is_array()) return n->prefix = All(at, v), true;  // before 2020
    if (key == "items" || key == "additionalItems") return n->items = At(at, v), true;
    if (key == "prefixItems") return n->prefix = All(at, v), true;
    if (key == "contains") return n->contains = At(at, v), true;
    if (key == "minContains") return Count(at, v, &n->min_contains), true;
    if (key == "maxContains") return Count(at, v, &n->max_contains), true;
    if (key == "minItems") return Count(at, v, &n->min_items), true;
    if (key == "maxItems") return Count(at, v, &n->max_items), true;
    if (key == "uniqueItems") return n->unique = v.is_boolean() && v.get<bool>(), true;
    return false;
  }

  bool ReadScalar(Node* n, const std::string& at, const std::string& key, const Json& v, const Json& owner) {
    if (key == "type") return ReadType(n, at, v, owner), true;
    if (key == "minimum") return Bound(at, v, &n->minimum), true;
    if (key == "maximum") return Bound(at, v, &n->maximum), true;
    if (key == "exclusiveMinimum") return Bound(at, v, &n->above), true;
    if (key == "exclusiveMaximum") return Bound(at, v, &n->below), true;
    if (key == "multipleOf") return Bound(at, v, &n->multiple_of), true;
    if (key == "minLength") return Count(at, v, &n->min_length), true;
    if (key == "maxLength") return Count(at, v, &n->max_length), true;
    if (key != "pattern" && key != "format") return false;
    if (!v.is_string()) return Wrong(at, "must be a string"), true;
    if (key == "pattern") {
      n->pattern = Compile(at, v.get<std::string>());
    } else if (KnownFormat(v.get<std::string>())) {
      n->format = v.get<std::string>();
    } else {
      Unchecked("format " + v.get<std::string>());
    }
    return true;
  }

  void ReadType(Node* n, const std::string& at, const Json& v, const Json& owner) {
    const Json list = v.is_array() ? v : Json::array({v});
    for (const Json& name : list) {
      const unsigned bit = name.is_string() ? TypeOf(name.get<std::string>()) : 0;
      if (bit == 0) return Wrong(at, "names an unknown type");
      n->types |= bit;
    }
    if (auto nullable = owner.find("nullable"); nullable != owner.end() && *nullable == Json(true))
      n->types |= kNullType;
  }

  const Node* Reference(const std::string& at, const Json& v) {
    const std::string text = v.is_string() ? v.get<std::string>() : "";
    if (!text.starts_with('#'))
      return Wrong(at, "must refer to a place in the same document (#/...)"), nullptr;
    std::string pointer = text.substr(1);
    if (!pointer.empty() && pointer[0] != '/')
      return Wrong(at, "uses an anchor, which is not supported"), nullptr;
    // Walked by hand: the library's pointers throw.
    const Json* target = &source_;
    for (std::size_t i = 0; i < pointer.size();) {
      const std::size_t end = std::min(pointer.find('/', i + 1), pointer.size());
      std::string step = pointer.substr(i + 1, end - i - 1);
      for (auto [code, sign] : {std::pair("~1", "/"), std::pair("~0", "~")}) {
        for (std::size_t c; (c = step.find(code)) != std::string::npos;) step.replace(c, 2, sign);
      }
      target = Step(*target, step);
      if (target == nullptr) return Wrong(at, "refers to a place that does not exist"), nullptr;
      i = end;
    }
    return At(pointer, *target);
  }
  static const Json* Step(const Json& from, const std::string& name) {
    if (from.is_object()) {
      auto found = from.find(name);
      return found == from.end() ? nullptr : &*found;
    }
    const bool index =
        from.is_array() && !name.empty() && name.size() < 6 && std::all_of(name.begin(), name.end(), IsDigit);
    const std::size_t i = index ? std::stoul(name) : 0;
    return index && i < from.size() ? &from[i] : nullptr;
  }

  std::vector<const Node*> All(const std::string& at, const Json& v) {
    std::vector<const Node*> nodes;
    if (!v.is_array()) return Wrong(at, "must be a list of schemas"), nodes;
    for (std::size_t i = 0; i < v.size() && problem_.empty(); ++i)
      nodes.push_back(At(at + "/" + std::to_string(i), v[i]));
    return nodes;
  }
  std::vector<std::string> Names(const std::string& at, const Json& v) {
    std::vector<std::string> names;
    for (const Json& name : v) {
      if (!v.is_array() || !name.is_string()) return Wrong(at, "must be a list of names"), names;
      names.push_back(name.get<std::string>());
    }
    return names;
  }
  void Count(const std::string& at, const Json& v, std::optional<std::uint64_t>* to) {
    if (!v.is_number() || v.get<double>() < 0 || v.get<double>() > 1e15) return Wrong(at, "must be a count");
    *to = static_cast<std::uint64_t>(v.get<double>());
  }
  void Bound(const std::string& at, const Json& v, std::optional<double>* to) {
    if (!v.is_number()) return Wrong(at, "must be a number");
    *to = v.get<double>();
  }
  const Pattern* Compile(const std::string& at, const std::string& text) {
    if (patterns_.size() >= kMaxPatterns) return Wrong(at, "is one pattern too many"), nullptr;
    RE2::Options how;
    how.set_log_errors(false);
    how.set_max_mem(1 << 20);
    auto compiled = std::make_unique<RE2>(text, how);
    // JSON Schema's patterns are ECMAScript's: look-ahead is valid there and beyond a linear-time engine.
    if (!compiled->ok()) return Unchecked("pattern (" + compiled->error() + ")"), nullptr;
    patterns_.push_back(std::make_unique<Pattern>(Pattern{text, std::move(compiled)}));
    return patterns_.back().get();
  }

  const Json& source_;
  std::vector<std::unique_ptr<Node>>& nodes_;
  std::vector<std::unique_ptr<Pattern>>& patterns_;
  std::vector<std::string>& unchecked_;
  std::map<const Json*, Node*> by_place_;
  std::string problem_;
  int depth_ = 0;
};

}  // namespace

unsigned TypeOf(std::string_view name) {
  static constexpr std::array kNames =
      std::to_array<std::string_view>({"null", "boolean", "integer", "number", "string", "array", "object"});
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return 1u << i;
  }
  return 0;
}

std::optional<Json> ParseBounded(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return std::nullopt;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

Schema::Schema(std::unique_ptr<Document> document) : document_(std::move(document)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;
const std::vector<std::string>& Schema::unchecked() const {
  return document_->unchecked;
}

Result<Schema> Schema::Compile(std::string_view text) {
  if (text.size() > kMaxText)
    return Fail(Code::kInvalidRequest, "the schema is larger than 256 KB", "invalid_schema");
  auto source = ParseBounded(text);
  if (!source) {
    return Fail(Code::kInvalidRequest, "the schema is no well-formed JSON of at most 64 levels",
                "invalid_schema");
  }
  auto document = std::make_unique<Document>();
  document->source = std::move(*source);
  Compiler compiler(document->source, &document->nodes, &document->patterns, &document->unchecked);
  document->root = compiler.At("", document->source);
  if (!compiler.problem().empty()) {
    return Fail(Code::kInvalidRequest, "the schema is not valid: " + compiler.problem(), "invalid_schema");
  }
  return Schema(std::move(document));
}

}  // namespace baton::verify
