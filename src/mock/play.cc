#include "mock/play.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mock/answers.h"
#include "mock/text.h"

namespace baton::mock {
namespace {

constexpr std::int64_t kMostChoices = 16;
constexpr std::int64_t kImageTokens = 85;

std::int64_t InputTokens(const chat::Request& request) {
  std::int64_t tokens = 0;
  for (const auto& m : request.messages) {
    tokens += 3;
    for (const auto& part : m.parts) {
      if (const auto* t = std::get_if<chat::Text>(&part)) tokens += CountTokens(t->text);
      if (const auto* c = std::get_if<chat::ToolCall>(&part))
        tokens += CountTokens(c->name) + CountTokens(c->arguments);
      if (std::holds_alternative<chat::Media>(part)) tokens += kImageTokens;
      if (const auto* r = std::get_if<chat::ToolResult>(&part)) {
        for (const auto& piece : r->content) {
          if (const auto* t = std::get_if<chat::Text>(&piece)) tokens += CountTokens(t->text);
        }
      }
    }
  }
  for (const auto& t : request.tools) {
    tokens += 4 + CountTokens(t.name) + CountTokens(t.description) + CountTokens(t.parameters.text);
  }
  return tokens;
}

chat::Usage CountUsage(const Reply& reply, const chat::Request& request, std::int64_t choices) {
  chat::Usage u;
  u.known = true;
  u.input = InputTokens(request);
  u.reasoning = CountTokens(reply.reasoning);
  std::int64_t each = CountTokens(reply.text) + CountTokens(reply.refusal);
  for (const auto& call : reply.tool_calls) each += 4 + CountTokens(call.name) + CountTokens(call.arguments);
  u.output = u.reasoning + each * choices;
  return u;
}

// Cuts the text as the request's stop strings and token cap say. True when the cap did it.
bool Cut(const chat::Request& request, std::string* text) {
  for (const auto& stop : request.stop) {
    const auto at = stop.empty() ? std::string::npos : text->find(stop);
    if (at != std::string::npos) text->resize(at);
  }
  if (!request.max_tokens) return false;
  std::int64_t left = *request.max_tokens;
  std::size_t kept = 0;
  for (const auto piece : Pieces(*text)) {
    left -= CountTokens(piece);
    if (left < 0) {
      text->resize(kept);
      return true;
    }
    kept += piece.size();
  }
  return false;
}

chat::Finish FinishOf(const Reply& reply, bool capped) {
  if (reply.finish == "length") return chat::Finish::kLength;
  if (reply.finish == "content_filter") return chat::Finish::kContentFilter;
  if (reply.finish == "tool_calls") return chat::Finish::kToolCalls;
  if (reply.finish == "stop") return chat::Finish::kStop;
  if (!reply.tool_calls.empty()) return chat::Finish::kToolCalls;
  return capped ? chat::Finish::kLength : chat::Finish::kStop;
}

chat::Json Logprobs(std::string_view text) {
  nlohmann::ordered_json content = nlohmann::ordered_json::array();
  for (const auto piece : Pieces(text)) {
    std::vector<int> bytes;
    for (const char c : piece) bytes.push_back(static_cast<unsigned char>(c));
    const double p = -static_cast<double>(Hash(piece) % 1000) / 1000.0;
    content.push_back({{"token", std::string(piece)},
                       {"logprob", p},
                       {"bytes", bytes},
                       {"top_logprobs", nlohmann::ordered_json::array()}});
  }
  nlohmann::ordered_json whole;
  whole["content"] = std::move(content);
  whole["refusal"] = nullptr;
  return {whole.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

chat::Message MessageOf(const Reply& reply, chat::Dialect dialect) {
  chat::Message m;
  m.role = chat::Role::kAssistant;
  if (!reply.reasoning.empty() || !reply.signature.empty()) {
    chat::Reasoning r;
    r.text = reply.reasoning;
    r.signature = reply.signature;
    r.origin = dialect;
    m.parts.emplace_back(std::move(r));
  }
  if (!reply.text.empty()) m.parts.emplace_back(chat::Text{reply.text, {}});
  if (!reply.refusal.empty()) m.parts.emplace_back(chat::Refusal{reply.refusal});
  for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
    chat::ToolCall call = reply.tool_calls[i];
    if (call.id.empty())
      call.id = fmt::format("call_{:016x}", Hash(call.name + call.arguments + std::to_string(i)));
    m.parts.emplace_back(std::move(call));
  }
  return m;
}

std::string IdFor(const chat::Request& request, chat::Dialect dialect) {
  const std::string_view prefix = dialect == chat::Dialect::kAnthropic ? "msg_"
                                  : dialect == chat::Dialect::kGemini  ? ""
                                                                       : "chatcmpl-";
  std::string text;
  for (const auto& m : request.messages) {
    for (const auto& part : m.parts) {
      if (const auto* t = std::get_if<chat::Text>(&part)) text += t->text + '\n';
    }
  }
  return fmt::format("{}{:016x}", prefix, Hash(text));
}

// `text` in `count` pieces of about the same number of words; 0: one word each.
std::vector<std::string> Slices(std::string_view text, int count) {
  const auto words = Pieces(text);
  std::vector<std::string> slices;
  const std::size_t n =
      count > 0 ? std::min<std::size_t>(static_cast<std::size_t>(count), words.size()) : words.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::string slice;
    for (std::size_t w = i * words.size() / n; w < (i + 1) * words.size() / n; ++w) slice += words[w];
    slices.push_back(std::move(slice));
  }
  return slices;
}

class Streamer {
 public:
  Streamer(std::int64_t choice, int chunks, std::vector<chat::Event>* out)
      : choice_(choice), chunks_(chunks), out_(out) {}

