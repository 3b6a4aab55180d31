// Decodes provider traffic that nobody here wrote: samples kept outside of the project (see SharedData).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "provider/json_reader.h"
#include "provider/test_support.h"

namespace baton::provider {
namespace {

using J = nlohmann::json;
using test::SharedData;
using test::Slurp;
namespace fs = std::filesystem;

class RecordedWire : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(SharedData("wire"))) GTEST_SKIP() << "no samples at " << SharedData("wire");
  }
  static std::vector<fs::path> Files(const std::string& below) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(SharedData("wire/" + below))) {
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    EXPECT_FALSE(files.empty()) << below;
    return files;
  }
};

Result<chat::Request> Decode(const ClientCodec& client, const fs::path& file) {
  return client.DecodeChat(Slurp(file), "gemini-2.5-pro", false);
}

// Every request is understood, and each dialect either takes it or says which field it cannot take.
void TryEverywhere(const chat::Request& request, const fs::path& file) {
  for (const auto name : DialectNames()) {
    auto e = FindWorkerCodec(name)->EncodeChat(request, test::Able("claude-opus-4-6"));
    if (!e) {
      EXPECT_EQ(e.error().code, Code::kUnsupported) << file << " to " << name;
      EXPECT_FALSE(e.error().param.empty()) << e.error().message;
    } else {
      EXPECT_TRUE(J::accept(e->body)) << file << " to " << name << "\n" << e->body;
    }
  }
}

TEST_F(RecordedWire, EveryRequestSampleIsUnderstood) {
  const std::pair<const char*, const char*> kFolders[] = {
      {"openai", "dialects/requests/completions"},
      {"anthropic", "dialects/requests/messages"},
      {"gemini", "dialects/requests/gemini"},
  };
  for (const auto& [dialect, folder] : kFolders) {
    for (const auto& file : Files(folder)) {
      auto r = Decode(*FindClientCodec(dialect), file);
      ASSERT_TRUE(r) << file << ": " << r.error().message;
      EXPECT_FALSE(r->messages.empty());
      TryEverywhere(*r, file);
    }
  }
}

TEST_F(RecordedWire, OwnRequestsPassThroughAndReencodeToTheSameMeaning) {
  const std::pair<const char*, const char*> kFolders[] = {
      {"openai", "dialects/requests/completions"},
      {"anthropic", "dialects/requests/messages"},
  };
  for (const auto& [dialect, folder] : kFolders) {
    for (const auto& file : Files(folder)) {
      auto r = Decode(*FindClientCodec(dialect), file);
      ASSERT_TRUE(r);
      Target t = test::Able(r->model);
      auto passed = FindWorkerCodec(dialect)->EncodeChat(*r, t);
      ASSERT_TRUE(passed) << file << passed.error().message;
      EXPECT_TRUE(passed->passthrough) << file;
      EXPECT_EQ(passed->body, r->raw) << file;
      chat::Request copy = *r;
      copy.raw.clear();
      auto again = FindWorkerCodec(dialect)->EncodeChat(copy, t);
      ASSERT_TRUE(again) << file << again.error().message;
      auto back = FindClientCodec(dialect)->DecodeChat(again->body, "", false);
      ASSERT_TRUE(back) << file << back.error().message << again->body;
      EXPECT_EQ(back->messages, r->messages) << file << "\n" << again->body;
      EXPECT_EQ(back->tools, r->tools) << file;
      EXPECT_EQ(back->extra, r->extra) << file;
    }
  }
}

TEST_F(RecordedWire, EveryReplySampleIsDecoded) {
  const std::pair<const char*, const char*> kFolders[] = {
      {"openai", "dialects/response/completions"},
      {"anthropic", "dialects/response/anthropic"},
      {"gemini", "dialects/response/vertex-gemini"},
  };
  for (const auto& [dialect, folder] : kFolders) {
    for (const auto& file : Files(folder)) {
      const std::string stem = file.stem().string();
      if (stem == "count_tokens" || stem.starts_with("stream")) continue;
      auto r = FindWorkerCodec(dialect)->DecodeChat(Slurp(file));
      ASSERT_TRUE(r) << file << ": " << r.error().message;
      ASSERT_EQ(r->choices.size(), 1u) << file;
      EXPECT_FALSE(r->choices[0].message.parts.empty()) << file;
      EXPECT_TRUE(r->usage.known) << file;
      EXPECT_GT(r->usage.input, 0) << file;
      EXPECT_NE(r->choices[0].finish, chat::Finish::kNone) << file;
      for (const auto shown : DialectNames()) {
        EXPECT_TRUE(J::accept(FindClientCodec(shown)->EncodeChat(*r, {}))) << file;
      }
    }
  }
}

