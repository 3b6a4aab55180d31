// Rows of the public question sets beside this repository (never part of it): one JSON object per line, zstd.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace baton {

inline std::string QuestionFolder() {
  const char* folder = std::getenv("BATON_SHARED_DATA");
  return std::string(folder != nullptr ? folder : "../shared/data") + "/question_sets/";
}

// Empty when the set or the zstd program is absent.
inline std::vector<nlohmann::json> QuestionRows(const std::string& name) {
  std::vector<nlohmann::json> rows;
  const std::string path = QuestionFolder() + name + ".jsonl.zst";
  if (!std::filesystem::exists(path)) return rows;
  FILE* pipe = popen(("zstd -dc '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return rows;
  std::string text;
  char buffer[65536];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  pclose(pipe);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find('\n', i), text.size());
    rows.push_back(nlohmann::json::parse(text.substr(i, end - i)));
    i = end + 1;
  }
  return rows;
}

}  // namespace baton
