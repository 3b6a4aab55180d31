#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "verify/schema_node.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr int kMaxSteps = 200'000;
constexpr int kMaxDepth = 200;

unsigned TypesOf(const Json& v) {
  switch (v.type()) {
    case Json::value_t::null:
      return kNullType;
    case Json::value_t::boolean:
      return kBooleanType;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return kIntegerType | kNumberType;
    case Json::value_t::number_float:
      // 1.0 is an integer to JSON Schema.
      return std::floor(v.get<double>()) == v.get<double>() ? kIntegerType | kNumberType
                                                            : unsigned{kNumberType};
    case Json::value_t::string:
      return kStringType;
    case Json::value_t::array:
      return kArrayType;
    default:
      return kObjectType;
  }
}

std::string Names(unsigned types) {
  std::string names;
  for (std::string_view name : {"null", "boolean", "integer", "number", "string", "array", "object"}) {
    if (types & TypeOf(name)) names += (names.empty() ? "" : " or ") + std::string(name);
  }
  return names;
}

std::uint64_t Characters(std::string_view s) {
  return static_cast<std::uint64_t>(std::count_if(
      s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool Matches(const Pattern& p, std::string_view s) {
  return RE2::PartialMatch(re2::StringPiece(s.data(), s.size()), *p.compiled);
}

class Evaluator {
 public:
  bool exhausted() const { return steps_ > kMaxSteps; }
  Schema::Outcome outcome;

  // True when valid. Fills `outcome` with the first problem met, outside of alternatives.
  bool Valid(const Node* n, const Json& v, const std::string& at) {
    if (n == nullptr) return true;
    if (++steps_ > kMaxSteps || depth_ >= kMaxDepth) {
      steps_ = kMaxSteps + 1;
      return false;
    }
    ++depth_;
    const bool valid = Here(*n, v, at) && Logic(*n, v, at) && Inside(*n, v, at);
    --depth_;
    return valid && !exhausted();
  }

 private:
  bool Bad(const std::string& at, std::string what) {
    if (quiet_ == 0 && outcome.what.empty()) {
      outcome.what = std::move(what);
      outcome.where = Clip(at, 200);
    }
    return false;
  }
  // Valid without reporting: inside alternatives, failing is no problem yet.
  bool Quietly(const Node* n, const Json& v, const std::string& at) {
    ++quiet_;
    const bool valid = Valid(n, v, at);
    --quiet_;
    return valid;
  }

  bool Here(const Node& n, const Json& v, const std::string& at) {
    if (n.always) return *n.always || Bad(at, "nothing is allowed there");
    if (n.types != 0 && (n.types & TypesOf(v)) == 0) {
      return Bad(at,
                 fmt::format("{} is wanted, {} is there", Names(n.types), Names(TypesOf(v) & ~kIntegerType)));
    }
    steps_ += static_cast<int>(std::min<std::size_t>(n.allowed.size(), 1000));
    if (n.has_allowed && std::find(n.allowed.begin(), n.allowed.end(), v) == n.allowed.end()) {
      return Bad(at, "the value is none of those allowed");
    }
    if (v.is_number()) return NumberValid(n, v.get<double>(), at);
    if (v.is_string()) return StringValid(n, v.get_ref<const std::string&>(), at);
    return true;
  }

  bool NumberValid(const Node& n, double x, const std::string& at) {
    if (n.minimum && x < *n.minimum) return Bad(at, fmt::format("the number is below {}", *n.minimum));
    if (n.maximum && x > *n.maximum) return Bad(at, fmt::format("the number is above {}", *n.maximum));
    if (n.above && x <= *n.above) return Bad(at, fmt::format("the number is not above {}", *n.above));
    if (n.below && x >= *n.below) return Bad(at, fmt::format("the number is not below {}", *n.below));
    if (n.multiple_of && *n.multiple_of > 0) {
      const double times = x / *n.multiple_of;
      if (std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times))) {
        return Bad(at, fmt::format("the number is no multiple of {}", *n.multiple_of));
      }
    }
    return true;
  }

  bool StringValid(const Node& n, const std::string& s, const std::string& at) {
    steps_ += static_cast<int>(std::min<std::size_t>(s.size() / 64, 1000));
    if (n.min_length || n.max_length) {
      const auto length = Characters(s);
      if (n.min_length && length < *n.min_length)
        return Bad(at, fmt::format("the text is shorter than {}", *n.min_length));
      if (n.max_length && length > *n.max_length)
        return Bad(at, fmt::format("the text is longer than {}", *n.max_length));
    }
    if (n.pattern && !Matches(*n.pattern, s)) return Bad(at, "the text does not match the pattern");
    if (!n.format.empty() && !LooksLike(n.format, s)) return Bad(at, "the text is no " + n.format);
    return true;
  }

  bool Logic(const Node& n, const Json& v, const std::string& at) {
    if (n.ref != nullptr && !Valid(n.ref, v, at)) return false;
    for (const Node* each : n.all_of) {
      if (!Valid(each, v, at)) return false;
    }
    auto fits = [&](const Node* each) { return Quietly(each, v, at); };
    if (!n.any_of.empty() && !std::any_of(n.any_of.begin(), n.any_of.end(), fits)) {
      // With one real alternative (besides null) its own problem tells more than "none".
      return Bad(at, "the value fits none of the alternatives");
    }
    if (!n.one_of.empty()) {
      const auto count = std::count_if(n.one_of.begin(), n.one_of.end(), fits);
      if (count != 1) return Bad(at, fmt::format("the value fits {} of the alternatives, not one", count));
    }
    if (n.negated != nullptr && Quietly(n.negated, v, at))
      return Bad(at, "the value is of a kind that is excluded");
    if (n.condition != nullptr && !Valid(Quietly(n.condition, v, at) ? n.then : n.otherwise, v, at))
      return false;
    return true;
  }

  bool Inside(const Node& n, const Json& v, const std::string& at) {
    if (v.is_object()) return ObjectValid(n, v, at);
    if (v.is_array()) return ArrayValid(n, v, at);
    return true;
  }

  bool ObjectValid(const Node& n, const Json& v, const std::string& at) {
    for (const std::string& name : n.required) {
      if (!v.contains(name)) return Bad(at, fmt::format("the property '{}' is missing", Clip(name, 100)));
    }
    if (n.min_properties && v.size() < *n.min_properties) return Bad(at, "there are too few properties");
    if (n.max_properties && v.size() > *n.max_properties) return Bad(at, "there are too many properties");
    for (const auto& [name, others] : n.dependent) {
      for (const std::string& other : others) {
        if (v.contains(name) && !v.contains(other)) {
          return Bad(at, fmt::format("the property '{}' is missing", Clip(other, 100)));
        }
      }
    }
    for (const auto& [name, value] : v.items()) {
      if (!PropertyValid(n, name, value, at + "/" + name)) return false;
    }
    return true;
  }

  bool PropertyValid(const Node& n, const std::string& name, const Json& value, const std::string& at) {
    if (++steps_ > kMaxSteps) return false;
    if (n.names != nullptr && !Quietly(n.names, Json(name), at))
      return Bad(at, "a property's name is not allowed");
    bool known = false;
    if (auto p = n.properties.find(name); p != n.properties.end()) {
      known = true;
      if (!Valid(p->second, value, at)) return false;
    }
    for (const auto& [pattern, node] : n.pattern_properties) {
      if (!Matches(*pattern, name)) continue;
      known = true;
      if (!Valid(node, value, at)) return false;
    }
    if (known || n.additional == nullptr) return true;
    if (n.additional->always && !*n.additional->always)
      return Bad(at, "a property is there that the schema does not have");
    return Valid(n.additional, value, at);
  }

  bool ArrayValid(const Node& n, const Json& v, const std::string& at) {
    if (n.min_items && v.size() < *n.min_items)
      return Bad(at, fmt::format("there are fewer than {} items", *n.min_items));
    if (n.max_items && v.size() > *n.max_items)
      return Bad(at, fmt::format("there are more than {} items", *n.max_items));
    std::uint64_t contained = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
      const std::string here = at + "/" + std::to_string(i);
      if (!Valid(i < n.prefix.size() ? n.prefix[i] : n.items, v[i], here)) return false;
      if (n.contains != nullptr && Quietly(n.contains, v[i], here)) ++contained;
      if (++steps_ > kMaxSteps) return false;
    }
    if (n.contains != nullptr &&
        (contained < n.min_contains.value_or(1) || (n.max_contains && contained > *n.max_contains))) {
      return Bad(at, "the wrong number of items is of the kind that must be contained");
    }
    return !n.unique || Unique(v, at);
  }

  bool Unique(const Json& v, const std::string& at) {
    std::vector<const Json*> sorted;
    for (const Json& item : v) sorted.push_back(&item);
    steps_ += static_cast<int>(std::min<std::size_t>(v.size() * 8, kMaxSteps));
    std::sort(sorted.begin(), sorted.end(), [](const Json* a, const Json* b) { return *a < *b; });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      if (*sorted[i - 1] == *sorted[i]) return Bad(at, "two items are equal");
    }
    return true;
  }

  int steps_ = 0, depth_ = 0, quiet_ = 0;
};

