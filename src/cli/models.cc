#include "lm/models.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "lm/distil.h"

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

// Made here from the encoder, not fetched.
int PullTable(const ModelsOptions& options) {
  auto path = lm::PullTable(options.dir, ShowProgress);
  if (IsTerminal(2)) fmt::print(stderr, "\r\033[K");
  if (!path) return Complain(path.error());
  fmt::print("{}  {}\n", lm::kTableName, *path);
  return 0;
}

// The last line of the list.
void ListTable(const ModelsOptions& options, nlohmann::ordered_json* all) {
  constexpr const char* kPurpose = "text to vectors for routing, distilled here from all-minilm-l6-v2";
  const bool here = std::filesystem::exists(std::filesystem::path(options.dir) / lm::kTableFile);
  if (options.json) {
    all->push_back({{"name", lm::kTableName},
                    {"file", lm::kTableFile},
                    {"licence", "Apache-2.0"},
                    {"purpose", kPurpose},
                    {"origin", "made by Baton from all-minilm-l6-v2"},
                    {"here", here}});
  } else {
    fmt::print("{:24} {:>5} MB  {:7}  {}\n{:24} {}\n", lm::kTableName, 6, here ? "here" : "absent", kPurpose,
               "", "Apache-2.0");
  }
}

}  // namespace

int ModelsPull(const ModelsOptions& options) {
  std::vector<const lm::KnownModel*> wanted;
  if (options.all) {
    for (const auto& m : lm::Manifest()) wanted.push_back(&m);
  }
  bool table = options.all;
  for (const auto& name : options.names) {
    if (name == lm::kTableName) {
      table = true;
      continue;
    }
    const lm::KnownModel* m = lm::FindModel(name);
    if (!m)
      return Complain(
          Fail(Code::kNotFound,
               fmt::format("no model '{}' in the manifest; 'baton models list' shows them", name)));
    wanted.push_back(m);
  }
  if (wanted.empty() && !table) {
    fmt::print(stderr, "baton: name a model or say --all; 'baton models list' shows them\n");
    return 2;
  }
  for (const auto* m : wanted) {
    auto path = lm::Pull(*m, options.dir, options.from, ShowProgress);
    if (IsTerminal(2)) fmt::print(stderr, "\r\033[K");
    if (!path) return Complain(path.error());
    fmt::print("{}  {}\n", m->name, *path);
  }
  return table ? PullTable(options) : 0;
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
  ListTable(options, &all);
  if (options.json) fmt::print("{}\n", all.dump(2));
  return 0;
}

}  // namespace baton::cli
