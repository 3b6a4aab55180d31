// Tool calls in text, read leniently: models write them as JSON in three shapes and as Python calls.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "estimate/evidence_answer.h"
#include "verify/text.h"

namespace baton::estimate {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 8;
constexpr std::size_t kMostCalls = 32, kLongest = 8000;
constexpr int kMostTries = 64;  // brackets that turn out to open no JSON: each costs a pass over the rest

std::string Plain(std::string_view name) {
  std::string out = verify::Lower(name);
  std::replace(out.begin(), out.end(), '.', '_');
  return out;
}

// Numbers written as 1, 1.0 and "1" are one value; case and white space of texts aside.
std::string Text(const Json& v, int depth) {
  if (depth > kDeepest) return "...";
  if (v.is_string()) {
    const auto& s = v.get_ref<const std::string&>();
    const Json inner = Json::parse(s, nullptr, false);
    if (inner.is_number() || inner.is_array()) return Text(inner, depth + 1);
    std::string out;
    const std::string lower = verify::Lower(s);
    for (std::string_view word : verify::Words(lower)) {
      if (!out.empty()) out += ' ';
      out += word;
    }
    if (out.size() > 2 && (out[0] == '\'' || out[0] == '"') && out.back() == out[0])
      return out.substr(1, out.size() - 2);
    return out;
  }
  if (v.is_number()) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", v.get<double>());
    return text;
  }
  std::string out;
  if (v.is_array()) {
    for (const auto& x : v) out += Text(x, depth + 1) + ",";
    return "[" + out + "]";
  }
  if (v.is_object()) {
    for (const auto& [k, x] : v.items()) out += k + ":" + Text(x, depth + 1) + ",";
    return "{" + out + "}";
  }
  return v.is_boolean() ? (v.get<bool>() ? "true" : "false") : "null";
}

Json Parsed(const Json& v) {
  if (!v.is_string()) return v;
  Json inner = Json::parse(v.get_ref<const std::string&>(), nullptr, false);
  return inner.is_discarded() ? v : inner;
}

void FromJson(const Json& v, int depth, std::vector<std::string>* out) {
  if (depth > kDeepest || out->size() >= kMostCalls) return;
  if (v.is_array()) {
    for (const auto& x : v) FromJson(x, depth + 1, out);
  }
  if (!v.is_object()) return;
  if (v.contains("tool_calls")) return FromJson(v["tool_calls"], depth + 1, out);
  if (v.contains("function") && v["function"].is_object()) return FromJson(v["function"], depth + 1, out);
  for (const char* key : {"arguments", "parameters"}) {
    if (!v.contains("name") || !v["name"].is_string() || !v.contains(key)) continue;
    out->push_back(Plain(v["name"].get<std::string>()) + Text(Parsed(v[key]), 0));
    return;
  }
  // {"f": {"a": 1}}
  for (const auto& [name, value] : v.items()) {
    const Json arguments = Parsed(value);
    if (v.size() == 1 && arguments.is_object()) out->push_back(Plain(name) + Text(arguments, 0));
  }
}

// The end of the bracket that opens at `at`, texts inside quotes aside; npos: it does not close.
std::size_t Closing(std::string_view s, std::size_t at) {
  int depth = 0;
  char quote = 0;
  for (std::size_t i = at; i < s.size(); ++i) {
    const char c = s[i];
    if (quote) {
      if (c == '\\')
        ++i;
      else if (c == quote)
        quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      if (--depth == 0) return i;
    }
  }
  return std::string_view::npos;
}

// A Python literal as JSON, where it is one.
Json Literal(std::string_view s) {
  std::string text(verify::Trim(s));
  if (text == "True") return true;
  if (text == "False") return false;
  if (text == "None") return nullptr;
  Json v = Json::parse(text, nullptr, false);
  if (!v.is_discarded()) return v;
  std::replace(text.begin(), text.end(), '\'', '"');
  std::replace(text.begin(), text.end(), '(', '[');
  std::replace(text.begin(), text.end(), ')', ']');
  v = Json::parse(text, nullptr, false);
  return v.is_discarded() ? Json(std::string(verify::Trim(s))) : v;
}