// Formats, loosely: what these reject is surely none; what they let through may still be a 31st of February.
constexpr auto kFormats = std::to_array<std::pair<std::string_view, const char*>>(
    {{"date", R"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))"},
     {"time", R"(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d|:60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)"},
     {"date-time",
      R"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d|:60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)?)"},
     {"duration", R"(P(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?))"},
     {"email", R"([^\s@]+@[^\s@]+)"},
     {"hostname", R"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)"},
     {"ipv4", R"(((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d))"},
     {"ipv6", R"([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)"},
     {"uuid", R"([0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})"},
     {"uri", R"([A-Za-z][A-Za-z0-9+.-]*:\S+)"}});

}  // namespace

bool KnownFormat(std::string_view format) {
  return std::any_of(kFormats.begin(), kFormats.end(), [&](const auto& f) { return f.first == format; });
}

bool LooksLike(std::string_view format, std::string_view text) {
  static const std::vector<std::unique_ptr<RE2>> kCompiled = [] {
    std::vector<std::unique_ptr<RE2>> all;
    for (const auto& f : kFormats) all.push_back(std::make_unique<RE2>(f.second));
    return all;
  }();
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i].first == format)
      return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *kCompiled[i]);
  }
  return true;
}

Schema::Outcome Schema::Check(std::string_view text) const {
  auto value = ParseBounded(text);
  if (!value) return {Outcome::Kind::kNotJson, "it is no well-formed JSON of at most 64 levels", ""};
  Evaluator evaluator;
  if (evaluator.Valid(document_->root, *value, "")) return {};
  if (evaluator.exhausted()) return {Outcome::Kind::kTooMuchWork, "checking it takes too much work", ""};
  evaluator.outcome.kind = Outcome::Kind::kInvalid;
  return evaluator.outcome;
}

}  // namespace baton::verify
