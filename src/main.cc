// The command line: names, options and help of every command, in one table of small functions.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "serve/app.h"

namespace baton::cli {
namespace {

CLI::App* Sub(CLI::App& app, const char* name, const char* what, const char* example) {
  auto* sub = app.add_subcommand(name, what);
  sub->footer(std::string("Example:\n  ") + example);
  return sub;
}

std::string DefaultUrl() {
  return "http://127.0.0.1:8080";
}

void AddServe(CLI::App& app, int& code) {
  static ServeOptions o;
  auto* sub = Sub(app, "serve", "Serve the configured pool behind one OpenAI-compatible endpoint",
                  "baton serve --config baton.yaml --listen 127.0.0.1:8080");
  sub->add_option("--config", o.config, "configuration file")->required();
  sub->add_option("--listen", o.listen, "HOST:PORT instead of the file's");
  sub->add_flag("-v,--verbose", o.verbose, "log every decision");
  sub->add_flag("-q,--quiet", o.quiet, "log warnings and errors only");
  sub->callback([&code] { code = Serve(o); });
}

void AddCheck(CLI::App& app, int& code) {
  static CheckOptions o;
  auto* sub = Sub(app, "check", "Check a configuration file: all problems at once, with their places",
                  "baton check baton.yaml");
  sub->add_option("file", o.file, "configuration file");
  sub->add_flag("--json", o.json, "print the result as JSON");
  sub->add_flag("--schema", o.schema, "print the JSON Schema of the file, for editors");
  sub->callback([&code] { code = Check(o); });
}

void AddAsk(CLI::App& app, int& code) {
  static AskOptions o;
  o.url = DefaultUrl();
  auto* sub = Sub(app, "ask", "Ask one question; print the answer and what ran where, why and for how much",
                  "baton ask --model baton \"What is the capital of France?\"");
  sub->add_option("--url", o.url, "a running Baton")->envname("BATON_URL")->capture_default_str();
  sub->add_option("--model", o.model, "baton, baton-mini, a route or a worker")->capture_default_str();
  sub->add_option("--system", o.system, "system message");
  sub->add_option("-H,--header", o.headers, "further request header, e.g. 'baton-deadline-ms: 2000'");
  sub->add_flag("--json", o.json, "print answer and provenance as JSON");
  sub->add_option("text", o.text, "the question; '-' reads it from standard input")->required();
  sub->callback([&code] { code = Ask(o); });
}

void AddRoute(CLI::App& app, int& code) {
  static RouteOptions o;
  auto* sub = Sub(app, "route", "Dry run: what would happen to a request and why; calls nobody",
                  "baton route --config baton.yaml --json request.json");
  sub->add_option("--config", o.config, "configuration file")->required();
  sub->add_flag("--json", o.json, "print the result as JSON");
  sub->add_option("request", o.request, "a chat completion request as JSON; '-' reads standard input")
      ->required();
  sub->callback([&code] { code = Route(o); });
}

void AddPool(CLI::App& app, int& code) {
  static PoolOptions o;
  o.url = DefaultUrl();
  auto* pool = Sub(app, "pool", "The workers of a running Baton", "baton pool list");
  pool->require_subcommand(1);
  auto* list = Sub(*pool, "list", "Workers with health, load and last error", "baton pool list --json");
  auto* probe = Sub(*pool, "probe", "Ask each worker for one token (this costs what one token costs)",
                    "baton pool probe large smol");
  auto* tools = Sub(*pool, "tools", "What a tool worker's server offers", "baton pool tools files");
  for (auto* sub : {list, probe, tools}) {
    sub->add_option("--url", o.url, "a running Baton")->envname("BATON_URL")->capture_default_str();
    sub->add_flag("--json", o.json, "print the result as JSON");
  }
  probe->add_option("workers", o.workers, "names; all without");
  tools->add_option("workers", o.workers, "names of tool workers")->required();
  list->callback([&code] { code = PoolList(o); });
  tools->callback([&code] { code = PoolTools(o); });
  probe->callback([&code] { code = PoolProbe(o); });
}

void AddCases(CLI::App& app, int& code) {
  static CasesOptions o;
  o.url = DefaultUrl();
  auto* cases = Sub(app, "cases", "Requests that wait for a person", "baton cases list");
  cases->require_subcommand(1);
  struct Command {
    const char *name, *what, *example;
    int (*run)(const CasesOptions&);
    const char* words;  // what the positional text is; null: none
  };
  static const Command kCommands[] = {
      {"list", "Cases that have not ended, oldest first", "baton cases list --state all", CasesList, nullptr},
      {"show", "One case with its transcript", "baton cases show case_...", CasesShow, nullptr},
      {"claim", "Take a case: nobody else can end it then", "baton cases claim case_... --by ann", CasesClaim,
       nullptr},
      {"release", "Give a claimed case back", "baton cases release case_... --by ann", CasesRelease, nullptr},
      {"answer", "Send the client this answer", "baton cases answer case_... --by ann \"Yes, until Friday.\"",
       CasesAnswer, "the answer"},
      {"reject", "Decline the request", "baton cases reject case_... --by ann \"not ours\"", CasesReject,
       "the reason"},
  };
  for (const Command& c : kCommands) {
    auto* sub = Sub(*cases, c.name, c.what, c.example);
    sub->add_option("--url", o.url, "a running Baton")->envname("BATON_URL")->capture_default_str();
    sub->add_flag("--json", o.json, "print the result as JSON");
    if (c.run == CasesList) {
      sub->add_option("--state", o.state, "waiting, claimed, answered, rejected, expired, cancelled or all");
    } else {
      sub->add_option("id", o.id, "a case's id (case_...)")->required();
    }
    if (c.run != CasesList && c.run != CasesShow)
      sub->add_option("--by", o.by, "your name")->envname("USER")->required();
    if (c.run == CasesRelease) sub->add_flag("--force", o.force, "take it away from whoever has claimed it");
    if (c.words) sub->add_option("text", o.text, c.words)->required();
    sub->callback([&code, &c] { code = c.run(o); });
  }
}

void AddKeys(CLI::App& app, int& code) {
  static KeysOptions o;
  auto* keys = Sub(app, "keys", "Keys of tenants, in the store that the configuration names; a running server follows",
                   "baton keys create --config baton.yaml --tenant support");
  keys->require_subcommand(1);
  auto* create = Sub(*keys, "create", "Make a key and print it, this once",
                     "baton keys create --config baton.yaml --tenant support --name laptop --usd 5 --per day");
  auto* list = Sub(*keys, "list", "Keys, newest first", "baton keys list --config baton.yaml --tenant support");
  auto* revoke = Sub(*keys, "revoke", "Refuse a key from now on", "baton keys revoke --config baton.yaml k7q2m9xw3d");
  auto* rotate = Sub(*keys, "rotate", "Make a new key for an old one, which works for a while longer",
                     "baton keys rotate --config baton.yaml k7q2m9xw3d --overlap 24h");
  auto* usage = Sub(*keys, "usage", "What is spent, set aside and left, per account",
                    "baton keys usage --config baton.yaml --tenant support");
  for (auto* sub : {create, list, revoke, rotate, usage}) {
    sub->add_option("--config", o.config, "configuration file that names tenants and store")->required();
    sub->add_flag("--json", o.json, "print the result as JSON");
  }
  for (auto* sub : {revoke, rotate}) sub->add_option("id", o.id, "the ten characters after btk_")->required();
  for (auto* sub : {list, usage}) sub->add_option("--tenant", o.tenant, "only this tenant");
  create->add_option("--tenant", o.tenant, "whose key it is")->required();
  create->add_option("--name", o.name, "what people call it");
  create->add_option("--project", o.project, "a project of the tenant");
  create->add_option("--user", o.user, "whose budget it also draws from");
  create->add_option("--role", o.role, "for /admin and /metrics: viewer, auditor, operator, owner");
  create->add_option("--scope", o.scopes, "chat, embeddings, models, route, exchanges, cases; all without");
  create->add_option("--model", o.models, "names it may ask for; the tenant's without");
  create->add_option("--usd", o.usd, "budget of its own, US dollars");
  create->add_option("--tokens", o.tokens, "budget of its own, tokens")->check(CLI::PositiveNumber);
  create->add_option("--per", o.per, "day, month or total")->capture_default_str();
  create->add_option("--rpm", o.rpm, "requests per minute")->check(CLI::PositiveNumber);
  create->add_option("--tpm", o.tpm, "tokens per minute")->check(CLI::PositiveNumber);
  create->add_option("--concurrent", o.concurrent, "requests at a time")->check(CLI::PositiveNumber);
  create->add_option("--expires", o.expires, "lifetime: 12h, 90d; without it, for ever");
  rotate->add_option("--overlap", o.overlap, "how long the old key still works")->capture_default_str();
  create->callback([&code] { code = KeysCreate(o); });
  list->callback([&code] { code = KeysList(o); });
  revoke->callback([&code] { code = KeysRevoke(o); });
  rotate->callback([&code] { code = KeysRotate(o); });
  usage->callback([&code] { code = KeysUsage(o); });
}

void AddLog(CLI::App& app, int& code) {
  static LogOptions o;
  auto* sub = Sub(app, "log", "Recorded exchanges, newest first, or one with everything that ran",
                  "baton log --store baton.db --since 1h --errors");
  sub->add_option("--config", o.config, "configuration file that names the store");
  sub->add_option("--store", o.store, "store file (default: the config's, else baton.db)");
  sub->add_option("--since", o.since, "only younger than this: 90s, 15m, 2h, 7d");
  sub->add_option("--model", o.model, "only this model name");
  sub->add_option("--worker", o.worker, "only this worker");
  sub->add_option("--route", o.route, "only this route");
  sub->add_option("--limit", o.limit, "at most so many")->check(CLI::Range(1, 100000))->capture_default_str();
  sub->add_flag("--errors", o.errors, "only exchanges that failed");
  sub->add_flag("--json", o.json, "one JSON object per line");
  sub->add_option("id", o.id, "an exchange id (ex_...)");
  sub->callback([&code] { code = ShowLog(o); });
}

void AddModels(CLI::App& app, int& code) {
  static ModelsOptions o;
  auto* models = Sub(app, "models", "Models that run in this process", "baton models pull --all");
  models->require_subcommand(1);
  auto* pull = Sub(*models, "pull", "Fetch models, verified by hash",
                   "baton models pull smollm2-135m-instruct --dir models");
  auto* list = Sub(*models, "list", "What the manifest knows and what is here", "baton models list");
  for (auto* sub : {pull, list})
    sub->add_option("--dir", o.dir, "where model files live")->capture_default_str();
  pull->add_option("names", o.names, "model names");
  pull->add_flag("--all", o.all, "every model of the manifest");
  pull->add_option("--from", o.from, "a local file or URL to take the model from");
  list->add_flag("--json", o.json, "print the result as JSON");
  pull->callback([&code] { code = ModelsPull(o); });
  list->callback([&code] { code = ModelsList(o); });
}

void AddMock(CLI::App& app, int& code) {
  static MockOptions o;
  auto* sub = Sub(app, "mock", "A scripted, simulated provider that speaks every dialect, with faults",
                  "baton mock --listen 127.0.0.1:9090 --script faults.yaml");
  sub->add_option("--listen", o.listen, "HOST:PORT")->capture_default_str();
  sub->add_option("--script", o.script,
                  "what to answer and what to break (docs/mock.md); without: answers anything");
  sub->add_option("--require-key", o.require_key, "refuse requests without this key");
  sub->add_flag("--fast", o.fast, "constant prepared replies, for load tests");
  sub->add_flag("-q,--quiet", o.quiet, "no log lines");
  sub->callback([&code] { code = Mock(o); });
}

void AddBench(CLI::App& app, int& code) {
  static BenchOptions o;
  auto* sub =
      Sub(app, "bench", "Measure this build on this machine: CPU per request beside nginx, streams, store",
          "baton bench --json bench.json");
  sub->add_option("--json", o.json, "also write the figures to this file");
  sub->add_flag("--quick", o.quick, "shorter runs, wider spread");
  sub->add_option("--soak", o.soak_seconds,
                  "instead: steady load for so many seconds; fails when memory grows");
  sub->callback([&code] { code = Bench(o); });
}

int Main(int argc, char** argv) {
  CLI::App app{"Baton, a conductor for LLMs: one endpoint, a pool of workers, an explained answer"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("baton ") + std::string(serve::Version()));
  app.footer("Start with: baton check FILE, then baton serve --config FILE. docs/ explains the rest.");
  int code = 0;
  AddServe(app, code);
  AddCheck(app, code);
  AddAsk(app, code);
  AddRoute(app, code);
  AddPool(app, code);
  AddCases(app, code);
  AddKeys(app, code);
  AddLog(app, code);
  AddModels(app, code);
  AddMock(app, code);
  AddBench(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // CLI11's own codes differ by cause; ours are 0 for --help and 2 for wrong usage.
    return app.exit(e) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace
}  // namespace baton::cli

int main(int argc, char** argv) {
  return baton::cli::Main(argc, argv);
}
