// The command line: names, options and help of every command, in one table of small functions.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/train.h"
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

// What was typed, for reports that say how they were made.
const std::string& CommandLine(int argc = 0, char** argv = nullptr) {
  static std::string line;
  for (int i = 0; i < argc; ++i) line += (i == 0 ? "baton" : std::string(" ") + argv[i]);
  return line;
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
  auto* keys =
      Sub(app, "keys", "Keys of tenants, in the store that the configuration names; a running server follows",
          "baton keys create --config baton.yaml --tenant support");
  keys->require_subcommand(1);
  auto* create =
      Sub(*keys, "create", "Make a key and print it, this once",
          "baton keys create --config baton.yaml --tenant support --name laptop --usd 5 --per day");
  auto* list =
      Sub(*keys, "list", "Keys, newest first", "baton keys list --config baton.yaml --tenant support");
  auto* revoke =
      Sub(*keys, "revoke", "Refuse a key from now on", "baton keys revoke --config baton.yaml k7q2m9xw3d");
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
  sub->add_option("--contract", o.contract, "only this behaviour contract");
  sub->add_option("--tenant", o.tenant, "only this tenant");
  sub->add_option("--limit", o.limit, "at most so many")->check(CLI::Range(1, 100000))->capture_default_str();
  sub->add_flag("--errors", o.errors, "only exchanges that failed");
  sub->add_flag("--json", o.json, "one JSON object per line");
  sub->add_option("id", o.id, "an exchange id (ex_...)");
  sub->callback([&code] { code = ShowLog(o); });
}

void AddReplay(CLI::App& app, int& code) {
  static ReplayOptions o;
  auto* sub =
      Sub(app, "replay", "What another configuration would have done with recorded traffic, and its cost",
          "baton replay --config next.yaml --store baton.db --since 1d");
  sub->add_option("--config", o.config, "the configuration to try")->required();
  sub->add_option("--store", o.store, "store file (default: the configuration's)");
  sub->add_option("--since", o.since, "only younger than this: 90s, 15m, 2h, 7d");
  sub->add_option("--until", o.until, "only older than this");
  sub->add_option("--model", o.model, "only this model name");
  sub->add_option("--worker", o.worker, "only what this worker answered");
  sub->add_option("--route", o.route, "only this route");
  sub->add_option("--limit", o.limit, "changes listed at most")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  sub->add_flag("--json", o.json, "print the result as JSON");
  sub->callback([&code] { code = Replay(o); });
}

void AddPolicies(CLI::App& app, int& code) {
  static PolicyOptions o;
  o.url = DefaultUrl();
  auto* shadow =
      Sub(app, "shadow", "Let a candidate router decide beside the one in place; without one: how things are",
          "baton shadow next.bin --by ann");
  auto* promote = Sub(app, "promote",
                      "The candidate's next step: a canary's share of the traffic, then what passes its gate",
                      "baton promote --share 0.05 --by ann");
  auto* rollback = Sub(app, "rollback", "One step back: the candidate goes, what was in place decides again",
                       "baton rollback --by ann");
  shadow->add_option("policy", o.what,
                     "a file of `baton train router`, or the version of one the server keeps");
  promote->add_option("--share", o.share, "of each arm of the canary (standard: 0.05)")
      ->check(CLI::Range(0.0, 1.0));
  promote->add_flag("--force", o.force, "past the gate");
  for (auto* sub : {shadow, promote, rollback}) {
    sub->add_option("--url", o.url, "a running Baton")->envname("BATON_URL")->capture_default_str();
    sub->add_option("--by", o.by, "who asks for it, for the audit log")->envname("USER");
    sub->add_flag("--json", o.json, "print the result as JSON");
  }
  shadow->callback([&code] { code = Shadow(o); });
  promote->callback([&code] { code = Promote(o); });
  rollback->callback([&code] { code = Rollback(o); });
}

