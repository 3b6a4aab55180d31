// What is said about data: patterns, dictionaries, rules, guards.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "config/draft.h"

namespace baton::config {
namespace {

constexpr std::size_t kMostRules = 200;

// "a\n# note\nb" to a, b.
void AppendLines(std::string_view text, std::vector<std::string>* to) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') to->emplace_back(line);
  }
}

void BuildPatterns(const DataDraft& draft, Problems* problems, Config* config) {
  for (const auto& p : draft.patterns) {
    config->data.custom.push_back(p.v);
    // One at a time, so that every bad one is told with its place.
    rails::ClassifierOptions one;
    one.custom = {p.v};
    if (p.v.name.empty() || p.v.pattern.empty() || p.v.data_class.empty()) continue;  // told as missing
    if (auto built = rails::Classifier::CheckPatterns(one); !built)
      problems->Add(p.At("pattern"), built.error().message);
  }
  if (draft.patterns.size() > rails::ClassifierOptions::kMaxPatterns)
    problems->Add(draft.At("patterns"), "patterns: at most 200 are allowed");
}

void BuildDictionaries(const DataDraft& draft, const Env& env, Problems* problems, Config* config) {
  for (const auto& d : draft.dictionaries) {
    rails::ClassifierOptions::Dictionary dictionary = d.v;
    if (!d.file.empty()) {
      auto text = env.read_file(ResolvePath(d.At("file"), d.file));
      if (!text) {
        problems->Add(d.At("file"), fmt::format("file: {}", text.error().message));
        continue;
      }
      AppendLines(*text, &dictionary.words);
    }
    if (dictionary.words.empty()) {
      problems->Add(d.place, fmt::format("dictionary '{}' has no words; give 'words' or a 'file'", d.v.name));
      continue;
    }
    config->data.dictionaries.push_back(std::move(dictionary));
  }
  if (problems->any()) return;
  rails::ClassifierOptions all;
  all.dictionaries = config->data.dictionaries;
  if (auto fine = rails::Classifier::CheckPatterns(all); !fine)
    problems->Add(draft.At("dictionaries"), fine.error().message);
}

// A rule that can match nothing is a mistake that only an incident would show.
void CheckCovers(const DataRuleDraft& r, const Config& config, Problems* problems) {
  std::set<std::string> known(std::begin(rails::kBuiltInClasses), std::end(rails::kBuiltInClasses));
  known.insert(config.data.default_class);
  for (const auto& p : config.data.custom) known.insert(p.data_class);
  for (const auto& d : config.data.dictionaries) known.insert(d.data_class);
  for (const auto& c : r.v.classes) {
    if (!known.contains(c))
      problems->Warn(r.At("class"),
                     fmt::format("rule '{}': no pattern finds data of class '{}'", r.v.name, c));
  }
}

void BuildRules(const DataDraft& draft, Problems* problems, Config* config) {
  std::set<std::string> names;
  for (const auto& r : draft.rules) {
    rails::DataRule rule = r.v;
    rule.only = r.only.v;
    if (const auto act = rails::ParseAct(r.deed)) rule.act = *act;
    if (!names.insert(rule.name).second)
      problems->Add(r.At("name"), fmt::format("data rule '{}' is there twice", rule.name));
    if (!rule.only.empty() && rule.act > rails::Act::kRedact)
      problems->Add(r.At("only"),
                    fmt::format("data rule '{}': nobody sees what is '{}'ed, so 'only' has no meaning",
                                rule.name, r.deed));
    CheckCovers(r, *config, problems);
    config->rails.data_rules.push_back(std::move(rule));
  }
  if (draft.rules.size() > kMostRules) problems->Add(draft.At("rules"), "rules: at most 200 are allowed");
}

void CheckGuard(const GuardDraft& g, const Config& config, Problems* problems) {
  const auto say = [&](std::string_view key, std::string what) {
    problems->Add(g.At(key), fmt::format("guard '{}': {}", g.v.name, what));
  };
  const bool finds = !g.v.classes.empty() || !g.v.types.empty();
  if (finds == g.v.asks()) say("name", "give either 'find' (with or without 'types') or 'ask'");
  if (!g.v.asks()) return;
  if (g.v.about.empty()) say("ask", "'about' says what the worker is to look for");
  if (g.deed == "redact") say("do", "a worker's word has no place in the text: use flag or block");
  const auto worker = std::find_if(config.workers.begin(), config.workers.end(),
                                   [&](const auto& w) { return w->name == g.v.ask; });
  if (worker == config.workers.end()) return say("ask", fmt::format("there is no worker '{}'", g.v.ask));
  if ((*worker)->dialect == "tool") say("ask", "a tool worker cannot read a text");
}

void BuildGuards(const RootDraft& draft, Problems* problems, Config* config) {
  std::set<std::string> names;
  for (const auto& g : draft.guards) {
    guard::Rule rule = g.v;
    rule.deed = g.deed == "flag"     ? guard::Deed::kFlag
                : g.deed == "redact" ? guard::Deed::kRedact
                                     : guard::Deed::kBlock;
    rule.on_fault = g.on_fault == "open" ? guard::OnFault::kOpen : guard::OnFault::kClosed;
    rule.window = g.window > 0 ? static_cast<std::size_t>(g.window) : rule.asks() ? 2000 : 256;
    if (!names.insert(rule.name).second)
      problems->Add(g.At("name"), fmt::format("guard '{}' is there twice", rule.name));
    CheckGuard(g, *config, problems);
    config->guards.push_back(std::move(rule));
  }
  if (draft.guards.size() > kMostRules) problems->Add(draft.At("guards"), "guards: at most 200 are allowed");
}

void BuildAttacks(const AttacksDraft& draft, Problems* problems, Config* config) {
  rails::AttackOptions& to = config->rails.attacks;
  to.detect = draft.detect;
  to.otherwise = draft.max_cost;
  for (const auto& tier : draft.tiers) {
    if (!to.max_cost.emplace(tier.model, tier.max_cost).second)
      problems->Add(tier.At("model"), fmt::format("attacks: tier '{}' is there twice", tier.model));
  }
  if (!draft.detect && (draft.max_cost || !draft.tiers.empty()))
    problems->Warn(draft.At("detect"), "attacks: nothing is tagged, so its ceilings never apply");
}

}  // namespace

void BuildData(const RootDraft& draft, const Env& env, Problems* problems, Config* config) {
  config->data.default_class = draft.data.default_class;
  config->data.unmask = draft.data.unmask;
  BuildPatterns(draft.data, problems, config);
  BuildDictionaries(draft.data, env, problems, config);
  BuildRules(draft.data, problems, config);
  BuildGuards(draft, problems, config);
  BuildAttacks(draft.attacks, problems, config);
}

}  // namespace baton::config
