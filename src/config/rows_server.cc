// Rows of the server's own keys.

#include "config/draft.h"
#include "config/rows_shapes.h"

namespace baton::config {
namespace {

void Include(Node*, const Tree&, Problems*) {}  // done before rows are read

constexpr std::string_view kTextList =
    R"({"oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})";

const Shape& TlsShape() {
  static const Shape kShape{
      "tls",
      "Certificate and key of the listening socket, PEM, relative to the config file.",
      {
          MakeRow(Kind::kText, "certificate", Into<&TlsDraft::v, &net::TlsFiles::certificate>,
                  "Certificate chain.")
              .Required(),
          MakeRow(Kind::kText, "key", Into<&TlsDraft::v, &net::TlsFiles::key>, "Private key.").Required(),
      }};
  return kShape;
}

const Shape& LimitsShape() {
  using L = net::ServerLimits;
  static const Shape kShape{
      "limits",
      "What one client may ask of the server.",
      {
          MakeRow(Kind::kSize, "header_bytes", Into<&LimitsDraft::v, &L::max_header_bytes>,
                  "All headers of a request.")
              .Between(1024, 1 << 20)
              .Default("64KB"),
          MakeRow(Kind::kInteger, "header_count", Into<&LimitsDraft::v, &L::max_header_count>,
                  "Headers of a request.")
              .Between(10, 10000)
              .Default("200"),
          MakeRow(Kind::kSize, "body_bytes", Into<&LimitsDraft::v, &L::max_body_bytes>, "Body of a request.")
              .Between(1024, 1 << 30)
              .Default("32MB"),
          MakeRow(Kind::kInteger, "connections", Into<&LimitsDraft::v, &L::max_connections>,
                  "Open connections of the whole process.")
              .Between(1, 1000000)
              .Default("20000"),
          MakeRow(Kind::kDuration, "idle", Into<&LimitsDraft::v, &L::idle>,
                  "Between two requests of a connection.")
              .Between(1, 86400)
              .Default("75s"),
          MakeRow(Kind::kDuration, "header", Into<&LimitsDraft::v, &L::header>,
                  "From the first byte of a request's head to its end.")
              .Between(0.1, 3600)
              .Default("10s"),
          MakeRow(Kind::kDuration, "body", Into<&LimitsDraft::v, &L::body>,
                  "For the whole body of a request.")
              .Between(0.1, 86400)
              .Default("2m"),
          MakeRow(Kind::kDuration, "write", Into<&LimitsDraft::v, &L::write>,
                  "Without progress towards a slow client.")
              .Between(0.1, 86400)
              .Default("60s"),
      }};
  return kShape;
}

const Shape& RetryShape() {
  using R = pool::RetryPolicy;
  static const Shape kShape{
      "retry",
      "The only retry in Baton: further tries of one request, over all its workers.",
      {
          MakeRow(Kind::kInteger, "budget", Into<&RetryDraft::v, &R::budget>, "Further tries in all.")
              .Between(0, 10)
              .Default("2"),
          MakeRow(Kind::kDuration, "first_backoff", Into<&RetryDraft::v, &R::first_backoff>,
                  "Wait before the second try at the same worker.")
              .Between(0, 60)
              .Default("100ms"),
          MakeRow(Kind::kDuration, "max_backoff", Into<&RetryDraft::v, &R::max_backoff>, "Longest such wait.")
              .Between(0, 600)
              .Default("2s"),
      }};
  return kShape;
}

const Shape& HumanShape() {
  using D = human::DeskRules;
  static const Shape kShape{
      "human",
      "The queue of requests that wait for a person (docs/human_queue.md).",
      {
          MakeRow(Kind::kInteger, "max_waiting", Into<&HumanDraft::v, &D::max_waiting>,
                  "Cases that have not ended; beyond, a request that needs a person is refused.")
              .Between(1, 1000000)
              .Default("1000"),
          MakeRow(Kind::kDuration, "wait", Into<&HumanDraft::v, &D::wait>,
                  "How long a client's connection waits for the answer; then it gets 202 and a link.")
              .Between(0, 86400)
              .Default("30s"),
          MakeRow(Kind::kDuration, "expire", Into<&HumanDraft::v, &D::expire>,
                  "A case that nobody ended by then ends as expired.")
              .Between(1, 3.2e7)
              .Default("1d"),
          MakeRow(Kind::kDuration, "retention", Into<&HumanDraft::v, &D::retention>,
                  "Transcript and answer of ended cases are deleted after it; 0 keeps them.")
              .Between(0, 3.2e9)
              .Default("30d"),
          MakeWords(
              Kind::kWord, "on_client_gone", "cancel|keep", Into<&HumanDraft::on_client_gone>,
              "When the client that waits leaves: end its case as cancelled, or keep it for the reviewers.")
              .Default("cancel"),
      }};
  return kShape;
}

const Shape& FallbackShape() {
  static const Shape kShape{
      "fallback",
      "Who stands behind the workers of every route.",
      {
          MakeRow(Kind::kTexts, "on_timeout", Into<&FallbackDraft::on_timeout>,
                  "Workers to ask when those before them are too slow."),
          MakeRow(Kind::kTexts, "on_error", Into<&FallbackDraft::on_error>,
                  "Workers to ask when those before them fail."),
          MakeRow(Kind::kTexts, "on_low_confidence", Into<&FallbackDraft::on_low_confidence>,
                  "After a plain answer whose checks or token probabilities are not sure enough: these are "
                  "asked too. Makes a "
                  "`cascade` of routes that use `single`."),
          MakeWords(Kind::kWord, "on_stream_break", "continue|error", Into<&FallbackDraft::on_stream_break>,
                    "When a worker breaks off in the middle of a streamed text: the next one goes on where "
                    "it stopped, "
                    "or the stream ends with an error event.")
              .Default("continue"),
          MakeWords(Kind::kWord, "on_policy_violation", "refuse|human_review",
                    Into<&FallbackDraft::on_policy_violation>,
                    "When no worker may see the data: refuse, or lay the request before a person "
                    "(docs/human_queue.md).")
              .Default("refuse"),
      }};
  return kShape;
}

}  // namespace

