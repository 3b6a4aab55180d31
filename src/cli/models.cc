#include "lm/models.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"

namespace baton::cli {
namespace {

void ShowProgress(std::string_view what, std::int64_t done, std::int64_t all) {
  static std::string last;
  std::string line =
      all > 0 ? fmt::format("{} {} / {} MB", what, done / 1'000'000, all / 1'000'000) : std::string(what);
  if (line == last) return;
  last = line;
  // One moving line on a terminal, one line per step elsewhere.
  if (IsTerminal(2))
    fmt::print(stderr, "\r\033[K{}", line);
  else if (all <= 0 || done == 0 || done == all)
    fmt::print(stderr, "{}\n", line);
}

}  // namespace

int ModelsPull(const ModelsOptions& options) {
  std::vector<const lm::KnownModel*> wanted;
  if (options.all) {
    for (const auto& m : lm::Manifest()) wanted.push_back(&m);
  }
  for (const auto& name : options.names) {
    const lm::KnownModel* m = lm::FindModel(name);
    if (!m)
      return Complain(
          Fail(Code::kNotFound,
               fmt::format("no model '{}' in the manifest; 'baton models list' shows them", name)));
    wanted.push_back(m);
  }
  if (wanted.empty()) {
    fmt::print(stderr, "baton: name a model or say --all; 'baton models list' shows them\n");
    return 2;
  }
  for (const auto* m : wanted) {
    auto path = lm::Pull(*m, options.dir, options.from, ShowProgress);
    if (IsTerminal(2)) fmt::print(stderr, "\r\033[K");
    if (!path) return Complain(path.error());
    fmt::print("{}  {}\n", m->name, *path);
  }
  return 0;
}

int ModelsList(const ModelsOptions& options) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const auto& m : lm::Manifest()) {
    const bool here = std::filesystem::exists(std::filesystem::path(options.dir) / m.file);
    if (options.json) {
      all.push_back({{"name", m.name},
                     {"file", m.file},
                     {"bytes", m.bytes},
                     {"sha256", m.sha256},
                     {"licence", m.licence},
                     {"purpose", m.purpose},
                     {"origin", m.origin},
                     {"here", here}});
    } else {
      fmt::print("{:24} {:>5} MB  {:7}  {}\n{:24} {}\n", m.name, m.bytes / 1'000'000,
                 here ? "here" : "absent", m.purpose, "", m.licence);
    }
  }
  if (options.json) fmt::print("{}\n", all.dump(2));
  return 0;
}

}  // namespace baton::cli
