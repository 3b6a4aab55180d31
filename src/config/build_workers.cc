// From what the file says of a worker to pool::Worker, with the checks that need more than one key.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config/draft.h"

namespace baton::config {
namespace {

// Names go into headers, metrics and model lists.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:/-").find(c) != std::string_view::npos;
  });
}

bool IsVariableName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// A key becomes a header value.
bool IsKeyText(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

class KeyReader {
 public:
  KeyReader(const Env& env, Problems* problems) : env_(env), problems_(problems) {}

  // No message may hold a value, nor what could be one by mistake.
  Secret Read(const WorkerDraft& d, const std::string& who) { return Read(d.key, d.At("key"), who); }
  // `header`: it becomes the value of one.
  Secret Read(std::string_view text, const Place& place, const std::string& who, bool header = true) {
    header_ = header;
    if (text.substr(0, 4) == "env:") return FromEnv(std::string(text.substr(4)), place, who);
    if (text.substr(0, 5) == "file:") return FromFile(std::string(text.substr(5)), place, who);
    problems_->Add(
        place,
        fmt::format("key of {}: write env:NAME or file:PATH; a key in this file would end up in backups, "
                    "repositories and bug reports",
                    who));
    return Secret();
  }

 private:
  Secret FromEnv(const std::string& name, const Place& place, const std::string& who) {
    if (!IsVariableName(name)) {
      problems_->Add(
          place,
          fmt::format("key of {}: what follows env: is no variable name (letters, digits and _)", who));
      return Secret();
    }
    auto value = env_.get ? env_.get(name) : std::nullopt;
    if (!value || value->empty()) {
      problems_->Add(place,
                     fmt::format("key of {}: the environment variable {} is {}; set it before starting Baton",
                                 who, name, value ? "empty" : "not set"));
      return Secret();
    }
    return Checked(*value, place, fmt::format("the value of the environment variable {}", name), who);
  }

  Secret FromFile(const std::string& path, const Place& place, const std::string& who) {
    if (path.empty() || !env_.read_file) {
      problems_->Add(place, fmt::format("key of {}: file: needs a path", who));
      return Secret();
    }
    std::string full = ResolvePath(place, path);
    auto content = env_.read_file(full);
    if (!content) {
      problems_->Add(place, fmt::format("key of {}: {}", who, content.error().message));
      return Secret();
    }
    if (env_.readable_by_others && env_.readable_by_others(full)) {
      problems_->Warn(
          place, fmt::format("key file {} can be read by every user of this machine; chmod 600 it", full));
    }
    return Checked(*content, place, fmt::format("the content of {}", full), who);
  }

  Secret Checked(std::string value, const Place& place, const std::string& what, const std::string& who) {
    value = Trimmed(std::move(value));
    std::string wrong = value.empty()         ? "is empty"
                        : value.size() > 4096 ? "is longer than 4096 characters"
                        : header_ && !IsKeyText(value)
                            ? "holds spaces, line breaks or other characters that no key has"
                            : "";
    if (wrong.empty()) return Secret(std::move(value));
    problems_->Add(place, fmt::format("key of {}: {} {}", who, what, wrong));
    return Secret();
  }

  const Env& env_;
  Problems* problems_;
  bool header_ = true;
};

pool::PromptRules PromptOf(const WorkerDraft& d) {
  using System = pool::PromptRules::System;
  pool::PromptRules rules = d.prompt.v;
  rules.system = d.prompt.system == "system"      ? System::kSystem
                 : d.prompt.system == "developer" ? System::kDeveloper
                 : d.prompt.system == "user"      ? System::kUser
                                                  : System::kKeep;
  return rules;
}

provider::Abilities AbilitiesOf(const WorkerDraft& d) {
  provider::Abilities can;
  if (!d.Has("can")) {
    if (d.dialect == "local") can.vision = can.audio = can.files = can.reasoning = false;
    if (d.dialect == "anthropic") can.embeddings = can.logprobs = false;
    // It runs tools and is nobody to talk to.
    if (d.dialect == "tool") can.chat = can.embeddings = false;
    if (d.dialect == "exact")
      can.tools = can.vision = can.audio = can.files = can.json_schema = can.reasoning = can.logprobs =
          can.embeddings = false;
    return can;
  }
  std::set<std::string_view> said(d.can.begin(), d.can.end());
  auto has = [&](std::string_view word) { return said.count(word) != 0; };
  can.tools = has("tools");
  can.vision = has("vision");
  can.audio = has("audio");
  can.files = has("files");
  can.json_schema = has("json_schema");
  can.reasoning = has("reasoning");
  can.logprobs = has("logprobs");
  can.chat = !has("embeddings_only");
  can.embeddings = has("embeddings") || has("embeddings_only");
  return can;
}

void CheckLocal(const WorkerDraft& d, const std::string& who, Problems* problems) {
  if (d.path.empty() && !d.Has("path"))
    problems->Add(d.place, fmt::format("{} has dialect local and needs a 'path' to a GGUF file", who));
  for (const char* key : {"base_url", "key", "model", "hedge_after"}) {
    if (d.Has(key))
      problems->Add(d.At(key), fmt::format("{}: '{}' means nothing to a local worker", who, key));
  }
  bool hex = d.sha256.size() == 64 && d.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (d.Has("sha256") && !hex)
    problems->Add(d.At("sha256"), "sha256 must be 64 lower-case hexadecimal digits");
}

void CheckRemote(const WorkerDraft& d, const std::string& who, Problems* problems) {
  if (d.base_url.empty()) {
    problems->Add(d.place, fmt::format("{} needs a 'base_url'", who));
  } else {
    CheckBaseUrl(d.base_url, d.private_address, d.At("base_url"), who, problems);
  }
  if (d.model.empty())
    problems->Add(d.place, fmt::format("{} needs a 'model': the provider's name for it", who));
  if (!d.Has("key") && !d.simulated && !d.private_address)
    problems->Warn(d.place, fmt::format("{} has no key; most providers refuse that", who));
  for (const char* key : {"path", "adapter", "sha256", "threads", "parallel"}) {
    if (d.Has(key)) problems->Add(d.At(key), fmt::format("{}: '{}' is for local workers", who, key));
  }
}

// A program to start, or an address: one of the two.
void CheckTool(const WorkerDraft& d, const std::string& who, Problems* problems) {
  const bool program = d.Has("command"), address = d.Has("base_url");
  if (program == address) {
    problems->Add(d.place,
                  fmt::format("{} has dialect tool and needs either a 'command', a program to start, or a "
                              "'base_url', where one answers over HTTP",
                              who));
  }
  if (program && (d.command.empty() || d.command.front().empty()))
    problems->Add(d.At("command"),
                  fmt::format("{}: 'command' is a list: the program, then its arguments", who));
  if (address) CheckBaseUrl(d.base_url, d.private_address, d.At("base_url"), who, problems);
  if (program && d.Has("key"))
    problems->Add(d.At("key"), fmt::format("{}: a program gets its key by 'env', not by 'key'", who));
  if (!program && d.Has("env")) problems->Add(d.At("env"), fmt::format("{}: 'env' is for a 'command'", who));
  for (const char* key :
       {"path", "adapter", "sha256", "threads", "parallel", "hedge_after", "can", "context", "max_output"}) {
    if (d.Has(key))
      problems->Add(d.At(key), fmt::format("{}: '{}' means nothing to a tool worker", who, key));
  }
}

// What it computes is its model; where it finds tables and documents is its path.
void CheckExact(const WorkerDraft& d, const std::string& who, Problems* problems) {
  const bool reads = d.model == "sql" || d.model == "search";
  if (!reads && d.model != "calculator" && d.model != "python")
    problems->Add(d.place,
                  fmt::format("{} has dialect exact: its 'model' is calculator, sql, python or search", who));
  if (reads && d.path.empty())
    problems->Add(d.place, fmt::format("{} needs a 'path': a folder of {}", who,
                                       d.model == "sql" ? "*.csv tables" : "*.txt and *.md documents"));
  for (const char* key :
       {"base_url", "key", "adapter", "sha256", "threads", "parallel", "hedge_after", "can"}) {
    if (d.Has(key))
      problems->Add(d.At(key), fmt::format("{}: '{}' means nothing to an exact worker", who, key));
  }
}

void CheckNoTool(const WorkerDraft& d, const std::string& who, Problems* problems) {
  for (const char* key : {"command", "env", "tools"}) {
    if (d.Has(key))
      problems->Add(d.At(key), fmt::format("{}: '{}' is for workers of dialect tool", who, key));
  }
}

std::vector<std::pair<std::string, Secret>> EnvironmentOf(const WorkerDraft& d, const std::string& who,
                                                          KeyReader reader, Problems* problems) {
  std::vector<std::pair<std::string, Secret>> all;
  for (const auto& [name, from] : d.env) {
    if (!IsVariableName(name)) {
      problems->Add(d.At("env"), fmt::format("{}: '{}' is no name of an environment variable", who, name));
      continue;
    }
    all.emplace_back(name,
                     reader.Read(from, d.At("env"), fmt::format("{} ({} of its env)", who, name), false));
  }
  return all;
}

// Tokens cost something, or calls do.
void CheckPrice(const WorkerDraft& d, const PriceDraft& p, Problems* problems) {
  if ((d.dialect == "tool" || d.dialect == "exact") && p.Has("call")) return;
  for (const char* key : {"input", "output"}) {
    if (!p.Has(key)) problems->Add(p.place, fmt::format("price needs a '{}'", key));
  }
}

budget::PriceTable PricesOf(const WorkerDraft& d, Problems* problems) {
  std::vector<budget::PriceRow> rows;
  std::set<std::int64_t> dates;
  for (const auto& p : d.price) {
    CheckPrice(d, p, problems);
    if (!dates.insert(p.v.valid_from).second)
      problems->Add(p.At("valid_from"), "two price rows begin on the same day");
    rows.push_back(p.v);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.valid_from < b.valid_from; });
  return budget::PriceTable(std::move(rows));
}