void AddAudit(CLI::App& app, int& code) {
  static AuditOptions o;
  auto* audit =
      Sub(app, "audit", "The hash-chained log of decisions and admin actions", "baton audit verify baton.db");
  audit->require_subcommand(1);
  auto* verify = Sub(*audit, "verify", "Check a store or an export, offline; names the first bad row",
                     "baton audit verify baton.db --key audit.pub");
  verify->add_option("store", o.store, "store file, or a file that `baton audit export` wrote")->required();
  verify->add_option("--key", o.keys, "public key whose signatures count (PEM or hex); may be repeated");
  verify->add_option("--anchor", o.anchors,
                     "a checkpoint kept elsewhere (`baton audit head`); may be repeated");
  verify->add_flag("--no-head", o.no_head, "without the head file beside the store");
  verify->add_flag("--sealed", o.sealed,
                   "the server was stopped in order: links that nobody signed are a finding");
  verify->add_flag("--allow-gaps", o.allow_gaps,
                   "accept gaps the server itself has noted, as after a power cut");
  auto* write = Sub(*audit, "export", "Write the chain with its rows as JSON lines",
                    "baton audit export --store baton.db --out audit.jsonl");
  write->add_option("--out", o.out, "file to write; without: standard output");
  auto* key =
      Sub(*audit, "key", "The public key of the signatures", "baton audit key --store baton.db > audit.pub");
  auto* head = Sub(*audit, "head", "The newest checkpoint: keep it elsewhere, as an anchor",
                   "baton audit head --store baton.db > anchor.json");
  auto* events =
      Sub(*audit, "events", "Admin actions and what the server did by itself", "baton audit events --json");
  auto* erase = Sub(*audit, "erase", "Destroy stored content on a running Baton; the chain stays in order",
                    "baton audit erase --tenant acme --by ann");
  erase->add_option("--url", o.url, "a running Baton")->envname("BATON_URL")->default_val(DefaultUrl());
  erase->add_option("--tenant", o.tenant, "all stored content of this tenant, and the key it is sealed with");
  erase->add_option("--exchange", o.exchange, "the stored content of this exchange");
  erase->add_option("--by", o.by, "who asks for it")->envname("USER")->required();
  for (auto* sub : {write, key, head, events})
    sub->add_option("--store", o.store, "store file")->capture_default_str();
  for (auto* sub : {verify, key, events, erase}) sub->add_flag("--json", o.json, "print the result as JSON");
  verify->callback([&code] { code = AuditVerify(o); });
  write->callback([&code] { code = AuditExport(o); });
  key->callback([&code] { code = AuditKey(o); });
  head->callback([&code] { code = AuditHead(o); });
  erase->callback([&code] { code = AuditErase(o); });
  events->callback([&code] { code = AuditEvents(o); });
}

