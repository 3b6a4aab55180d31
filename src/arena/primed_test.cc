#include <gtest/gtest.h>

#include "arena/primed_backend.h"
#include "chat/assemble.h"

namespace baton::arena {
namespace {

chat::Request Asking(const std::string& text) {
  chat::Request r;
  chat::Message m;
  m.role = chat::Role::kUser;
  m.parts.emplace_back(chat::Text{text, {}});
  r.messages.push_back(std::move(m));
  return r;
}

TEST(Primed, ABaseModelSeesExamplesAndIsStoppedAtTheEndOfItsLine) {
  const chat::Request out = Primed(Asking("What is 2 plus 2?"));
  ASSERT_EQ(out.messages.size(), 2U);
  EXPECT_EQ(out.messages[0].role, chat::Role::kSystem);
  EXPECT_NE(chat::TextOf(out.messages[0]).find("Answer: Paris"), std::string::npos);
  EXPECT_EQ(chat::TextOf(out.messages[1]), "What is 2 plus 2?");
  EXPECT_EQ(out.stop, (std::vector<std::string>{"\n"}));
}

TEST(Primed, WhoeverBringsInstructionsOrWantsAFormOrAPlanGetsTheModelAsItIs) {
  chat::Request instructed = Asking("Hello");
  chat::Message system;
  system.role = chat::Role::kSystem;
  system.parts.emplace_back(chat::Text{"Be brief.", {}});
  instructed.messages.insert(instructed.messages.begin(), system);
  chat::Request form = Asking("Hello");
  form.response_format.kind = chat::ResponseFormat::Kind::kJsonObject;
  for (const auto& r :
       {instructed, form, Asking("Plan it: model_id, subtasks, access_list."), chat::Request()}) {
    const chat::Request out = Primed(r);
    EXPECT_EQ(out.messages.size(), r.messages.size());
    EXPECT_TRUE(out.stop.empty());
  }
}

}  // namespace
}  // namespace baton::arena