std::shared_ptr<const pool::Worker> BuildWorker(const WorkerDraft& d, const Env& env, Problems* problems) {
  const std::string who = fmt::format("worker '{}'", d.name);
  auto w = std::make_shared<pool::Worker>();
  w->name = d.name;
  w->dialect = d.dialect;
  w->base_url = d.base_url;
  w->private_address = d.private_address;
  if (!d.path.empty()) w->path = ResolvePath(d.At("path"), d.path);
  if (!d.adapter.empty()) w->adapter = ResolvePath(d.At("adapter"), d.adapter);
  w->sha256 = d.sha256;
  if (d.Has("key") && d.dialect != "local") w->key = KeyReader(env, problems).Read(d, who);
  if (d.dialect == "tool") {
    w->command = d.command;
    if (!w->command.empty() && w->command.front().find('/') != std::string::npos)
      w->command.front() = ResolvePath(d.At("command"), w->command.front());
    w->environment = EnvironmentOf(d, who, KeyReader(env, problems), problems);
    w->tools = d.tools;
  }
  w->simulated = d.simulated;
  w->target.model = d.model.empty() ? d.name : d.model;
  w->target.can = AbilitiesOf(d);
  if (d.max_output > 0) w->target.max_output = d.max_output;
  w->target.strict = d.strict;
  w->target.rejects = d.rejects;
  w->context = d.context;
  w->prices = PricesOf(d, problems);
  w->priced = !d.price.empty();
  w->budgets = BudgetsOf(d.budget, problems);
  w->data = d.data.v;
  w->max_concurrency = static_cast<int>(d.max_concurrency);
  w->max_queue = static_cast<int>(d.queue);
  w->timeouts = d.timeouts.v;
  w->breaker = d.breaker.v;
  w->on_client_gone = d.on_client_gone == "drain_for_usage" ? pool::OnClientGone::kDrainForUsage
                                                            : pool::OnClientGone::kCancel;
  w->drain_limit = d.drain_limit;
  w->hedge_after = d.hedge_after;
  w->lm_parallel = static_cast<int>(d.parallel);
  w->lm_threads = static_cast<int>(d.threads);
  w->lm_context = static_cast<int>(std::min<std::int64_t>(d.context, 1 << 20));
  return w;
}

}  // namespace