TEST_F(RecordedWire, StreamSamplesGiveTheSameWhateverTheSlices) {
  const std::pair<const char*, const char*> kFiles[] = {
      {"openai", "wire/dialects/response/completions/stream.json"},
      {"anthropic", "wire/dialects/response/anthropic/stream_basic.json"},
  };
  for (const auto& [dialect, file] : kFiles) {
    const auto& codec = *FindWorkerCodec(dialect);
    const std::string body = Slurp(SharedData(file));
    const auto whole = test::DecodeStream(codec, body);
    ASSERT_TRUE(whole.finished) << whole.finished.error().message;
    EXPECT_FALSE(chat::TextOf(whole.whole.choices.at(0).message).empty());
    EXPECT_GT(whole.whole.usage.output, 0);
    for (const std::size_t slice : {1u, 2u, 3u, 7u, 64u, 1000u}) {
      const auto cut = test::DecodeStream(codec, body, slice);
      ASSERT_EQ(cut.events.size(), whole.events.size());
      EXPECT_EQ(cut.whole.choices.at(0).message, whole.whole.choices.at(0).message);
      ReplyShape shape;
      shape.passthrough = true;
      EXPECT_EQ(test::EncodeStream(*FindClientCodec(dialect), cut.events, shape), body);
    }
  }
}

// The bodies of a recording in go-vcr's YAML: request and response of each interaction, in turn. Only the two
// forms that occur are read: block scalars and quoted strings on one line.
std::vector<std::string> Bodies(const std::string& yaml) {
  std::vector<std::string> bodies;
  std::istringstream in(yaml);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto at = lines[i].find("body: ");
    if (at == std::string::npos || lines[i].find_first_not_of(' ') != at) continue;
    const std::string head = lines[i].substr(at + 6);
    if (!head.starts_with("|")) {
      // A double-quoted YAML string is a JSON string here.
      bodies.push_back(head.starts_with("\"") ? J::parse(head).get<std::string>() : head);
      continue;
    }
    std::string body;
    const std::size_t indent = lines[i + 1].find_first_not_of(' ');
    while (i + 1 < lines.size()) {
      const auto first = lines[i + 1].find_first_not_of(' ');
      if (first != std::string::npos && first < indent) break;
      ++i;
      body += (first == std::string::npos ? "" : lines[i].substr(indent)) + "\n";
    }
    bodies.push_back(std::move(body));
  }
  return bodies;
}

int StatusOf(const std::string& yaml) {
  const auto at = yaml.rfind(" code: ");
  return at == std::string::npos ? 0 : std::atoi(yaml.c_str() + at + 7);
}

void CheckChat(const fs::path& file, const std::string& reply, int status) {
  const auto& worker = *FindWorkerCodec("openai");
  if (status >= 400) {
    const auto f = worker.DecodeError(status, "application/json", "", reply);
    EXPECT_EQ(f.fault, Fault::kClientRequest) << file;
    EXPECT_FALSE(f.error.message.empty());
  } else if (reply.starts_with("data:")) {
    const auto s = test::DecodeStream(worker, reply, 11);
    EXPECT_TRUE(s.finished) << file;
    EXPECT_FALSE(s.whole.choices.empty());
  } else {
    auto r = worker.DecodeChat(reply);
    ASSERT_TRUE(r) << file << r.error().message;
    EXPECT_TRUE(r->usage.known);
    // What we would show for it says the same.
    J shown = J::parse(FindClientCodec("openai")->EncodeChat(*r, {})), was = J::parse(reply);
    for (auto& choice : was["choices"]) choice["logprobs"] = choice.value("logprobs", J());
    EXPECT_EQ(shown["choices"], was["choices"]) << file;
    // Counts for kinds of tokens that nobody prices apart are left out.
    for (const auto& [name, value] : shown["usage"].items()) {
      if (value.is_number()) {
        EXPECT_EQ(value, was["usage"][name]) << file << name;
      }
    }
  }
}

void CheckEmbed(const fs::path& file, const std::string& request, const std::string& reply, int status) {
  auto asked = FindClientCodec("openai")->DecodeEmbed(request, "");
  if (status >= 400) return;
  ASSERT_TRUE(asked) << file << asked.error().message;
  auto r = FindWorkerCodec("openai")->DecodeEmbed(reply);
  ASSERT_TRUE(r) << file << r.error().message;
  ASSERT_FALSE(r->vectors.empty());
  EXPECT_GT(r->vectors[0].size(), 1u);
  EXPECT_GT(r->usage.input, 0);
  // Both forms carry the same numbers.
  asked->encoding_format = "base64";
  auto again = FindWorkerCodec("openai")->DecodeEmbed(FindClientCodec("openai")->EncodeEmbed(*r, *asked, {}));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->vectors, r->vectors) << file;
}

TEST_F(RecordedWire, EveryRecordedOpenAiExchangeIsUnderstood) {
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(SharedData("wire/openai_recorded"))) {
    const std::string yaml = Slurp(entry.path());
    const auto bodies = Bodies(yaml);
    ASSERT_GE(bodies.size(), 2u) << entry.path();
    const std::string name = entry.path().stem().string();
    ++seen;
    if (name.starts_with("embeddings")) {
      CheckEmbed(entry.path(), bodies[0], bodies[1], StatusOf(yaml));
      continue;
    }
    auto asked = FindClientCodec("openai")->DecodeChat(bodies[0], "", false);
    if (name == "chat-no-messages" || name == "chat-bad-request") {
      EXPECT_FALSE(asked) << name;
    } else if (!name.starts_with("azure")) {  // Azure names the model in the path
      EXPECT_TRUE(asked) << name << (asked ? "" : asked.error().message);
    }
    CheckChat(entry.path(), bodies[1], StatusOf(yaml));
  }
  EXPECT_GE(seen, 20);
}

}  // namespace
}  // namespace baton::provider
