#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace baton::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kLocal =
    "workers:\n  - name: smol\n    dialect: local\n    path: m.gguf\n    price: {input: 0, output: 0}\n";

struct ConfigTest : ::testing::Test {
  std::map<std::string, std::string> variables{{"LARGE_KEY", "sk-planted-key-8842"}}, files;
  bool open_to_all = false;

  Env MakeEnv() {
    Env env;
    env.get = [this](const std::string& n) -> std::optional<std::string> {
      auto i = variables.find(n);
      return i == variables.end() ? std::nullopt : std::optional(i->second);
    };
    env.read_file = [this](const std::string& p) -> Result<std::string> {
      auto i = files.find(p);
      if (i == files.end()) return Fail(Code::kNotFound, p + ": there is no such file");
      return i->second;
    };
    env.readable_by_others = [this](const std::string&) { return open_to_all; };
    return env;
  }
  Result<Config> Parse(const std::string& yaml) { return config::Parse(yaml, "dir/c.yaml", MakeEnv()); }
  // The problems of a text that must have some.
  std::string Wrong(const std::string& yaml) {
    auto c = Parse(yaml);
    EXPECT_FALSE(c) << "accepted: " << yaml;
    if (c) return "";
    EXPECT_EQ(c.error().code, Code::kInvalidRequest);
    EXPECT_EQ(c.error().reason, "bad_config");
    return c.error().message;
  }
  // Problems of a remote worker with these further lines.
  static std::string Remote(const std::string& lines) {
    return "workers:\n  - name: large\n    dialect: openai\n    model: gpt\n" + lines;
  }
};

// The sketch of the product page, less what this version refuses by intent (the second workflow).
constexpr const char* kSketch = R"(
listen: 127.0.0.1:8080
store: sqlite:baton.db
workers:
  - name: large
    dialect: openai
    base_url: https://api.example.com/v1
    model: gpt-5
    key: env:LARGE_KEY
    price: {input: 1.25, cached_input: 0.125, output: 10.0}
    context: 400000
    can: [tools, vision, json_schema, reasoning]
    data: {region: us, retention: 30d, trains: false, classes: [public, internal]}
  - name: smol
    dialect: local
    path: models/smollm2-135m-instruct.gguf
    price: {input: 0, output: 0}
    data: {region: here, retention: none, trains: false, classes: [public, internal, personal, secret]}
routes:
  - name: sensitive
    when: {data: [personal, secret]}
    use: {workflow: single, workers: [smol]}
  - name: quick
    when: {complexity: low, latency_budget_ms: {lt: 1500}}
    use: {worker: smol}
  - name: tested-code
    when: {task: code, has_tests: true}
    use: {worker: large}
  - name: rest
    use: {policy: learned, baseline: large}
fallback: {on_timeout: smol, on_low_confidence: large, on_policy_violation: human_review}
tenants:
  - name: support
    budget: {usd: 200, per: month}
    limits: {rpm: 600, tpm: 200000}
    models: [baton, baton-mini]
)";

