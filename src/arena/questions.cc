#include "arena/questions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/random.h"

namespace baton::arena {

std::optional<Problem> QuestionOf(std::string_view line, std::string_view split, std::size_t most) {
  const auto in = nlohmann::json::parse(line, nullptr, false);
  const auto text = [&](const char* name) {
    return in.is_object() && in.contains(name) && in[name].is_string() ? in[name].get<std::string>()
                                                                       : std::string();
  };
  Problem p;
  p.id = text("id");
  p.family = text("benchmark");
  p.split = split;
  p.prompt = text("prompt");
  p.reference = text("reference");
  if (p.id.empty() || p.family.empty() || p.prompt.empty() || p.reference.empty()) return std::nullopt;
  p.check = Check::kNumber;
  if (in.contains("choices")) {
    if (!in["choices"].is_array() || in["choices"].size() > 10 || p.reference.size() != 1)
      return std::nullopt;
    p.check = Check::kChoice;
    char letter = 'A';
    for (const auto& c : in["choices"]) {
      if (!c.is_string()) return std::nullopt;
      p.prompt += fmt::format("\n{}) {}", letter++, c.get<std::string>());
    }
    p.prompt += "\nAnswer with the letter.";
    if (p.reference[0] < 'A' || p.reference[0] >= letter) return std::nullopt;
  }
  if (p.prompt.size() > most) return std::nullopt;
  return p;
}

std::vector<Problem> Sample(std::vector<Problem> all, int count, std::uint64_t seed) {
  Random random(seed);
  const auto n = std::min(all.size(), static_cast<std::size_t>(std::max(0, count)));
  for (std::size_t i = 0; i < n; ++i) std::swap(all[i], all[i + random.Below(all.size() - i)]);
  all.resize(n);
  return all;
}

}  // namespace baton::arena
