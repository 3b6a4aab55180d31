// Sessions over real pipes with servers that misbehave.
#include "mcp/session.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "mcp/fake_server.h"

namespace baton::mcp {
namespace {

using namespace std::chrono_literals;

// One call of `tool` on a server that runs `script`; how it ended.
struct OneCall {
  std::string script, tool = "t", arguments = "{}";
  SessionOptions session;
  Limits limits;
  Duration deadline = 30s;
  int calls = 1;
  std::vector<std::string> ends;
  std::vector<bool> sent;
};

Task<void> Play(net::IoLoop* loop, OneCall* play) {
  StdioOptions options = Script(play->script);
  options.limits = play->limits;
  play->session.limits = play->limits;
  const auto session = SessionOf(*loop, std::move(options), play->session);
  const chat::ToolCall call = CallOf(play->tool, play->arguments);
  for (int i = 0; i < play->calls; ++i) {
    const Session::Called called = co_await session->CallTool(call, Soon(*loop, play->deadline), nullptr);
    play->ends.push_back(Outcome(called));
    play->sent.push_back(called.sent);
  }
  session->Close();
}

std::string Call(OneCall& play) {
  net::RunBlocking([&play](net::IoLoop& loop) { return Play(&loop, &play); });
  return play.ends.empty() ? "nothing" : play.ends.back();
}
std::string Call(std::string script) {
  OneCall play;
  play.script = std::move(script);
  return Call(play);
}

TEST(Session, ACallGivesTheToolsText) {
  EXPECT_EQ(Call("hello 2025-06-18; read -r call; text 2 hi"), "hi");
}

TEST(Session, OlderVersionsOfTheProtocolAreSpoken) {
  EXPECT_EQ(Call("hello 2024-11-05; read -r call; text 2 old"), "old");
  EXPECT_EQ(Call("hello 2025-03-26; read -r call; text 2 middle"), "middle");
}

TEST(Session, AVersionNobodyKnowsIsRefusedByName) {
  EXPECT_EQ(Call("hello 1999-01-01; sleep 60"), "tool_version");
}

TEST(Session, AServerThatRefusesTheHandshakeIsAnError) {
  EXPECT_EQ(
      Call(R"(read -r l; echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}'; sleep 60)"),
      "tool_error");
}

TEST(Session, AServerThatDiesInTheMiddleOfACallIsAnErrorAndTheNextCallStartsItAgain) {
  // The first life ends in the call, the second answers. A file says which one it is.
  const std::string flag = "/tmp/baton-mcp-" + std::to_string(::getpid());
  OneCall play;
  play.calls = 2;
  play.script =
      "if [ -e " + flag + " ]; then rm " + flag +
      "; read -r init; echo '{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"protocolVersion\":\"2025-06-18\","
      "\"capabilities\":{\"tools\":{}}}}'; read -r i; read -r c; text 4 again; else touch " +
      flag + "; hello 2025-06-18; read -r call; exit 7; fi";
  EXPECT_EQ(Call(play), "again");
  EXPECT_EQ(play.ends[0], "tool_server_died");
  EXPECT_TRUE(play.sent[0]) << "it may have run";
}

TEST(Session, AServerThatDiesAtOnceIsNotStartedInALoop) {
  OneCall play;
  play.calls = 6;
  play.limits.first_backoff = 400ms;
  play.script = "exit 3";
  EXPECT_EQ(Call(play), "tool_server_restarting");
  EXPECT_EQ(play.ends[0], "tool_server_died");
  EXPECT_FALSE(play.sent.back());
}

TEST(Session, AProgramThatIsNotThereIsSaidByName) {
  OneCall play;
  net::RunBlocking([](net::IoLoop& loop) -> Task<void> {
    StdioOptions options = Script("");
    options.process.argv = {"baton-no-such-program"};
    return [](net::IoLoop& l, StdioOptions o) -> Task<void> {
      const auto session = SessionOf(l, std::move(o));
      const chat::ToolCall call = CallOf("t");
      const Session::Called called = co_await session->CallTool(call, Soon(l), nullptr);
      EXPECT_EQ(Outcome(called), "no_program");
      session->Close();
    }(loop, std::move(options));
  });
}

Task<void> GiveUp(net::IoLoop* loop, std::string path, std::string* end, std::string* heard) {
  const auto session =
      SessionOf(*loop, Script("hello 2025-06-18; read -r call; read -r heard; echo \"$heard\" > " + path +
                              ".part; mv " + path + ".part " + path + "; sleep 60"));
  const chat::ToolCall call = CallOf("t");
  const Session::Called called = co_await session->CallTool(call, Soon(*loop, 300ms), nullptr);
  *end = Outcome(called);
  for (int i = 0; i < 3000 && heard->empty(); ++i) {
    (void)co_await loop->Sleep(10ms);
    std::ifstream file(path);
    std::getline(file, *heard);
  }
  session->Close();
}
TEST(Session, AServerThatNeverAnswersCostsTheDeadlineAndHearsThatWeGaveUp) {
  const std::string path = "/tmp/baton-mcp-heard-" + std::to_string(::getpid());
  std::string end, heard;
  net::RunBlocking([&](net::IoLoop& loop) { return GiveUp(&loop, path, &end, &heard); });
  EXPECT_EQ(end, "tool_timeout");
  EXPECT_EQ(
      heard,
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"it took too long"}})");
  ::unlink(path.c_str());
}

