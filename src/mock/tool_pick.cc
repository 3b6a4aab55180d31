#include "mock/tool_pick.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "mock/schema_fill.h"
#include "mock/text.h"

namespace baton::mock {
namespace {

constexpr std::size_t kMostCalls = 8;

// Words that say nothing about what a tool does.
bool Empty(const std::string& word) {
  static constexpr std::array kEmpty = {
      "the",     "get", "and", "for",  "with",  "from", "given", "this", "that",     "returns",
      "return",  "of",  "to",  "in",   "a",     "an",   "is",    "tool", "function", "value",
      "current", "use", "you", "user", "about", "what", "find",  "name", "data",     "information"};
  return word.size() < 3 || std::find(kEmpty.begin(), kEmpty.end(), word) != kEmpty.end();
}

// "cities" and "city", "searches" and "search" count as one word.
std::string Stem(std::string word) {
  for (const std::string_view end : {"ies", "es", "s", "ing", "ed", "y", "e"}) {
    if (word.size() > end.size() + 3 && word.ends_with(end)) return word.substr(0, word.size() - end.size());
  }
  return word;
}

std::set<std::string> Stems(std::string_view text) {
  std::set<std::string> stems;
  for (auto& word : Words(text)) {
    if (!Empty(word)) stems.insert(Stem(std::move(word)));
  }
  return stems;
}

std::string SplitName(std::string_view name) {
  std::string words;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') words += ' ';
    words += c == '_' || c == '-' || c == '.' ? ' ' : c;
  }
  return words;
}

// A word of the name weighs three times one of the description.
int Score(const chat::Tool& tool, const std::set<std::string>& asked) {
  static const std::set<std::string> kWeather = {"météo", "meteo", "temps", "temperatur", "température"};
  int score = 0;
  const auto name = Stems(SplitName(tool.name));
  for (const auto& w : name) score += 3 * static_cast<int>(asked.count(w));
  for (const auto& w : Stems(tool.description)) score += static_cast<int>(asked.count(w));
  if (name.count("weather")) {
    for (const auto& w : kWeather) score += 3 * static_cast<int>(asked.count(w));
  }
  return score;
}

Result<chat::ToolCall> Call(const chat::Tool& tool, std::string_view text, std::size_t nth) {
  TRY(std::string arguments, FillSchema(tool.parameters.text, text, nth));
  chat::ToolCall call;
  call.id = fmt::format("call_{:016x}", Hash(fmt::format("{}/{}/{}", tool.name, nth, arguments)));
  call.name = tool.name;
  call.arguments = std::move(arguments);
  return call;
}

}  // namespace

Result<std::vector<chat::ToolCall>> PickTools(const chat::Request& request, std::string_view text) {
  using Kind = chat::ToolChoice::Kind;
  std::vector<chat::ToolCall> calls;
  if (request.tool_choice.kind == Kind::kNone) return calls;
  const auto asked = Stems(text);
  std::vector<const chat::Tool*> chosen;
  const chat::Tool* first = nullptr;
  for (const auto& tool : request.tools) {
    if (!tool.opaque.empty() || tool.name.empty()) continue;
    if (!first) first = &tool;
    const bool named = request.tool_choice.kind == Kind::kNamed && request.tool_choice.name == tool.name;
    if (named || (request.tool_choice.kind != Kind::kNamed && Score(tool, asked) >= 3))
      chosen.push_back(&tool);
  }
  if (chosen.empty() && first && request.tool_choice.kind == Kind::kRequired) chosen.push_back(first);
  const std::size_t most = request.parallel_tool_calls.value_or(true) ? kMostCalls : 1;
  for (const auto* tool : chosen) {
    const std::size_t subjects = chosen.size() > 1 ? 1 : CountSubjects(tool->parameters.text, text);
    for (std::size_t i = 0; i < subjects && calls.size() < most; ++i) {
      TRY(chat::ToolCall call, Call(*tool, text, i));
      calls.push_back(std::move(call));
    }
  }
  return calls;
}

}  // namespace baton::mock