  void operator()(const chat::Text& t) { Texts(chat::Event::Kind::kText, t.text); }
  void operator()(const chat::Refusal& r) { Texts(chat::Event::Kind::kRefusal, r.text); }
  void operator()(const chat::Reasoning& r) {
    Texts(chat::Event::Kind::kReasoning, r.text);
    if (!r.signature.empty()) {
      auto& e = Add(chat::Event::Kind::kReasoningSignature);
      e.text = r.signature;
      e.dialect = r.origin;
    }
    ++reasoning_;
  }
  void operator()(const chat::ToolCall& call) {
    auto& begin = Add(chat::Event::Kind::kToolCall);
    begin.index = tool_;
    begin.tool = call;
    begin.tool.arguments.clear();
    // Fragments of seven bytes cut through numbers, escapes and UTF-8 alike, as real streams do; but never
    // inside a UTF-8 sequence, which JSON text in an event could not carry.
    for (std::string_view rest = call.arguments; !rest.empty();) {
      std::string_view piece = CutUtf8(rest, 7);
      auto& e = Add(chat::Event::Kind::kToolArguments);
      e.index = tool_;
      e.text = piece;
      rest.remove_prefix(piece.size());
    }
    ++tool_;
  }
  template <class Other>
  void operator()(const Other&) {}

  chat::Event& Add(chat::Event::Kind kind) {
    auto& e = out_->emplace_back();
    e.kind = kind;
    e.choice = choice_;
    e.index = kind == chat::Event::Kind::kReasoning || kind == chat::Event::Kind::kReasoningSignature
                  ? reasoning_
                  : 0;
    return e;
  }

 private:
  void Texts(chat::Event::Kind kind, std::string_view text) {
    for (auto& slice : Slices(text, chunks_)) Add(kind).text = std::move(slice);
  }

  std::int64_t choice_;
  int chunks_;
  std::vector<chat::Event>* out_;
  std::int64_t reasoning_ = 0, tool_ = 0;
};

}  // namespace

chat::Response Play(const Reply& reply, const chat::Request& request, chat::Dialect dialect) {
  Reply cut = reply;
  const bool capped = Cut(request, &cut.text);
  const std::int64_t n = std::clamp<std::int64_t>(request.n.value_or(1), 1, kMostChoices);
  chat::Response response;
  response.id = IdFor(request, dialect);
  response.model = request.model;
  response.created = kCreated;
  response.usage = reply.usage ? *reply.usage : CountUsage(cut, request, n);
  for (std::int64_t i = 0; i < n; ++i) {
    auto& choice = response.choices.emplace_back();
    choice.index = i;
    choice.message = MessageOf(cut, dialect);
    choice.finish = FinishOf(cut, capped);
    if (request.logprobs.value_or(false)) choice.logprobs = Logprobs(cut.text);
  }
  return response;
}

std::vector<chat::Event> Stream(const chat::Response& response, int chunks) {
  std::vector<chat::Event> events;
  auto& start = events.emplace_back();
  start.kind = chat::Event::Kind::kStart;
  start.id = response.id;
  start.model = response.model;
  start.created = response.created;
  // Anthropic tells the input tokens in its first event.
  start.usage = response.usage;
  start.usage.output = 0;
  for (const auto& choice : response.choices) {
    Streamer streamer(choice.index, chunks, &events);
    for (const auto& part : choice.message.parts) std::visit(streamer, part);
    if (!choice.logprobs.empty()) streamer.Add(chat::Event::Kind::kLogprobs).json = choice.logprobs;
    streamer.Add(chat::Event::Kind::kFinish).finish = choice.finish;
  }
  if (response.usage.known) {
    auto& usage = events.emplace_back();
    usage.kind = chat::Event::Kind::kUsage;
    usage.usage = response.usage;
  }
  return events;
}

}  // namespace baton::mock
