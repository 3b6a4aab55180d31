// One model call: classify by path, check as a provider would, find the rule, make the reply, break it, send
// it. Everything that needs no socket is in the files beside this one.
#include "mock/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "mock/answers.h"
#include "mock/breakage.h"
#include "mock/checks.h"
#include "mock/delivery.h"
#include "mock/fast.h"
#include "mock/journal.h"
#include "mock/paths.h"
#include "mock/play.h"
#include "mock/text.h"

namespace baton::mock {
namespace {

constexpr std::size_t kDefaultDimensions = 384;
constexpr std::int64_t kMostDimensions = 4096;

class Mock final : public MockServer {
 public:
  Mock(net::IoLoop& loop, Options options)
      : loop_(loop),
        options_(std::move(options)),
        journal_(options_.keep_requests, options_.keep_body_bytes) {
    SetScript(options_.script);
    if (options_.fast) fast_ = std::make_unique<FastReplies>(options_.fast_reply_bytes, options_.fast_chunks);
  }

  Status Listen();
  std::uint16_t port() const override { return server_->port(); }
  const Stats& stats() const override { return stats_; }
  void SetScript(Script script) override;
  Task<void> Drain(Duration grace) override { co_await server_->Drain(grace); }

 private:
  struct Played {  // how often a rule matched, and how often it was applied
    std::int64_t matched = 0, applied = 0;
  };

  Task<void> Handle(net::Request& request, net::Reply& reply);
  Task<void> HandleFast(const Call& call, net::Request& request, net::Reply& reply);
  Prepared Prepare(const Call& call, net::Request& request);
  Prepared Chat(const Call& call, net::Request& request);
  Prepared Embed(const Call& call, net::Request& request);
  Prepared Models(const Call& call) const;
  Prepared Control(const net::Request& request);
  Prepared Refuse(const Call& call, int status, const Error& error) const;
  Status Admit(const Call& call, const net::Request& request) const;
  Status KnownModel(const std::string& model) const;
  // The first rule that applies to this request and is not used up; null: none.
  const Rule* Match(const std::string& text, const std::string& model, bool tools, bool image);
  net::HeaderList Headers(const Call& call, std::string_view type) const;

