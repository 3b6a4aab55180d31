// Tool servers for tests: shell scripts on real pipes. They answer by the book until the scripted fault.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "mcp/session.h"
#include "net/loop.h"

namespace baton::mcp {

// Shell functions of every script. Our requests are numbered from 1, so a script knows the ids.
inline constexpr std::string_view kPrelude = R"sh(
hello() {  # the handshake, answered with version $1
  read -r init; read_version="$1"
  echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"'"$read_version"'","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"fake","version":"1"}}}'
  read -r initialized
}
text() {  # the result of request $1: text $2
  echo '{"jsonrpc":"2.0","id":'"$1"',"result":{"content":[{"type":"text","text":"'"$2"'"}]}}'
}
)sh";

inline StdioOptions Script(const std::string& body) {
  StdioOptions options;
  options.name = "fake";
  options.process.argv = {"/bin/sh", "-c", std::string(kPrelude) + body};
  options.process.env = {{"PATH", "/usr/bin:/bin"}};
  options.process.patience = std::chrono::milliseconds(200);
  return options;
}

inline std::shared_ptr<Session> SessionOf(Loop& loop, StdioOptions options, SessionOptions session = {}) {
  session.name = options.name;
  session.limits = options.limits;
  return Session::Create(loop, OverStdio(loop, std::move(options)), std::move(session));
}

inline chat::ToolCall CallOf(std::string name, std::string arguments = "{}") {
  chat::ToolCall call;
  call.id = "c1";
  call.name = std::move(name);
  call.arguments = std::move(arguments);
  return call;
}

// Far above what is normal: a test that hangs ends with a failure.
inline Deadline Soon(Loop& loop, Duration d = std::chrono::seconds(30)) {
  return Deadline(loop.Now() + d);
}

inline std::string TextOf(const chat::ToolResult& result) {
  std::string all;
  for (const auto& piece : result.content) {
    if (const auto* t = std::get_if<chat::Text>(&piece)) all += t->text;
  }
  return all;
}

// How a call ended, in one word: the text, "error: ..." for a tool's own, or the reason of a failure.
inline std::string Outcome(const Session::Called& called) {
  if (!called.result) return std::string(called.result.error().Name());
  return (called.result->is_error ? "error: " : "") + TextOf(*called.result);
}

}  // namespace baton::mcp