Secret ReadKey(const Env& env, std::string_view text, const Place& place, const std::string& who,
               Problems* problems) {
  return KeyReader(env, problems).Read(text, place, who, false);
}

void BuildWorkers(const RootDraft& draft, const Env& env, Problems* problems, Config* config) {
  if (draft.workers.empty())
    problems->Add(draft.At("workers"),
                  "no workers: Baton needs at least one under 'workers:' (examples/ has some)");
  std::set<std::string> names;
  for (const auto& d : draft.workers) {
    if (!d.Has("name") || !d.Has("dialect") || d.dialect.empty() || d.name.empty())
      continue;  // told as missing
    const std::string who = fmt::format("worker '{}'", d.name);
    if (!IsName(d.name)) {
      problems->Add(d.At("name"), "a worker's name has 1 to 64 letters, digits or . _ : / -");
      continue;
    }
    auto reserved = std::find(std::begin(route::kModelAliases), std::end(route::kModelAliases), d.name);
    if (reserved != std::end(route::kModelAliases))
      problems->Add(d.At("name"),
                    fmt::format("'{}' is Baton's own name; call the worker something else", d.name));
    if (!names.insert(d.name).second)
      problems->Add(d.At("name"), fmt::format("there are two workers called '{}'", d.name));
    if (d.dialect == "tool") {
      CheckTool(d, who, problems);
    } else {
      d.dialect == "local"   ? CheckLocal(d, who, problems)
      : d.dialect == "exact" ? CheckExact(d, who, problems)
                             : CheckRemote(d, who, problems);
      CheckNoTool(d, who, problems);
    }
    if (d.price.empty())
      problems->Warn(d.place, fmt::format("{} has no price: what it costs is reported as unknown", who));
    if (d.data.v.classes.empty())
      problems->Warn(d.data.At("classes"),
                     fmt::format("{} may see no data at all: nothing can be sent to it", who));
    config->workers.push_back(BuildWorker(d, env, problems));
    if (const pool::PromptRules prompt = PromptOf(d); prompt.any()) config->prompts[d.name] = prompt;
  }
}

}  // namespace baton::config