TEST(Session, LinesThatAreNoMessagesArePassedOverUpToALimit) {
  EXPECT_EQ(Call("hello 2025-06-18; read -r call; echo 'server v1 is ready'; echo '[1,2'; echo; text 2 fine"),
            "fine");
  OneCall play;
  play.limits.max_noise = 20;
  play.script = "hello 2025-06-18; read -r call; while :; do echo noise; done";
  EXPECT_EQ(Call(play), "tool_garbage");
}

TEST(Session, AHugeLineEndsTheServerNotUs) {
  OneCall play;
  play.limits.max_message = 100'000;
  play.script =
      "hello 2025-06-18; read -r call; while :; do printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; "
      "done";
  EXPECT_EQ(Call(play), "tool_message_too_large");
}

TEST(Session, AReplyToAnotherQuestionIsNotTakenForOurs) {
  EXPECT_EQ(Call("hello 2025-06-18; read -r call; text 99 wrong; text 1 older; "
                 R"(echo '{"jsonrpc":"2.0","id":"2","result":{"content":[]}}'; text 2 right)"),
            "right");
}

TEST(Session, TheServersPingIsAnsweredAndItsOtherWishesAreDeclined) {
  EXPECT_EQ(
      Call("hello 2025-06-18; read -r call; echo '{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}'; "
           "read -r pong; echo '{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}'; read -r no; "
           "case \"$pong$no\" in *'\"id\":\"p\",\"result\":{}'*-32601*) text 2 both;; *) text 2 neither;; "
           "esac"),
      "both");
}

TEST(Session, WhatAModelDidWrongIsAResultThatSaysSo) {
  OneCall play;
  play.arguments = "{not json";
  play.script = "sleep 60";
  EXPECT_EQ(Call(play), "error: the arguments for tool 't' are no JSON object");
  EXPECT_EQ(play.sent[0], false);
  EXPECT_EQ(
      Call(
          R"(hello 2025-06-18; read -r c; echo '{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"Unknown tool: t"}}')"),
      "error: the tool server refused: Unknown tool: t (-32602)");
  EXPECT_EQ(
      Call(
          R"(hello 2025-06-18; read -r c; echo '{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"boom"}}')"),
      "tool_error");
  EXPECT_EQ(
      Call(
          R"(hello 2025-06-18; read -r c; echo '{"jsonrpc":"2.0","id":2,"result":{"isError":true,"content":[{"type":"text","text":"no such city"}]}}')"),
      "error: no such city");
}