const Shape& RootShape() {
  static const Shape kShape{
      "the configuration",
      "The whole file.",
      {
          MakeRow(Kind::kText, "listen", Into<&RootDraft::listen>,
                  "Address and port. Without tenants a loopback address: nobody needs a key then.")
              .Default("127.0.0.1:8080"),
          MakeChild(Kind::kMap, "tls", Inside<&RootDraft::tls>, TlsShape, "Speak HTTPS."),
          MakeRow(Kind::kText, "store", Into<&RootDraft::store>,
                  "Where exchanges are recorded: `sqlite:PATH`, relative to the config file.")
              .Default("sqlite:baton.db"),
          MakeRow(Kind::kDuration, "retention", Into<&RootDraft::retention>,
                  "Older records are deleted; 0 keeps them for ever.")
              .Between(0, 3.2e9)
              .Default("90d"),
          MakeRow(Kind::kInteger, "threads", Into<&RootDraft::threads>,
                  "Threads that serve; 0: one per core.")
              .Between(0, 1024)
              .Default("0"),
          MakeChild(Kind::kMap, "limits", Inside<&RootDraft::limits>, LimitsShape,
                    "What one client may ask of the server."),
          MakeRow(Kind::kDuration, "drain", Into<&RootDraft::drain>,
                  "How long running requests may take after SIGTERM.")
              .Between(0, 86400)
              .Default("30s"),
          MakeWords(Kind::kWord, "syscall_filter", "auto|required|off", Into<&RootDraft::syscall_filter>,
                    "Give up the system calls that serving this configuration does not need "
                    "(docs/hardening.md); `required` refuses to start where the kernel cannot.")
              .Default("auto"),
          MakeRow(Kind::kMoney, "max_cost_per_request", Into<&RootDraft::max_cost_per_request>,
                  "Ceiling of a request in USD; a caller can only lower it."),
          MakeRow(Kind::kDuration, "default_deadline", Into<&RootDraft::default_deadline>,
                  "Time a request may take in all; a caller can only shorten it.")
              .Between(0.1, 86400)
              .Default("10m"),
          MakeRow(Kind::kDuration, "idempotency_ttl", Into<&RootDraft::idempotency_ttl>,
                  "How long the answer to an `Idempotency-Key` is kept.")
              .Between(1, 86400)
              .Default("1h"),
          MakeChild(Kind::kMap, "retry", Inside<&RootDraft::retry>, RetryShape, "Further tries."),
          MakeChild(Kind::kMap, "data", Inside<&RootDraft::data>, DataShape,
                    "How texts are classified, and what becomes of what is found."),
          MakeChild(Kind::kMap, "attacks", Inside<&RootDraft::attacks>, AttacksShape,
                    "Requests with signs of a prompt attack (docs/attacks.md)."),
          MakeChild(Kind::kList, "guards", Append<&RootDraft::guards>, GuardShape,
                    "What workers' texts may not say (docs/guards.md)."),
          MakeChild(Kind::kList, "workers", Append<&RootDraft::workers>, WorkerShape,
                    "The models Baton may ask."),
          MakeChild(Kind::kList, "workflows", Append<&RootDraft::workflows>, WorkflowShape,
                    "Teams of workers (docs/workflows.md)."),
          MakeChild(Kind::kList, "contracts", Append<&RootDraft::contracts>, ContractShape,
                    "What applications name instead of models (docs/contracts.md)."),
          MakeChild(Kind::kList, "routes", Append<&RootDraft::routes>, RouteShape,
                    "Who answers what; the first match wins (docs/routing.md)."),
          MakeChild(Kind::kMap, "learning", Inside<&RootDraft::learning>, LearningShape,
                    "Learning from traffic: feedback, exploring, candidates."),
          MakeChild(Kind::kMap, "router", Inside<&RootDraft::router>, RouterShape,
                    "What is learned decides."),
          MakeChild(Kind::kMap, "audit", Inside<&RootDraft::audit>, AuditShape,
                    "The log of decisions, and what of the content is kept."),
          MakeChild(Kind::kMap, "human", Inside<&RootDraft::human>, HumanShape,
                    "Requests that wait for a person."),
          MakeChild(Kind::kMap, "fallback", Inside<&RootDraft::fallback>, FallbackShape,
                    "Who stands behind."),
          MakeCustom("include", Include, "path or list of paths", kTextList,
                     "Further files, relative to this one; their lists are joined with this file's, their "
                     "keys must not repeat it."),
          MakeChild(Kind::kList, "tenants", Append<&RootDraft::tenants>, TenantShape,
                    "Who may ask. With tenants every request needs a key or a token (docs/keys.md)."),
          MakeChild(Kind::kList, "issuers", Append<&RootDraft::issuers>, IssuerShape,
                    "Whose tokens are accepted beside keys."),
          MakeRow(
              Kind::kText, "shared", Into<&RootDraft::shared>,
              "Where keys and balances lie, when several Batons of one machine share them: `sqlite:PATH`. "
              "Without it: in the store."),
      }};
  return kShape;
}

}  // namespace baton::config