  net::IoLoop& loop_;
  Options options_;
  Script script_;
  std::vector<Played> played_;
  Journal journal_;
  Stats stats_;
  std::unique_ptr<FastReplies> fast_;
  std::unique_ptr<net::Server> server_;
};

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// 404 for an unknown model, 401 for a bad key, 400 for everything that is wrong with the request itself.
int StatusOf(const Error& error) {
  switch (error.code) {
    case Code::kNotFound:
      return 404;
    case Code::kUnauthenticated:
      return 401;
    case Code::kTooLarge:
      return 413;
    default:
      return 400;
  }
}

// A fault that replaces the answer altogether. False: there is an answer.
bool Replace(const provider::ClientCodec& codec, Prepared* p) {
  const Fault& f = p->fault;
  const bool redirect = f.status && *f.status >= 300 && *f.status < 400;
  if (!f.html && !(f.status && *f.status >= 300)) return false;
  p->status = f.status.value_or(200);
  p->stream = false;
  const bool page = f.html || redirect;
  p->chunks = {page ? HtmlPage(p->status) : ErrorBody(codec, p->status, f)};
  for (auto& [name, value] : p->headers) {
    if (name == "content-type") value = page ? "text/html; charset=utf-8" : "application/json";
  }
  return true;
}

void Mock::SetScript(Script script) {
  script_ = std::move(script);
  played_.assign(script_.rules.size(), {});
}

Status Mock::Listen() {
  net::ServerOptions options;
  options.address = options_.address;
  options.port = options_.port;
  options.limits = options_.limits;
  options.log = options_.log;
  options.error_body = [](int status, std::string_view reason, std::string_view message) {
    const auto* codec = provider::FindClientCodec("openai");
    return std::pair(
        codec->EncodeError(Fail(CodeOf(status), std::string(message), std::string(reason)), status),
        std::string("application/json"));
  };
  TRY(server_, net::Server::Listen(loop_, std::move(options),
                                   [this](net::Request& q, net::Reply& r) { return Handle(q, r); }));
  return {};
}

net::HeaderList Mock::Headers(const Call& call, std::string_view type) const {
  net::HeaderList headers = {{"content-type", std::string(type)}, {"x-mock", script_.name}};
  const std::string id = fmt::format("req_mock_{}", stats_.requests);
  headers.emplace_back(call.codec->dialect() == chat::Dialect::kAnthropic ? "request-id" : "x-request-id",
                       id);
  return headers;
}

Prepared Mock::Refuse(const Call& call, int status, const Error& error) const {
  Prepared p;
  p.status = status;
  p.headers = Headers(call, "application/json");
  p.chunks = {call.codec->EncodeError(error, status)};
  return p;
}

Status Mock::Admit(const Call& call, const net::Request& request) const {
  if (!options_.require_key.empty()) {
    const KeyPlace place = WhereKeyIs(call.codec->dialect());
    const std::string wanted = std::string(place.prefix) + options_.require_key;
    const bool in_query = call.codec->dialect() == chat::Dialect::kGemini &&
                          request.query.find("key=" + options_.require_key) != std::string_view::npos;
    if (request.Header(place.header) != wanted && !in_query) {
      return Fail(Code::kUnauthenticated, fmt::format("The key in '{}' is missing or wrong.", place.header),
                  "invalid_api_key");
    }
  }
  if (call.codec->dialect() == chat::Dialect::kAnthropic && request.Header("anthropic-version").empty()) {
    return Fail(Code::kInvalidRequest, "The header anthropic-version is required.", "missing_version");
  }
  if (!call.sse)
    return Fail(Code::kInvalidRequest, "The mock streams server-sent events only; add ?alt=sse.", "no_sse");
  return {};
}

Status Mock::KnownModel(const std::string& model) const {
  const auto& known = options_.models;
  if (known.empty() || std::find(known.begin(), known.end(), model) != known.end()) return {};
  return Fail(Code::kNotFound, fmt::format("The model '{}' does not exist.", CutUtf8(model, 100)),
              "model_not_found", "model");
}

const Rule* Mock::Match(const std::string& text, const std::string& model, bool tools, bool image) {
  for (std::size_t i = 0; i < script_.rules.size(); ++i) {
    const Rule& rule = script_.rules[i];
    const bool fits = (rule.contains.empty() || text.find(rule.contains) != std::string::npos) &&
                      (rule.model.empty() || rule.model == model) && (!rule.has_tools || tools) &&
                      (!rule.has_image || image);
    if (!fits) continue;
    Played& played = played_[i];
    if (played.matched++ < rule.after || (rule.times >= 0 && played.applied >= rule.times)) continue;
    ++played.applied;
    return &rule;
  }
  return nullptr;
}

Prepared Mock::Chat(const Call& call, net::Request& request) {
  auto decoded = call.codec->DecodeChat(std::move(request.body), call.model, call.stream);
  if (!decoded) return Refuse(call, StatusOf(decoded.error()), decoded.error());
  const chat::Request& chat = *decoded;
  if (auto ok = KnownModel(chat.model); !ok) return Refuse(call, 404, ok.error());
  if (auto ok = CheckConversation(chat); !ok) return Refuse(call, 400, ok.error());
  const Rule* rule = Match(LastText(chat), chat.model, !chat.tools.empty(), HasImage(chat));
  Prepared p;
  p.headers = Headers(call, chat.stream ? "text/event-stream; charset=utf-8" : "application/json");
  if (rule) p.fault = rule->fault;
  for (const auto& [name, value] : p.fault.headers) p.headers.emplace_back(name, value);
  if (Replace(*call.codec, &p)) return p;
  Reply answer;
  if (rule && rule->reply) {
    answer = *rule->reply;
  } else {
    auto built = BuiltInAnswer(chat);
    if (!built) return Refuse(call, 400, built.error());
    answer = std::move(built).value();
  }
  const chat::Response response = Play(answer, chat, call.codec->dialect());
  provider::ReplyShape shape;
  shape.id = response.id;
  shape.model = response.model;
  shape.created = response.created;
  shape.include_usage = chat.include_usage;
  p.stream = chat.stream;
  if (chat.stream) {
    p.headers.emplace_back("cache-control", "no-cache");
    p.chunks = EncodeStream(*call.codec, Stream(response, answer.chunks), shape, p.fault);
  } else {
    p.chunks = {call.codec->EncodeChat(response, shape)};
    BreakUsage(p.fault.usage, &p.chunks.front());
  }
  return p;
}

Prepared Mock::Embed(const Call& call, net::Request& request) {
  auto decoded = call.codec->DecodeEmbed(std::move(request.body), call.model);
  if (!decoded) return Refuse(call, StatusOf(decoded.error()), decoded.error());
  const chat::EmbedRequest& embed = *decoded;
  if (auto ok = KnownModel(embed.model); !ok) return Refuse(call, 404, ok.error());
  const std::int64_t wanted = embed.dimensions.value_or(kDefaultDimensions);
  if (wanted < 1 || wanted > kMostDimensions) {
    const auto error =
        Fail(Code::kInvalidRequest, fmt::format("dimensions must be between 1 and {}.", kMostDimensions), "",
             "dimensions");
    return Refuse(call, 400, error);
  }
  const Rule* rule = Match(embed.texts.empty() ? "" : embed.texts.back(), embed.model, false, false);
  Prepared p;
  p.headers = Headers(call, "application/json");
  if (rule) p.fault = rule->fault;
  for (const auto& [name, value] : p.fault.headers) p.headers.emplace_back(name, value);
  if (Replace(*call.codec, &p)) return p;
  chat::EmbedResponse response;
  response.model = embed.model;
  response.usage.known = true;
  for (const auto& text : embed.texts) {
    response.vectors.push_back(EmbedText(text, static_cast<std::size_t>(wanted)));
    response.usage.input += CountTokens(text);
  }
  for (const auto& ids : embed.tokens) {
    response.vectors.push_back(
        EmbedText(fmt::format("{}", fmt::join(ids, " ")), static_cast<std::size_t>(wanted)));
    response.usage.input += static_cast<std::int64_t>(ids.size());
  }
  provider::ReplyShape shape;
  shape.model = embed.model;
  p.chunks = {call.codec->EncodeEmbed(response, embed, shape)};
  BreakUsage(p.fault.usage, &p.chunks.front());
  return p;
}

Prepared Mock::Models(const Call& call) const {
  const std::vector<std::string> names =
      options_.models.empty() ? std::vector<std::string>{"mock"} : options_.models;
  nlohmann::ordered_json list = nlohmann::ordered_json::array(), body;
  const auto dialect = call.codec->dialect();
  for (const auto& name : names) {
    if (dialect == chat::Dialect::kGemini) {
      list.push_back({{"name", "models/" + name},
                      {"displayName", name},
                      {"supportedGenerationMethods", {"generateContent", "embedContent"}}});
    } else if (dialect == chat::Dialect::kAnthropic) {
      list.push_back(
          {{"type", "model"}, {"id", name}, {"display_name", name}, {"created_at", "2026-01-01T00:00:00Z"}});
    } else {
      list.push_back({{"id", name}, {"object", "model"}, {"created", kCreated}, {"owned_by", "baton-mock"}});
    }
  }
  if (dialect == chat::Dialect::kGemini) {
    body["models"] = std::move(list);
  } else {
    if (dialect == chat::Dialect::kOpenAi) body["object"] = "list";
    body["data"] = std::move(list);
    if (dialect == chat::Dialect::kAnthropic) body["has_more"] = false;
  }
  Prepared p;
  p.headers = Headers(call, "application/json");
  p.chunks = {Dump(body)};
  return p;
}

Prepared Mock::Control(const net::Request& request) {
  Prepared p;
  p.headers = {{"content-type", "application/json"}};
  const bool post = request.method == "POST";
  if (request.path == "/mock/requests" && !post) {
    p.chunks = {journal_.ToJson()};
  } else if (request.path == "/mock/stats" && !post) {
    p.chunks = {Dump({{"requests", stats_.requests},
                      {"completed", stats_.completed},
                      {"aborted", stats_.aborted},
                      {"running", stats_.running},
                      {"peak", stats_.peak}})};
  } else if (request.path == "/mock/reset" && post) {
    journal_.Clear();
    stats_ = Stats{.running = stats_.running, .peak = stats_.running};
    SetScript(options_.script);
    p.chunks = {"{}"};
  } else if (request.path == "/mock/script" && post) {
    auto script = ParseScript(request.body);
    if (!script) {
      p.status = 400;
      p.chunks = {Dump({{"error", {{"message", script.error().message}}}})};
      return p;
    }
    SetScript(std::move(script).value());
    p.chunks = {Dump({{"rules", script_.rules.size()}})};
  } else {
    p.status = 404;
    p.chunks = {
        Dump({{"error",
               {{"message",
                 "Try GET /mock/requests, GET /mock/stats, POST /mock/script or POST /mock/reset."}}}})};
  }
  return p;
}

Prepared Mock::Prepare(const Call& call, net::Request& request) {
  if (call.kind == Call::Kind::kUnknown) {
    return Refuse(
        call, 404,
        Fail(Code::kNotFound, fmt::format("No such path: {}", CutUtf8(request.path, 100)), "unknown_path"));
  }
  if (auto ok = Admit(call, request); !ok) return Refuse(call, StatusOf(ok.error()), ok.error());
  if (call.kind == Call::Kind::kModels) return Models(call);
  if (request.method != "POST") {
    return Refuse(call, 405, Fail(Code::kInvalidRequest, "This path takes POST.", "method_not_allowed"));
  }
  return call.kind == Call::Kind::kChat ? Chat(call, request) : Embed(call, request);
}

Task<void> Mock::HandleFast(const Call& call, net::Request& request, net::Reply& reply) {
  const Prepared& p = fast_->Find(call, request.body);
  const bool delivered = co_await Deliver(loop_, p, reply);
  delivered ? ++stats_.completed : ++stats_.aborted;
}

Task<void> Mock::Handle(net::Request& request, net::Reply& reply) {
  const Call call = Classify(request.path, request.query, !request.Header("anthropic-version").empty());
  if (call.kind == Call::Kind::kControl) {
    const Prepared p = Control(request);
    co_await Deliver(loop_, p, reply);
    co_return;
  }
  ++stats_.requests;
  stats_.peak = std::max(stats_.peak, ++stats_.running);
  if (fast_ && call.kind == Call::Kind::kChat) {
    co_await HandleFast(call, request, reply);
    --stats_.running;
    co_return;
  }
  const auto entry = journal_.Add(request);
  const Prepared p = Prepare(call, request);
  entry->status = p.status;
  for (const auto& chunk : p.chunks)
    entry->reply +=
        chunk.substr(0, journal_.body_bytes() - std::min(journal_.body_bytes(), entry->reply.size()));
  const bool delivered = co_await Deliver(loop_, p, reply);
  delivered ? ++stats_.completed : ++stats_.aborted;
  entry->running = false;
  entry->aborted = !delivered;
  --stats_.running;
}

}  // namespace

Result<std::unique_ptr<MockServer>> Start(net::IoLoop& loop, Options options) {
  auto mock = std::make_unique<Mock>(loop, std::move(options));
  TRY_VOID(mock->Listen());
  return std::unique_ptr<MockServer>(std::move(mock));
}

}  // namespace baton::mock