// "a=1, b='x'" by the commas that stand outside brackets and quotes.
std::string Arguments(std::string_view s) {
  std::map<std::string, std::string> out;
  std::size_t from = 0, equals = std::string_view::npos;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i <= s.size(); ++i) {
    const char c = i < s.size() ? s[i] : ',';
    if (i < s.size() && quote) {
      if (c == '\\')
        ++i;
      else if (c == quote)
        quote = 0;
      continue;
    }
    if (c == '"' || c == '\'')
      quote = c;
    else if (c == '(' || c == '[' || c == '{')
      ++depth;
    else if (c == ')' || c == ']' || c == '}')
      --depth;
    else if (c == '=' && depth == 0 && equals == std::string_view::npos)
      equals = i;
    else if (c == ',' && (depth == 0 || i >= s.size())) {
      const bool named = equals != std::string_view::npos;
      const std::string key =
          named ? std::string(verify::Trim(s.substr(from, equals - from))) : "#" + std::to_string(out.size());
      const std::size_t value = named ? equals + 1 : from;
      if (i > value) out[key] = Text(Literal(s.substr(value, std::min(i, s.size()) - value)), 0);
      from = i + 1;
      equals = std::string_view::npos;
    }
  }
  std::string text;
  for (const auto& [k, v] : out) text += k + ":" + v + ",";
  return "{" + text + "}";
}

bool NameByte(char c) {
  return verify::IsAlpha(c) || verify::IsDigit(c) || c == '_' || c == '.';
}

// f(a=1), g.h(b="x"); only where the whole text is such calls, for prose holds brackets too.
void FromPython(std::string_view s, std::vector<std::string>* out) {
  s = verify::Trim(s);
  if (!s.empty() && s[0] == '[' && s.back() == ']') s = s.substr(1, s.size() - 2);
  std::size_t i = 0;
  while (i < s.size() && out->size() < kMostCalls) {
    while (i < s.size() && (verify::IsSpace(s[i]) || s[i] == ',' || s[i] == ';')) ++i;
    const std::size_t name = i;
    while (i < s.size() && NameByte(s[i])) ++i;
    if (i == s.size() && i == name) return;
    const std::size_t end = i < s.size() && i > name && s[i] == '(' ? Closing(s, i) : std::string_view::npos;
    if (end == std::string_view::npos) return out->clear();
    out->push_back(Plain(s.substr(name, i - name)) + Arguments(s.substr(i + 1, end - i - 1)));
    i = end + 1;
  }
}

void FromTextJson(std::string_view s, std::vector<std::string>* out) {
  int tries = 0;
  for (std::size_t i = 0; i < s.size() && out->size() < kMostCalls && tries < kMostTries; ++i) {
    if (s[i] != '[' && s[i] != '{') continue;
    ++tries;
    const std::size_t end = Closing(s, i);
    if (end == std::string_view::npos) continue;
    const Json v = Json::parse(s.substr(i, end - i + 1), nullptr, false);
    if (v.is_discarded()) continue;
    FromJson(v, 0, out);
    i = end;
  }
}

}  // namespace

std::string CallsKey(std::string_view text) {
  text = verify::Clip(text, kLongest);
  std::vector<std::string> calls;
  if (text.find_first_of("{[") != std::string_view::npos) FromTextJson(text, &calls);
  if (calls.empty()) FromPython(text, &calls);
  if (calls.empty()) return {};
  std::sort(calls.begin(), calls.end());
  calls.erase(std::unique(calls.begin(), calls.end()), calls.end());
  std::string key = "t:";
  for (const auto& c : calls) key += c + ";";
  return std::string(verify::Clip(key, 600));
}

}  // namespace baton::estimate