void AddExport(CLI::App& app, int& code) {
  static ExportOptions o;
  auto* exports =
      Sub(app, "export", "Documents about a store: bill of materials, costs, evidence, evaluation data",
          "baton export aibom --config baton.yaml --out bom.json");
  exports->require_subcommand(1);
  auto* aibom = Sub(*exports, "aibom", "CycloneDX 1.6 ML-BOM of the pool, with what was measured of it",
                    "baton export aibom --config baton.yaml --out bom.json");
  auto* focus = Sub(*exports, "focus", "Costs as FOCUS 1.2 rows (CSV), corrections included",
                    "baton export focus --store baton.db --since 30d --out costs.csv");
  auto* evidence =
      Sub(*exports, "evidence", "Controls of OWASP, NIST and ISO: where, which test, live figures (HTML)",
          "baton export evidence --config baton.yaml --out evidence.html");
  auto* jsonl =
      Sub(*exports, "jsonl", "Evaluation data of exchanges whose content was kept, as `baton eval` reads it",
          "baton export jsonl --store baton.db --master-key env:BATON_MASTER_KEY --out log.jsonl");
  for (auto* sub : {aibom, focus, evidence, jsonl}) {
    sub->add_option("--config", o.config, "configuration file");
    sub->add_option("--store", o.store, "store file (default: the config's, else baton.db)");
    sub->add_option("--since", o.since, "only younger than this: 90s, 15m, 2h, 7d");
    sub->add_option("--out", o.out, "file to write; without: standard output");
    sub->callback([&code, sub] {
      o.what = sub->get_name();
      code = Export(o);
    });
  }
  focus->add_option("--account", o.account, "BillingAccountId of the rows")->default_str("baton");
  evidence->add_flag("--json", o.json, "JSON instead of HTML");
  jsonl->add_option("--master-key", o.master_key, "env:NAME or file:PATH: opens sealed contents");
  jsonl->add_flag("--all", o.all, "also exchanges that nobody gave feedback on");
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

void AddTrainRouter(CLI::App& train, int& code) {
  static TrainRouterOptions o;
  auto* sub =
      Sub(train, "router", "Who answers what how well, how long, at which price (docs/learned_routing.md)",
          "baton train router --data outcomes.jsonl.zst --out router.bin");
  auto* data = sub->add_option("--data", o.data, "outcome matrices: JSON Lines, also .gz and .zst");
  sub->add_option("--store", o.store,
                  "a server's own log instead: its rated exchanges (`learning: record_vectors`)")
      ->excludes(data);
  sub->add_option("--out", o.out, "the model file to write")->required();
  sub->add_option("--table", o.table, "static table of `baton models pull minilm-static`")
      ->capture_default_str();
  sub->add_option("--kind", o.kind, "knn, kmeans, logistic, mf, mlp, irt or stack")->capture_default_str();
  sub->add_option("--prices", o.prices,
                  "price list, for workers that are not in the data (default: built in)");
  sub->add_option("--seed", o.seed, "same data and seed, same file")->capture_default_str();
  sub->add_option("--threads", o.threads, "0: one per core")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  sub->add_flag("--json", o.json, "print the result as JSON");
  sub->callback([&code] { code = TrainRouter(o); });
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

// What training and tables stand on: pool, problems, memo.
void AddGround(CLI::App* sub, TrainCoordinatorOptions& o) {
  sub->add_option("--config", o.config, "this configuration's workers instead of the built-in pool");
  sub->add_option("--reader", o.reader, "with --config: the local worker that reads; default: the first");
  sub->add_option("--models", o.models, "folder of GGUF files")->capture_default_str();
  sub->add_option("--workers", o.workers,
                  "of the built-in pool (smol gemma calculator sql python search); default: all");
  sub->add_option("--families", o.families, "families of problems; default: all");
  sub->add_option("--questions", o.questions, "files of real questions to add: JSON Lines, .gz or .zst");
  sub->add_option("--questions-each", o.questions_each, "of each file, for training and for test")
      ->capture_default_str();
  sub->add_option("--train", o.train_problems, "generated problems to train on")->capture_default_str();
  sub->add_option("--test", o.test_problems, "generated problems to test on")->capture_default_str();
  sub->add_option("--seed", o.seed, "of problems, candidates and choices")->capture_default_str();
  sub->add_option("--value", o.usd_per_right, "USD that a right answer is worth")
      ->check(CLI::Range(1e-9, 1e9))
      ->capture_default_str();
  sub->add_option("--max-answer", o.max_answer, "tokens of an answer")
      ->check(CLI::Range(4, 2048))
      ->capture_default_str();
  sub->add_option("--memo", o.memo, "file that remembers every repeatable call");
  sub->add_option("--results", o.results, "result file (JSON)");
  sub->add_option("--page", o.page, "one HTML page");
  sub->add_option("--threads", o.threads, "of each model; 0: the physical cores");
  sub->add_option("--parallel", o.parallel, "sequences a model decodes together")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  sub->add_option("--episodes", o.episodes, "episodes at the same time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  sub->add_flag("--quick", o.quick, "a miniature run, to see that everything works");
  sub->add_flag("--json", o.json, "print the results as JSON");
}

void AddEvalLive(CLI::App& eval, int& code) {
  static EvalLiveOptions o;
  auto* sub = Sub(
      eval, "live",
      "Compare everything that could answer over a live pool, on the same problems (docs/evaluation.md)",
      "baton eval live --memo memo.db --coordinator coordinator.json --results live.json --page live.html");
  AddGround(sub, o);
  sub->add_option("--coordinator", o.coordinator, "file of a trained coordinator: rows of their own");
  sub->add_option("--conductor", o.conductor, "with --config: the worker whose model was trained to plan");
  sub->add_option("--adapter", o.adapter,
                  "over the built-in pool: the adapter of `baton train conductor`, for rows of its own");
  sub->add_option(
      "--write-gate", o.write_gate,
      "judge the conductor slice by slice beside the best single worker; write where it may serve");
  sub->add_option("--gate", o.gate_each, "with --write-gate: problems per slice")->check(CLI::Range(1, 1000));
  sub->add_option("--generations", o.generations, "of the MasRouter-style controller")
      ->check(CLI::Range(0, 10000));
  sub->add_option("--replications", o.replications, "problems per generation")->check(CLI::Range(1, 10000));
  sub->add_option("--population", o.population, "tries per problem; 0: ceil(4 + 3 ln n)")
      ->check(CLI::Range(0, 10000));
  sub->add_flag("!--no-baselines", o.baselines,
                "only workers, what learns from this pool, and conductors: minutes");
  sub->add_option("--timed", o.timed, "time every policy on so many problems, without the memo")
      ->check(CLI::Range(0, 1000));
  sub->callback([&code] {
    o.command = CommandLine();
    code = EvalLive(o);
  });
}

void AddEval(CLI::App& app, int& code) {
  static EvalOptions o;
  static EvalImportOptions i;
  auto* sub = Sub(app, "eval", "Compare routing policies on recorded outcomes, at equal dollars",
                  "baton eval --data outcomes.jsonl.zst --json result.json --html result.html");
  sub->add_option("--data", o.data,
                  "outcome matrices: JSON Lines, also .gz or .zst (docs/format/outcomes.md)");
  sub->add_option("--policies", o.policies, "only these, separated by commas (default: all)")->delimiter(',');
  sub->add_option("--train-share", o.train_share, "share of questions to learn from")
      ->check(CLI::Range(0.01, 0.99))
      ->capture_default_str();
  sub->add_option("--seeds", o.seeds, "how many splits")->check(CLI::Range(1, 1000))->capture_default_str();
  sub->add_option("--first-seed", o.first_seed, "the first of them")->capture_default_str();
  sub->add_option("--prices", o.prices, "price table, JSON (default: prices.json beside the data)");
  sub->add_option("--models", o.models,
                  "folder of `baton models pull`, for the static table that texts become vectors by")
      ->capture_default_str();
  sub->add_option("--score-scale", o.score_scale, "what a perfect score is in the data")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--points", o.points, "points of each cost-quality curve")
      ->check(CLI::Range(2, 200))
      ->capture_default_str();
  sub->add_option("--draws", o.draws, "draws of the bootstrap behind every interval")
      ->check(CLI::Range(2, 100000))
      ->capture_default_str();
  sub->add_option("--jobs", o.jobs, "parts run side by side (default: one per core)")
      ->check(CLI::Range(1, 1024));
  sub->add_option("--json", o.json, "write the result file; a run cut short goes on from FILE.parts");
  sub->add_option("--parts", o.parts, "keep finished parts here, also afterwards, and go on from them");
  sub->add_option("--trust", o.trusted,
                  "use parts that these revisions finished, too: nothing they depend on has changed since")
      ->delimiter(',');
  sub->add_option("--verify", o.verify,
                  "verifiers to run over the recorded answers, for policies that use verdicts (code)")
      ->delimiter(',');
  sub->add_option("--verdicts", o.verdicts, "keep verdicts here and use those that are there");
  sub->add_option("--html", o.html, "write the report as one page");
  sub->add_option("--rerun", o.rerun,
                  "repeat the evaluation of a result file and compare; fails on a difference");
  static TrainInspectOptions inspect;
  sub->add_option("--inspect", inspect.results,
                  "instead: what a policy of a result file of training or `live` does");
  sub->add_option("--policy", inspect.policy, "with --inspect: which policy in it")->capture_default_str();
  sub->add_option("--before", inspect.before,
                  "with --inspect: an earlier result file: what has changed since");
  sub->callback([&code, sub] {
    if (!sub->get_subcommands().empty()) return;
    code = inspect.results.empty() ? Eval(o) : TrainInspect(inspect);
  });
  AddEvalLive(*sub, code);
  auto* import = Sub(*sub, "import", "Turn a published data set into an outcome matrix",
                     "baton eval import routerdc datasets/split2_model7/*.json --out routerdc.jsonl");
  import
      ->add_option("format", i.format,
                   "routerbench, routellm, routerdc, embedllm, llmrouterbench or routerarena")
      ->required();
  import->add_option("files", i.files, "the set's own files")->required();
  import->add_option("--out", i.out, "file to write")->required();
  import->callback([&code] { code = EvalImport(i); });
}

void AddTrainCoordinator(CLI::App& train, int& code) {
  static TrainCoordinatorOptions o;
  auto* sub = Sub(
      train, "coordinator",
      "Evolve a coordinator over the built-in pool and measure it beside its controls (docs/coordinator.md)",
      "baton train coordinator --generations 15 --memo memo.db --checkpoint c.json --resume");
  AddGround(sub, o);
  sub->add_option("--generations", o.generations, "played generations")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  sub->add_option("--replications", o.replications, "episodes per candidate")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  sub->add_option("--population", o.population, "candidates; 0: ceil(4 + 3 ln n)")
      ->check(CLI::Range(0, 10000));
  sub->add_option("--turns", o.turns, "at most so many turns")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  sub->add_option("--replay", o.replay, "generations on recorded single turns, before episodes are played")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  sub->add_option(
      "--recorded", o.recorded,
      "instead of a live pool: an outcome matrix (docs/format/outcomes.md), one turn; reads with smol");
  sub->add_option("--gate", o.gate_each,
                  "problems per slice that decide where the coordinator may serve; 0: no gate")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  sub->add_option("--sigma", o.sigma, "first standard deviation")
      ->check(CLI::Range(1e-6, 10.0))
      ->capture_default_str();
  sub->add_option("--minutes", o.minutes, "stop training after so long; 0: when done");
  sub->add_option("--checkpoint", o.checkpoint, "file written after every generation");
  sub->add_flag("--resume", o.resume, "go on from the checkpoint, when it is there");
  sub->add_option("--out", o.out, "the trained coordinator")->capture_default_str();
  sub->add_flag("!--no-controls", o.controls, "without random search, REINFORCE and the ablation");
  sub->add_flag("!--no-baselines", o.baselines, "without self-consistency, majority, mixture and planner");
  sub->callback([&code] {
    o.command = CommandLine();
    code = TrainCoordinator(o);
  });
}

void AddTrain(CLI::App& app, int& code) {
  static TrainInspectOptions inspect;
  auto* train = Sub(app, "train", "Train what decides", "baton train coordinator --quick");
  train->require_subcommand(1);
  AddTrainRouter(*train, code);
  AddTrainCoordinator(*train, code);
  auto* conductor =
      Sub(*train, "conductor",
          "Train a language model to write plans, by examples and by reward (docs/conductor.md)",
          "baton train conductor --folder build/conductor --memo memo.db --resume");
  conductor->prefix_command();
  conductor->set_help_flag();  // baton-train's own
  conductor->callback([&code, conductor] { code = TrainConductor(conductor->remaining()); });
  static TrainEvidenceOptions evidence;
  auto* learn = Sub(*train, "evidence",
                    "Learn whom to ask, and when another opinion is worth its price (docs/evidence.md)",
                    "baton train evidence --data outcomes.jsonl --out model.evidence");
  learn->add_option("--data", evidence.data, "outcome matrices with answers: JSON Lines, also .gz or .zst")
      ->required();
  learn->add_option("--prices", evidence.prices,
                    "price table, JSON (default: recorded costs, then list prices)");
  learn->add_option("--score-scale", evidence.score_scale, "what a perfect score is in the data")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  learn->add_option(
      "--prior", evidence.prior,
      "weigh what a router of this kind expects, for use beside `router.model` (logistic, stack, ...)");
  learn->add_option("--table", evidence.table, "static table, for --prior")->capture_default_str();
  learn->add_option("--seed", evidence.seed, "of the folds")->capture_default_str();
  learn->add_option("--out", evidence.out, "file to write")->capture_default_str();
  learn->add_flag("--json", evidence.json, "say what was learned as JSON");
  learn->callback([&code] { code = TrainEvidence(evidence); });
  auto* sub =
      Sub(*train, "inspect", "What a trained policy does: shares per worker, role and family, examples",
          "baton train inspect docs/results/coordinator.json --policy coordinator");
  sub->add_option("results", inspect.results, "result file of `baton train`")->required();
  sub->add_option("--policy", inspect.policy, "which policy in it")->capture_default_str();
  sub->add_option("--before", inspect.before, "an earlier result file: what has changed since");
  sub->callback([&code] { code = TrainInspect(inspect); });
}

void AddEnv(CLI::App& app, int& code) {
  static EnvOptions o;
  auto* sub =
      Sub(app, "env",
          "Serve the training environment over HTTP, for trainers in other processes (docs/environment.md)",
          "BATON_ENV_TOKEN=... baton env --listen 127.0.0.1:8090 --memo memo.db");
  sub->add_option("--listen", o.listen, "HOST:PORT")->capture_default_str();
  sub->add_option("--token-env", o.token_env, "environment variable that holds the bearer token")
      ->capture_default_str();
  sub->add_option("--models", o.models, "folder of GGUF files")->capture_default_str();
  sub->add_option("--workers", o.workers, "of the built-in pool; default: all");
  sub->add_option("--world", o.world, "seed of tables and documents")->capture_default_str();
  sub->add_option("--memo", o.memo, "file that remembers every repeatable call");
  sub->add_option("--max-answer", o.max_answer, "tokens of an answer")
      ->check(CLI::Range(4, 4096))
      ->capture_default_str();
  sub->add_option("--running", o.running, "episodes at the same time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  sub->add_option("--threads", o.threads, "of each model; 0: the physical cores");
  sub->add_option("--value", o.usd_per_right, "USD that a point of reward is worth; 0: dollars do not count");
  sub->add_option("--write-world", o.write_world, "write tables and documents into this folder, and end");
  sub->callback([&code] { code = Env(o); });
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
  AddReplay(app, code);
  AddPolicies(app, code);
  AddAudit(app, code);
  AddExport(app, code);
  AddModels(app, code);
  AddMock(app, code);
  AddBench(app, code);
  AddEval(app, code);
  AddTrain(app, code);
  AddEnv(app, code);
  CommandLine(argc, argv);
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
