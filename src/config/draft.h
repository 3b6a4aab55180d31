// Inside config/: what the file says, before names are resolved and values checked against each other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "budget/price.h"
#include "config/config.h"
#include "config/rows.h"

namespace baton::config {

struct TlsDraft : Node {
  net::TlsFiles v;
};
struct LimitsDraft : Node {
  net::ServerLimits v;
};
struct RetryDraft : Node {
  pool::RetryPolicy v;
};
struct HumanDraft : Node {
  human::DeskRules v;
  std::string on_client_gone = "cancel";
};
struct PatternDraft : Node {
  rails::ClassifierOptions::Custom v;
};
struct DictionaryDraft : Node {
  rails::ClassifierOptions::Dictionary v;
  std::string file;
};
struct TermsDraft : Node {
  rails::WorkerTerms v;
};
struct DataRuleDraft : Node {
  rails::DataRule v;
  std::string deed;
  TermsDraft only;
};
struct DataDraft : Node {
  std::string default_class = "internal";
  bool unmask = true;
  std::vector<PatternDraft> patterns;
  std::vector<DictionaryDraft> dictionaries;
  std::vector<DataRuleDraft> rules;
};
struct AttackCapDraft : Node {
  std::string model;
  budget::Nanos max_cost;
};
struct AttacksDraft : Node {
  bool detect = true;
  std::optional<budget::Nanos> max_cost;
  std::vector<AttackCapDraft> tiers;
};
struct GuardDraft : Node {
  guard::Rule v;
  std::string deed, on_fault;
  std::int64_t window = 0;
};
struct PriceDraft : Node {
  budget::PriceRow v;
};
struct ProfileDraft : Node {
  pool::DataProfile v;
};
struct TimeoutsDraft : Node {
  pool::Timeouts v;
};
struct BreakerDraft : Node {
  pool::BreakerOptions v;
};

struct BudgetDraft : Node {
  std::optional<budget::Nanos> usd;
  std::optional<std::int64_t> tokens;
  std::string per = "month";
};
struct RatesDraft : Node {
  budget::Limits v;
};
struct AllowanceDraft : Node {
  std::vector<BudgetDraft> budget;
  RatesDraft limits;
};
struct MemberDraft : AllowanceDraft {
  std::string name;
  std::vector<std::string> models;
};
struct TierDownDraft : Node {
  double at = 0.8;
  std::vector<std::string> workers;
};
struct TenantDraft : AllowanceDraft {
  std::string name;
  std::vector<std::string> models;
  std::vector<MemberDraft> projects, users;
  AllowanceDraft each_key, each_user;
  TierDownDraft tier_down;
};
struct IssuerDraft : Node {
  access::IssuerSettings v;
  std::string jwks;
  bool private_address = false;
};

struct PromptDraft : Node {
  pool::PromptRules v;
  std::string system = "keep";
};

struct WorkerDraft : Node {
  std::string name, dialect, base_url, model, path, adapter, sha256, key;
  std::vector<PriceDraft> price;
  std::vector<BudgetDraft> budget;
  std::int64_t context = 0, max_output = 0, threads = 0, parallel = 8;
  std::vector<std::string> can, rejects, command, tools;
  std::vector<std::pair<std::string, std::string>> env;  // name, where its value is
  ProfileDraft data;
  bool simulated = false, private_address = false, strict = false;
  std::int64_t max_concurrency = 64, queue = 256;
  PromptDraft prompt;
  TimeoutsDraft timeouts;
  BreakerDraft breaker;
  std::string on_client_gone = "cancel";
  std::optional<Duration> hedge_after;
  Duration drain_limit = std::chrono::seconds(20);
};

struct UseDraft : Node {
  std::string workflow = "single", worker, policy, baseline;
  std::vector<std::string> workers;
};
struct ConditionDraft {
  route::Condition v;
  Place place;
};
struct RouteDraft : Node {
  std::string name;
  std::vector<ConditionDraft> when;
  UseDraft use;
};
struct FallbackDraft : Node {
  std::vector<std::string> on_timeout, on_error, on_low_confidence;
  std::string on_policy_violation = "refuse", on_stream_break = "continue";
};

struct StepDraft : Node {
  workflow::StepSettings v;
  std::vector<StepDraft> loop;
};
struct WorkflowDraft : Node {
  workflow::FlowSettings v;
  std::vector<StepDraft> steps;
};

struct LearningDraft : Node {
  learn::Settings v;
};
struct RouterDraft : Node {
  std::string model, evidence, table = "models/minilm-static.table";
  route::RouterSettings v;
};
struct QualityDraft : Node {
  std::vector<verify::Spec> verify;
  double confidence = 0;
  std::int64_t repairs = 1;
};
struct CeilingDraft : Node {
  std::optional<budget::Nanos> usd;
  std::int64_t tokens = 0;
  Duration time{};
};
struct ContractDraft : Node {
  workflow::ContractSettings v;
  QualityDraft quality;
  CeilingDraft ceiling;
};
struct AuditDraft : Node {
  struct Content {
    std::string data_class, keep;
    Place place;
  };
  std::string key, on_full = "serve", master_key;
  std::vector<Content> content;
};

struct RootDraft : Node {
  std::string listen = "127.0.0.1:8080", store = "sqlite:baton.db", syscall_filter = "auto";
  TlsDraft tls;
  LimitsDraft limits;
  std::int64_t threads = 0;
  Duration drain = std::chrono::seconds(30), retention = std::chrono::hours(24 * 90);
  RetryDraft retry;
  std::optional<budget::Nanos> max_cost_per_request;
  Duration default_deadline = std::chrono::minutes(10), idempotency_ttl = std::chrono::hours(1);
  HumanDraft human;
  DataDraft data;
  std::vector<GuardDraft> guards;
  AttacksDraft attacks;
  std::vector<WorkerDraft> workers;
  std::vector<WorkflowDraft> workflows;
  std::vector<ContractDraft> contracts;
  AuditDraft audit;
  std::vector<RouteDraft> routes;
  FallbackDraft fallback;
  RouterDraft router;
  LearningDraft learning;
  std::string shared;
  std::vector<TenantDraft> tenants;
  std::vector<IssuerDraft> issuers;
};

// build_*.cc: from draft to Config, adding problems and warnings. They go as far as they can, so that one run
// tells everything.
void BuildServer(const RootDraft& draft, Problems* problems, Config* config);
// After the workers, which guards name. Reads the files of dictionaries.
void BuildData(const RootDraft& draft, const Env& env, Problems* problems, Config* config);
void BuildWorkers(const RootDraft& draft, const Env& env, Problems* problems, Config* config);
// Before the routes, which name them.
void BuildWorkflows(const RootDraft& draft, Problems* problems, Config* config);
void BuildRoutes(const RootDraft& draft, Problems* problems, Config* config);
void BuildContracts(const RootDraft& draft, Problems* problems, Config* config);
void BuildAudit(const RootDraft& draft, const Env& env, Problems* problems, Config* config);

// build_workers.cc: the secret that `env:NAME` or `file:PATH` names; empty, with a problem, where there is
// none.
Secret ReadKey(const Env& env, std::string_view text, const Place& place, const std::string& who,
               Problems* problems);

// After the routes: what tenants may ask for must exist.
void BuildTenants(const RootDraft& draft, Problems* problems, Config* config);
// One per period.
std::vector<budget::Budget> BudgetsOf(const std::vector<BudgetDraft>& drafts, Problems* problems);

// base_url.cc: may Baton call this address? Adds a problem or a warning where not.
void CheckBaseUrl(const std::string& url, bool private_allowed, const Place& place, const std::string& who,
                  Problems* problems);

// A path of the file that `place` stands in, relative to that file's folder.
std::string ResolvePath(const Place& place, const std::string& path);

}  // namespace baton::config