TEST(Session, AToolThatIsNotOnTheListIsNeverCalled) {
  OneCall play;
  play.session.allow = {"other"};
  play.script = "exit 1";
  EXPECT_EQ(Call(play), "tool_not_allowed");
}

TEST(Session, AModelsLineBreaksDoNotEndTheMessage) {
  OneCall play;
  play.arguments = "{\n  \"a\":\r\n 1}";
  play.script =
      "hello 2025-06-18; read -r call; case \"$call\" in *'\"arguments\":{\"a\":1}}}') text 2 whole;; *) "
      "text 2 cut;; esac";
  EXPECT_EQ(Call(play), "whole");
}

// Two calls at the same time, answered in the other order.
Task<void> OneOfTwo(std::shared_ptr<Session> session, net::IoLoop* loop, std::string name, std::string* end) {
  const chat::ToolCall call = CallOf(std::move(name));
  const Session::Called called = co_await session->CallTool(call, Soon(*loop), nullptr);
  *end = Outcome(called);
}
Task<void> TwoAtOnce(net::IoLoop* loop, std::string* first, std::string* second) {
  const auto session =
      SessionOf(*loop, Script("hello 2025-06-18; read -r a; read -r b; text 3 second; text 2 first"));
  TaskGroup group(*loop);
  group.Spawn(OneOfTwo(session, loop, "a", first));
  group.Spawn(OneOfTwo(session, loop, "b", second));
  co_await group.Join();
  session->Close();
}
TEST(Session, RepliesMayComeInAnyOrder) {
  std::string first, second;
  net::RunBlocking([&](net::IoLoop& loop) { return TwoAtOnce(&loop, &first, &second); });
  EXPECT_EQ(first, "first");
  EXPECT_EQ(second, "second");
}

// The first caller leaves while the server is starting: the others still get it.
Task<void> Impatient(net::IoLoop* loop, std::string* patient, std::string* left) {
  const auto session = SessionOf(*loop, Script("sleep 0.3; hello 2025-06-18; read -r a; text 2 there"));
  const chat::ToolCall call = CallOf("t");
  TaskGroup group(*loop);
  group.Spawn(OneOfTwo(session, loop, "t", patient));
  const Session::Called called = co_await session->CallTool(call, Soon(*loop, 50ms), nullptr);
  *left = Outcome(called);
  co_await group.Join();
  session->Close();
}
TEST(Session, OneCallersImpatienceDoesNotStopTheServerForTheOthers) {
  std::string patient, left;
  net::RunBlocking([&](net::IoLoop& loop) { return Impatient(&loop, &patient, &left); });
  EXPECT_EQ(left, "tool_timeout");
  EXPECT_EQ(patient, "there");
}

Task<void> ListTwice(net::IoLoop* loop, StdioOptions options, SessionOptions wanted,
                     std::vector<Result<std::vector<chat::Tool>>>* lists, bool wait_for_change) {
  const auto session = SessionOf(*loop, std::move(options), std::move(wanted));
  for (int i = 0; i < 2; ++i) {
    auto listed = co_await session->Tools(Soon(*loop), nullptr);
    lists->push_back(std::move(listed));
    if (!lists->back()) break;
    if (i == 0 && wait_for_change) (void)co_await session->Ping(Soon(*loop), nullptr);
  }
  session->Close();
}

std::string Names(const Result<std::vector<chat::Tool>>& list) {
  if (!list) return std::string(list.error().Name());
  std::string all;
  for (const auto& t : *list) all += t.name + " ";
  return all;
}

constexpr std::string_view kPages = R"sh(
hello 2025-06-18
read -r l; echo '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"a","description":"A","inputSchema":{"type":"object","properties":{"x":{"type":"number"}}}},{"name":"bad","inputSchema":7},{"name":"worse","inputSchema":{"type":"array"}}],"nextCursor":"p2"}}'
read -r l
case "$l" in *'"cursor":"p2"'*) echo '{"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"b","inputSchema":{"type":"object"}}]}}';; esac
)sh";

