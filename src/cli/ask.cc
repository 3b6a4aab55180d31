// `baton ask`: one question, the answer as it comes, then what ran where and why.

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "chat/assemble.h"
#include "cli/commands.h"
#include "cli/http.h"
#include "cli/log_view.h"
#include "provider/dialect.h"

namespace baton::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Answer {
  std::string text, exchange;
  Status stream;  // an in-band error, or a stream cut short
};

Result<net::HeaderList> ParseHeaders(const std::vector<std::string>& lines) {
  net::HeaderList headers;
  for (const auto& line : lines) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0)
      return Fail(Code::kInvalidRequest, fmt::format("'{}' is no header; write 'name: value'", line));
    const auto value = line.find_first_not_of(' ', colon + 1);
    headers.emplace_back(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
  }
  return headers;
}

Result<Answer> Stream(const AskOptions& options, const std::string& text) {
  Json messages = Json::array();
  if (!options.system.empty()) messages.push_back({{"role", "system"}, {"content", options.system}});
  messages.push_back({{"role", "user"}, {"content", text}});
  const Json body = {{"model", options.model}, {"stream", true}, {"messages", std::move(messages)}};
  TRY(auto headers, ParseHeaders(options.headers));

  Answer answer;
  auto decoder = provider::FindWorkerCodec("openai")->NewStreamDecoder();
  const auto take = [&](std::vector<chat::Event>& events) {
    for (const auto& e : events) {
      if (e.kind != chat::Event::Kind::kText) continue;
      answer.text += e.text;
      if (!options.json) {
        fmt::print("{}", PlainText(e.text));
        std::fflush(stdout);
      }
    }
    events.clear();
  };
  std::vector<chat::Event> events;
  TRY(auto reply, Fetch(options.url, "POST", "/v1/chat/completions",
                        body.dump(-1, ' ', false, Json::error_handler_t::replace), std::move(headers),
                        [&](std::string_view bytes) {
                          if (answer.stream) answer.stream = decoder->Feed(bytes, &events);
                          take(events);
                        }));
  if (reply.status != 200) return ErrorFromReply(reply);
  if (answer.stream) answer.stream = decoder->Finish(&events);
  take(events);
  for (const auto& h : reply.headers) {
    if (h.first == "x-baton-exchange") answer.exchange = h.second;
  }
  if (!options.json) fmt::print("\n");
  return answer;
}

}  // namespace

int Ask(const AskOptions& options) {
  std::string text = options.text;
  if (text == "-") {
    std::stringstream all;
    all << std::cin.rdbuf();
    text = all.str();
  }
  auto answer = Stream(options, text);
  if (!answer) return Complain(answer.error());

  Json record;
  if (!answer->exchange.empty()) {
    auto reply = Fetch(options.url, "GET", "/v1/exchanges/" + answer->exchange, "");
    if (reply && reply->status == 200) record = Json::parse(reply->body, nullptr, false);
  }
  if (options.json) {
    Json out = {{"answer", answer->text}, {"exchange", record}};
    if (!answer->stream) out["error"] = answer->stream.error().message;
    fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    if (record.is_object()) fmt::print("\n{}", RenderTree(record.dump(), ViewOptionsFor(1)));
    if (!answer->stream) Complain(answer->stream.error());
  }
  return answer->stream ? 0 : 1;
}

}  // namespace baton::cli
