#include "learn/recorded.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "learn/choice.h"

namespace baton::learn::bench {
namespace {

using Json = nlohmann::json;

std::vector<float> Hashed(std::string_view text) {
  constexpr std::size_t kWidth = 128;
  std::vector<float> x(kWidth);
  std::uint64_t h = 0;
  const auto add = [&] {
    if (h != 0) x[MixKeys(h, 1) % kWidth] += MixKeys(h, 2) & 1 ? 1.0F : -1.0F;
    h = 0;
  };
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      h = MixKeys(h + 1, static_cast<unsigned char>(c | 0x20));
    } else {
      add();
    }
  }
  add();
  float norm = 0;
  for (float& v : x) v = std::copysign(std::sqrt(std::abs(v)), v), norm += v * v;
  for (float& v : x) v /= std::sqrt(std::max(norm, 1e-6F));
  return x;
}

std::vector<std::string> Lines(const std::string& path) {
  std::vector<std::string> lines(1);
  if (!std::filesystem::exists(path)) return {};
  std::FILE* pipe = popen(fmt::format("zstd -qdc --long=27 '{}'", path).c_str(), "r");
  if (!pipe) return {};
  char buffer[1 << 16];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) {
    for (std::size_t i = 0; i < n; ++i) {
      if (buffer[i] == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += buffer[i];
      }
    }
  }
  pclose(pipe);
  lines.pop_back();
  return lines;
}

// Rows that every worker of the first row answered. `price`: USD per call where the set has no dollars.
void Add(const std::string& path, const std::map<std::string, double>& price, World& w) {
  for (const std::string& line : Lines(path)) {
    const Json j = Json::parse(line, nullptr, false);
    if (!j.is_object()) continue;
    const Json& models = j["models"];
    if (w.workers.empty()) {
      for (const auto& [name, cell] : models.items()) w.workers.push_back(name);
    }
    Request r;
    const std::string slice = j.value("benchmark", "");
    const auto at = std::find(w.slices.begin(), w.slices.end(), slice);
    r.slice = static_cast<int>(at - w.slices.begin());
    if (at == w.slices.end()) w.slices.push_back(slice);
    r.prompt = j.value("prompt", "");
    r.x = Hashed(r.prompt);
    bool whole = true;
    for (const auto& name : w.workers) {
      whole = whole && models.contains(name) && models[name].contains("score");
      if (!whole) break;
      r.quality.push_back(models[name]["score"].get<float>());
      const auto fixed = price.find(name);
      r.cost.push_back(fixed != price.end() ? static_cast<float>(fixed->second)
                                            : models[name].value("cost", 0.0F));
    }
    if (whole) w.requests.push_back(std::move(r));
  }
}

// USD per call, by size of the model: an assumption, the set has none (0.2 dollars per million tokens and 8
// billion parameters, 600 tokens per call).
const std::map<std::string, double> kBySize = {{"llama-3.1-8b-instruct", 0.00012},
                                               {"qwen2.5-7b-instruct", 0.00011},
                                               {"gemma-2-9b-it", 0.00014},
                                               {"mistral-7b-instruct-v0.3", 0.00011},
                                               {"llama3-chatqa-1.5-8b", 0.00012},
                                               {"llama3-chatqa-1.5-70b", 0.00105},
                                               {"llama-3.1-nemotron-51b-instruct", 0.0008},
                                               {"codegemma-7b", 0.00011},
                                               {"llama-3.3-nemotron-super-49b-v1", 0.0008}};

}  // namespace

std::vector<World> RecordedWorlds(const std::string& shared) {
  std::vector<World> worlds;
  World arc{"recorded: routerbench_subset, 11 models, recorded dollars", false, {}, {}, {}};
  Add(shared + "/routerbench_subset/arc_challenge.jsonl.zst", {}, arc);
  Add(shared + "/routerbench_subset/mbpp.jsonl.zst", {}, arc);
  World nine{
      "recorded: llmrouter_9models, 13 tasks, dollars assumed by size of the model", false, {}, {}, {}};
  Add(shared + "/llmrouter_9models/scores.jsonl.zst", kBySize, nine);
  for (World* w : {&arc, &nine}) {
    if (w->requests.empty()) {
      fmt::print("\nNot here: {}\n", w->name);
    } else {
      worlds.push_back(std::move(*w));
    }
  }
  return worlds;
}

}  // namespace baton::learn::bench
