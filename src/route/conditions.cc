// One condition of a rule: is a field of the features what the rule wants?
//
// The fields are a table: name, kind, how to read it. Config checks, docs and matching all use these rows.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "route/rules.h"

namespace baton::route {
namespace {

struct Field {
  FieldInfo info;
  const std::string* (*text)(const Features&) = nullptr;
  bool (*flag)(const Features&) = nullptr;
  std::int64_t (*number)(const Features&) = nullptr;
  bool zero_is_unsaid = false;
};

using Kind = FieldInfo::Kind;

template <auto M>
constexpr Field Text(std::string_view name, std::string_view doc) {
  Field f{{name, Kind::kText, doc}};
  f.text = [](const Features& x) { return &(x.*M); };
  return f;
}
template <auto M>
constexpr Field Flag(std::string_view name, std::string_view doc) {
  Field f{{name, Kind::kFlag, doc}};
  f.flag = [](const Features& x) { return x.*M; };
  return f;
}
template <auto M>
constexpr Field Number(std::string_view name, std::string_view doc, bool zero_is_unsaid = false) {
  Field f{{name, Kind::kNumber, doc}};
  f.number = [](const Features& x) { return x.*M; };
  f.zero_is_unsaid = zero_is_unsaid;
  return f;
}

constexpr Field kFields[] = {
    Text<&Features::task>("task", "kind of work asked for, or the caller's `baton-task`"),
    Text<&Features::complexity>("complexity", "how much thought it seems to need"),
    Text<&Features::domain>("domain", "field of knowledge"),
    Text<&Features::language>("language",
                              "ISO 639-1 code of the user's last words; `und` when it cannot be told"),
    Text<&Features::format>("format", "form of the answer that is asked for"),
    {{"data", Kind::kSet, "data classes found; any of those listed"}},
    Flag<&Features::has_code>("has_code", "source code in the last user message"),
    Flag<&Features::has_tests>("has_tests", "tests or assertions in the last user message"),
    Flag<&Features::has_images>("has_images", "images or video anywhere in the request"),
    Flag<&Features::has_audio>("has_audio", "audio anywhere in the request"),
    Flag<&Features::has_files>("has_files", "files anywhere in the request"),
    Flag<&Features::has_tools>("has_tools", "tools are offered"),
    Flag<&Features::stream>("stream", "a streamed answer is asked for"),
    Flag<&Features::reasoning_asked>("reasoning_asked", "a reasoning effort or budget is set"),
    Number<&Features::turns>("turns", "user messages"),
    Number<&Features::input_chars>("input_chars", "bytes of text"),
    Number<&Features::input_tokens>("input_tokens", "estimated tokens of input"),
    Number<&Features::max_tokens>("max_tokens", "cap on the answer; no range matches when it is not said",
                                  true),
    Number<&Features::latency_budget_ms>("latency_budget_ms",
                                         "`baton-deadline-ms`; no range matches without one", true),
};

const Field* FindField(std::string_view name) {
  for (const auto& f : kFields) {
    if (f.info.name == name) return &f;
  }
  return nullptr;
}

bool InRange(const Condition::Range& r, double v) {
  return (!r.lt || v < *r.lt) && (!r.le || v <= *r.le) && (!r.gt || v > *r.gt) && (!r.ge || v >= *r.ge);
}

std::string DescribeRange(const Condition::Range& r) {
  if (r.ge && r.le && *r.ge == *r.le) return fmt::format("is {}", *r.ge);
  std::vector<std::string> parts;
  if (r.lt) parts.push_back(fmt::format("below {}", *r.lt));
  if (r.le) parts.push_back(fmt::format("at most {}", *r.le));
  if (r.gt) parts.push_back(fmt::format("above {}", *r.gt));
  if (r.ge) parts.push_back(fmt::format("at least {}", *r.ge));
  return fmt::format("{}", fmt::join(parts, " and "));
}

}  // namespace

const std::vector<FieldInfo>& FeatureFields() {
  static const std::vector<FieldInfo> kInfos = [] {
    std::vector<FieldInfo> infos;
    for (const auto& f : kFields) infos.push_back(f.info);
    return infos;
  }();
  return kInfos;
}

bool Matches(const Condition& c, const Features& f) {
  const Field* field = FindField(c.field);
  if (field == nullptr) std::abort();  // config/ lets no unknown field through
  if (field->flag != nullptr) return field->flag(f) == std::get<bool>(c.want);
  if (field->number != nullptr) {
    std::int64_t v = field->number(f);
    return !(v == 0 && field->zero_is_unsaid) &&
           InRange(std::get<Condition::Range>(c.want), static_cast<double>(v));
  }
  const auto& any = std::get<std::vector<std::string>>(c.want);
  if (field->text != nullptr) return std::find(any.begin(), any.end(), *field->text(f)) != any.end();
  return std::any_of(any.begin(), any.end(),
                     [&](const std::string& want) { return f.data.count(want) != 0; });
}

std::string Describe(const Condition& c) {
  if (const auto* flag = std::get_if<bool>(&c.want)) return *flag ? c.field : "not " + c.field;
  if (const auto* range = std::get_if<Condition::Range>(&c.want))
    return c.field + " " + DescribeRange(*range);
  const auto& any = std::get<std::vector<std::string>>(c.want);
  return fmt::format("{} {} {}", c.field, c.field == "data" ? "has" : "is", fmt::join(any, " or "));
}

}  // namespace baton::route