TEST_F(ConfigTest, TheSketchIsReadInFull) {
  auto c = Parse(kSketch);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->listen_address, "127.0.0.1");
  EXPECT_EQ(c->listen_port, 8080);
  EXPECT_EQ(c->store_path, "dir/baton.db");
  EXPECT_EQ(c->record.path, c->store_path);
  EXPECT_EQ(c->shared_path, c->store_path);
  ASSERT_EQ(c->access.tenants.size(), 1u);
  const auto& support = c->access.tenants[0];
  EXPECT_EQ(support.allowance.budgets,
            (std::vector<budget::Budget>{{budget::Nanos{200'000'000'000}, {}, budget::Period::kMonth}}));
  EXPECT_EQ(support.allowance.limits, (budget::Limits{600, 200000, {}}));
  EXPECT_EQ(support.models, (std::vector<std::string>{"baton", "baton-mini"}));
  ASSERT_EQ(c->workers.size(), 2u);
  const auto& large = *c->workers[0];
  EXPECT_EQ(large.target.model, "gpt-5");
  EXPECT_EQ(large.key.Reveal(), "sk-planted-key-8842");
  EXPECT_EQ(large.context, 400000);
  EXPECT_TRUE(large.target.can.vision);
  EXPECT_FALSE(large.target.can.logprobs);
  EXPECT_TRUE(large.target.can.chat);
  EXPECT_FALSE(large.data.trains);
  const auto* price = large.prices.At(0);
  ASSERT_NE(price, nullptr);
  EXPECT_EQ(price->input.v, 1'250'000'000);
  EXPECT_EQ(price->cached_input->v, 125'000'000);
  EXPECT_EQ(price->output.v, 10'000'000'000);
  EXPECT_FALSE(price->reasoning);
  EXPECT_EQ(c->workers[1]->path, "dir/models/smollm2-135m-instruct.gguf");
  ASSERT_EQ(c->routes.rules.size(), 4u);
  const auto& quick = c->routes.rules[1];
  ASSERT_EQ(quick.when.size(), 2u);
  EXPECT_EQ(std::get<route::Condition::Range>(quick.when[1].want).lt, 1500.0);
  EXPECT_THAT(quick.workers, ElementsAre("smol"));
  EXPECT_EQ(c->routes.rules[3].baseline, "large");
  EXPECT_THAT(c->routes.fallback.on_timeout, ElementsAre("smol"));
  EXPECT_THAT(c->warnings, Contains(HasSubstr("no learned policy is installed")));
  EXPECT_EQ(c->routes.fallback.on_policy_violation, "human_review");
  EXPECT_THAT(c->routes.fallback.on_low_confidence, ElementsAre("large"));
}

TEST_F(ConfigTest, DefaultsAreThoseOfTheStructs) {
  auto c = Parse(kLocal);
  ASSERT_TRUE(c) << c.error().message;
  Config standard;
  EXPECT_EQ(c->limits.max_body_bytes, standard.limits.max_body_bytes);
  EXPECT_EQ(c->drain, standard.drain);
  EXPECT_EQ(c->retry.budget, standard.retry.budget);
  EXPECT_EQ(c->rails.default_deadline, standard.rails.default_deadline);
  EXPECT_EQ(c->record.retention, standard.record.retention);
  EXPECT_EQ(c->idempotency_ttl, standard.idempotency_ttl);
  pool::Worker worker;
  EXPECT_EQ(c->workers[0]->timeouts.first_byte, worker.timeouts.first_byte);
  EXPECT_EQ(c->workers[0]->max_queue, worker.max_queue);
  EXPECT_EQ(c->workers[0]->target.max_output, worker.target.max_output);
  EXPECT_EQ(c->workers[0]->lm_parallel, worker.lm_parallel);
}

TEST_F(ConfigTest, AMissingKeyFileIsNamedWithItsFolder) {
  EXPECT_THAT(Wrong(Remote("    base_url: https://a.example.com\n    key: file:key.txt\n")),
              HasSubstr("dir/key.txt: there is no such file"));
}

TEST_F(ConfigTest, KeysComeFromFilesTooAndAreTrimmed) {
  files["dir/key.txt"] = "abc123\n";
  auto c = Parse(Remote("    base_url: https://a.example.com\n    key: file:key.txt\n"));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->workers[0]->key.Reveal(), "abc123");
  open_to_all = true;
  c = Parse(Remote("    base_url: https://a.example.com\n    key: file:key.txt\n"));
  EXPECT_THAT(c->warnings, Contains(HasSubstr("can be read by every user")));
}

TEST_F(ConfigTest, NestedOptionsReachTheirFields) {
  auto c = Parse(R"(
listen: "[::1]:9000"
retention: 0
limits: {header_bytes: 8KB, body: 3s}
retry: {budget: 1, max_backoff: 1.5s}
max_cost_per_request: 0.25
data: {default_class: public, patterns: [{name: project, pattern: "PRJ-[0-9]+", class: confidential}]}
tls: {certificate: c.pem, key: /k.pem}
workers:
  - name: w
    dialect: anthropic
    base_url: http://127.0.0.1:9/v1
    private: true
    model: m
    price: [{input: 0.5, output: 1, valid_from: 2026-01-01}, {input: 1, output: 2}]
    timeouts: {first_byte: 2s}
    breaker: {error_rate: 0.9, open_max: 2s}
    hedge_after: 800ms
    on_client_gone: drain_for_usage
    strict: true
    rejects: [seed]
    data: {classes: [confidential, public]}
)");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->listen_address, "::1");
  EXPECT_EQ(c->record.retention, Duration::zero());
  EXPECT_EQ(c->limits.max_header_bytes, 8192u);
  EXPECT_EQ(c->limits.body, seconds(3));
  EXPECT_EQ(c->retry.max_backoff, milliseconds(1500));
  EXPECT_EQ(c->rails.max_cost_per_request, budget::Nanos{250'000'000});
  EXPECT_EQ(c->data.default_class, "public");
  ASSERT_EQ(c->data.custom.size(), 1u);
  EXPECT_EQ(c->tls.certificate, "dir/c.pem");
  EXPECT_EQ(c->tls.key, "/k.pem");
  const auto& w = *c->workers[0];
  EXPECT_EQ(w.timeouts.first_byte, seconds(2));
  EXPECT_EQ(w.breaker.error_rate, 0.9);
  EXPECT_EQ(w.breaker.open_max, seconds(2));
  EXPECT_EQ(w.hedge_after, Duration(milliseconds(800)));
  EXPECT_EQ(w.on_client_gone, pool::OnClientGone::kDrainForUsage);
  EXPECT_TRUE(w.target.strict);
  EXPECT_THAT(w.target.rejects, ElementsAre("seed"));
  EXPECT_THAT(w.data.classes, ElementsAre("confidential", "public"));
  EXPECT_FALSE(w.target.can.embeddings);
  EXPECT_EQ(w.prices.At(1767225599)->input.v, 1'000'000'000);  // the second before 2026
  EXPECT_EQ(w.prices.At(1767225600)->input.v, 500'000'000);
}

TEST_F(ConfigTest, AllProblemsAtOnceEachWithItsPlace) {
  std::string m = Wrong("listn: x\nworkers:\n  - name: a\n    dialect: opnai\n    pricee: 3\nroutes: 7\n");
  EXPECT_THAT(m,
              HasSubstr("dir/c.yaml:1:1: unknown key 'listn' in the configuration; did you mean 'listen'?"));
  EXPECT_THAT(m, HasSubstr("dir/c.yaml:4:14: dialect: 'opnai' is not known here; did you mean 'openai'?"));
  EXPECT_THAT(m, HasSubstr("dir/c.yaml:5:5: unknown key 'pricee' in worker; did you mean 'price'?"));
  EXPECT_THAT(m, HasSubstr("dir/c.yaml:6:9: routes must be a list"));
}

struct Mistake {
  const char *yaml, *want;
};

TEST_F(ConfigTest, MistakesAreToldInWords) {
  const std::string local = kLocal;
  const Mistake cases[] = {
      {"", "no workers"},
      {"[]", "a configuration is a map"},
      {"a: b: c", "this is not YAML"},
      {"workers: []", "no workers"},
      {"workers: [3]", "each worker is a map"},
      {"workers:\n\t- name: a", "indented with a tab"},
      {"a: &x [*x]", "alias"},
      {"listen: 1\nlisten: 2", "'listen' is given twice (first at line 1)"},
      {"listen:", "listen has no value"},
      {"listen: [1]", "listen must be a single value, not a list"},
      {"listen: 8080", "is no address"},
      {"listen: 0.0.0.0:8080", "whoever can reach 0.0.0.0:8080 could spend your money"},
      {"listen: 127.0.0.1:99999", "is no address"},
      {"store: postgres://u:secretpw@h/d", "SQLite only"},
      {"drain: 10", "'10' needs a unit: 10s or 10ms?"},
      {"drain: soon", "is no duration"},
      {"drain: 2d", "must be between 0s and 86400s"},
      {"limits: {body_bytes: 12XB}", "is no size"},
      {"threads: many", "is no whole number"},
      {"threads: -1", "must be between 0 and 1024"},
      {"max_cost_per_request: 1e-3", "no exponent"},
      {"max_cost_per_request: -1", "no amount in USD"},
      {"data: {patterns: [{name: p, pattern: '(', class: x}]}", "pattern 'p' cannot be used"},
      {"data: {patterns: [{name: p}]}", "pattern needs a 'pattern'"},
      {"tls: {certificate: c.pem}", "tls needs a 'key'"},
      {"fallback: {on_error: smoll}",
       "fallback.on_error names the worker 'smoll', which there is not; did you mean 'smol'?"},
      {"routes: [{name: r, use: {worker: smoll}}]", "did you mean 'smol'?"},
      {"routes: [{name: r, use: {workflow: cascad, worker: smol}}]",
       "no workflow 'cascad'; did you mean 'cascade'?"},
      {"routes: [{name: r}]", "route needs a 'use'"},
      {"routes: [{name: r, use: {}}]", "name a 'worker' or 'workers'"},
      {"routes: [{name: r, use: {worker: smol, workers: [smol]}}]", "not both"},
      {"routes: [{name: baton, use: {worker: smol}}]", "Baton's own name"},
      {"routes: [{name: smol, use: {worker: smol}}]", "route and worker are both called 'smol'"},
      {"routes: [{name: r, use: {worker: smol}}, {name: r, use: {worker: smol}}]", "two routes called 'r'"},
      {"routes: [{name: r, when: {tsk: code}, use: {worker: smol}}]",
       "unknown condition 'tsk' in when; did you mean 'task'?"},
      {"routes: [{name: r, when: {task: cod}, use: {worker: smol}}]",
       "task is never 'cod'; did you mean 'code'?"},
      {"routes: [{name: r, when: {complexity: tiny}, use: {worker: smol}}]", "known: low, medium, high"},
      {"routes: [{name: r, when: {has_code: maybe}, use: {worker: smol}}]", "neither true nor false"},
      {"routes: [{name: r, when: {turns: {below: 3}}, use: {worker: smol}}]",
       "unknown bound 'below'; known: lt, le, gt, ge"},
      {"routes: [{name: r, when: {turns: few}, use: {worker: smol}}]", "write a number or {lt: 1500}"},
      {"routes: [{name: r, when: {data: personnal}, use: {worker: smol}}]", "did you mean 'personal'?"},
      {"routes: [{name: r, use: {policy: learned, worker: smol}}]", "is called 'baseline'"},
  };
  for (const auto& c : cases) {
    std::string yaml = c.yaml;
    if (std::string(c.want) != "no workers" && yaml.find("workers:") != 0 && yaml != "[]")
      yaml += "\n" + local;
    EXPECT_THAT(Wrong(yaml), HasSubstr(c.want)) << yaml;
  }
}

TEST_F(ConfigTest, MistakesInWorkersAreToldInWords) {
  const Mistake cases[] = {
      {"    base_url: https://a.example.com\n    key: env:MISSING\n",
       "the environment variable MISSING is not set"},
      {"    base_url: https://a.example.com\n    key: sk-literal-4711\n", "write env:NAME or file:PATH"},
      {"    base_url: https://a.example.com\n    price: {input: 1}\n", "price needs a 'output'"},
      {"    base_url: https://a.example.com\n    price: {input: a, output: 1}\n", "'a' is no amount"},
      {"    base_url: https://a.example.com\n    price: [{input: 1, output: 1}, {input: 2, output: 2}]\n",
       "two price rows begin on the same day"},
      {"    base_url: https://a.example.com\n    price: {input: 1, output: 1, valid_from: 2026-02-30}\n",
       "is no date"},
      {"    base_url: https://a.example.com\n    can: [tool]\n", "did you mean 'tools'?"},
      {"    base_url: https://a.example.com\n    path: x\n", "'path' is for local workers"},
      {"    base_url: https://a.example.com\n    max_concurrency: 0\n", "must be between 1 and 100000"},
      {"    base_url: ftp://a.example.com\n", "begins with http:// or https://"},
      {"    base_url: https://user:hunter22@a.example.com\n", "must not hold a user or password"},
      {"    base_url: http://169.254.169.254/latest\n    private: true\n",
       "metadata, link-local or reserved"},
      {"    base_url: http://[fd00:ec2::254]/\n    private: true\n", "metadata, link-local or reserved"},
      {"    base_url: http://metadata.google.internal/\n    private: true\n",
       "metadata, link-local or reserved"},
      {"    base_url: http://100.100.100.200/\n    private: true\n", "metadata, link-local or reserved"},
      {"    base_url: http://[::ffff:169.254.169.254]/\n    private: true\n",
       "metadata, link-local or reserved"},
      {"    base_url: http://2852039166/\n    private: true\n", "metadata, link-local or reserved"},
      {"    base_url: http://0.0.0.0/\n    private: true\n", "metadata, link-local or reserved"},
      {"    base_url: http://127.0.0.1:9/v1\n", "add `private: true`"},
      {"    base_url: http://localhost:11434/v1\n", "add `private: true`"},
      {"    base_url: http://[::1]:11434/v1\n", "add `private: true`"},
      {"    base_url: http://0x7f000001/\n", "add `private: true`"},
      {"    base_url: https://10.1.2.3/v1\n", "add `private: true`"},
      {"    base_url: https://ollama/v1\n", "add `private: true`"},
  };
  for (const auto& c : cases) EXPECT_THAT(Wrong(Remote(c.yaml)), HasSubstr(c.want)) << c.yaml;
  EXPECT_THAT(Wrong(Remote("")), HasSubstr("worker 'large' needs a 'base_url'"));
  EXPECT_THAT(Wrong("workers: [{name: baton, dialect: local, path: x}]"), HasSubstr("Baton's own name"));
  EXPECT_THAT(Wrong("workers: [{name: a b, dialect: local, path: x}]"), HasSubstr("letters, digits"));
  EXPECT_THAT(Wrong("workers: [{name: a, dialect: local, path: x}, {name: a, dialect: local, path: x}]"),
              HasSubstr("two workers called 'a'"));
  EXPECT_THAT(Wrong("workers: [{name: a, dialect: local}]"), HasSubstr("needs a 'path'"));
  EXPECT_THAT(Wrong("workers: [{name: a, dialect: local, path: x, sha256: abc}]"),
              HasSubstr("64 lower-case hexadecimal"));
  EXPECT_THAT(Wrong("workers: [{name: a, dialect: local, path: x, key: env:LARGE_KEY}]"),
              HasSubstr("means nothing to a local worker"));
}

TEST_F(ConfigTest, PrivateAddressesAreFineWhenMeant) {
  for (const char* url : {"http://127.0.0.1:9/v1", "http://localhost/v1", "https://10.0.0.1",
                          "http://[::1]:1", "http://ollama:11434/v1"}) {
    auto c = Parse(Remote(std::string("    private: true\n    base_url: ") + url + "\n"));
    EXPECT_TRUE(c) << url << (c ? "" : c.error().message);
  }
}

TEST_F(ConfigTest, PlainHttpToThePublicIsWarnedAbout) {
  auto c = Parse(Remote("    base_url: http://api.example.com/v1\n    key: env:LARGE_KEY\n"));
  ASSERT_TRUE(c);
  EXPECT_THAT(c->warnings, Contains(HasSubstr("plain http")));
  c =
      Parse(Remote("    base_url: https://api.example.com/v1\n    key: env:LARGE_KEY\n    price: {input: 1, "
                   "output: 1}\n"));
  EXPECT_THAT(c->warnings, ElementsAre());
}

// Whatever is wrong beside it, a key's value is in no message.
TEST_F(ConfigTest, NoMessageHoldsAKey) {
  variables["WITH_SPACE"] = "sk-planted key-8842";
  files["dir/k"] = "sk-planted\nkey-8842";
  for (std::string key :
       {"env:LARGE_KEY", "env:WITH_SPACE", "file:k", "sk-planted-key-8842", "env:sk-planted-key-8842"}) {
    std::string m = Wrong(Remote("    key: " + key + "\n    nonsense: 1\n"));
    EXPECT_THAT(m, Not(HasSubstr("planted"))) << key;
    EXPECT_THAT(m, Not(HasSubstr("8842"))) << key;
  }
  EXPECT_THAT(Wrong("store: postgres://u:planted@h/d\n" + std::string(kLocal)), Not(HasSubstr("planted")));
  EXPECT_THAT(Wrong(Remote("    base_url: https://u:planted@h.example.com\n")), Not(HasSubstr("planted")));
}

TEST_F(ConfigTest, LocalWorkersAbilitiesAreHonest) {
  auto c = Parse(kLocal);
  EXPECT_FALSE(c->workers[0]->target.can.vision);
  EXPECT_TRUE(c->workers[0]->target.can.tools);
  c = Parse("workers: [{name: e, dialect: local, path: e.gguf, can: [embeddings_only]}]");
  EXPECT_FALSE(c->workers[0]->target.can.chat);
  EXPECT_TRUE(c->workers[0]->target.can.embeddings);
}

}  // namespace
}  // namespace baton::config