TEST(Session, ToolsComeInPagesAndOnlyThoseThatAModelCanCall) {
  std::vector<Result<std::vector<chat::Tool>>> lists;
  net::RunBlocking([&](net::IoLoop& loop) {
    return ListTwice(&loop, Script(std::string(kPages) + "sleep 60"), {}, &lists, false);
  });
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(Names(lists[0]), "a b ");
  EXPECT_EQ(Names(lists[1]), "a b ") << "the second time from memory: the script would not have answered";
  EXPECT_EQ(lists[0]->at(0).description, "A");
  EXPECT_EQ(lists[0]->at(0).parameters.text, R"({"type":"object","properties":{"x":{"type":"number"}}})");
}

TEST(Session, AnAllowListIsAllThatIsSeen) {
  std::vector<Result<std::vector<chat::Tool>>> lists;
  SessionOptions wanted;
  wanted.allow = {"b"};
  net::RunBlocking([&](net::IoLoop& loop) {
    return ListTwice(&loop, Script(std::string(kPages) + "sleep 60"), wanted, &lists, false);
  });
  EXPECT_EQ(Names(lists[0]), "b ");
}

TEST(Session, AChangedListIsAskedForAnew) {
  std::vector<Result<std::vector<chat::Tool>>> lists;
  const std::string script = std::string(kPages) + R"sh(
read -r ping; echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'; echo '{"jsonrpc":"2.0","id":4,"result":{}}'
read -r l; echo '{"jsonrpc":"2.0","id":5,"result":{"tools":[{"name":"c","inputSchema":{"type":"object"}}]}}'; sleep 60)sh";
  net::RunBlocking([&](net::IoLoop& loop) { return ListTwice(&loop, Script(script), {}, &lists, true); });
  EXPECT_EQ(Names(lists[1]), "c ");
}

TEST(Session, TooManyToolsAndPagesWithoutEndAreRefused) {
  std::vector<Result<std::vector<chat::Tool>>> lists;
  StdioOptions many = Script(std::string(kPages) + "sleep 60");
  many.limits.max_tools = 1;
  net::RunBlocking([&](net::IoLoop& loop) { return ListTwice(&loop, many, {}, &lists, false); });
  EXPECT_EQ(Names(lists[0]), "too_many_tools");
  lists.clear();
  StdioOptions endless = Script(
      R"sh(hello 2025-06-18; i=2; while read -r l; do echo '{"jsonrpc":"2.0","id":'$i',"result":{"tools":[],"nextCursor":"more"}}'; i=$((i+1)); done)sh");
  net::RunBlocking([&](net::IoLoop& loop) { return ListTwice(&loop, endless, {}, &lists, false); });
  EXPECT_EQ(Names(lists[0]), "too_many_tools");
}

// The caller leaves at the start, while the server starts, and while the tool runs: each time the call ends,
// and the server is not left over.
Task<void> LeaveAfter(net::IoLoop* loop, Duration after, std::string* end) {
  const auto session =
      SessionOf(*loop, Script("sleep 0.1; hello 2025-06-18; read -r call; read -r cancelled; sleep 60"));
  Cancel cancel;
  const auto timer = loop->CallAt(loop->Now() + after, [&cancel] { cancel.Fire(Cancel::Why::kClientGone); });
  const chat::ToolCall call = CallOf("t");
  const Session::Called called = co_await session->CallTool(call, Soon(*loop), &cancel);
  *end = Outcome(called);
  loop->CancelTimer(timer);
  session->Close();
}
TEST(Session, ACallerMayLeaveAtAnyMoment) {
  for (const Duration after : {0ms, 1ms, 20ms, 110ms, 200ms, 300ms}) {
    std::string end;
    net::RunBlocking([&](net::IoLoop& loop) { return LeaveAfter(&loop, after, &end); });
    EXPECT_EQ(end, "cancelled");
  }
}

}  // namespace
}  // namespace baton::mcp
