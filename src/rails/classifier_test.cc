#include "rails/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace baton::rails {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

std::shared_ptr<const Classifier> Make(ClassifierOptions options = {}) {
  auto c = Classifier::Build(options);
  EXPECT_TRUE(c) << (c ? "" : c.error().message);
  return c.value();
}

const Classifier& Default() {
  static const auto c = Make();
  return *c;
}

// "type:text" of each finding.
std::vector<std::string> Found(std::string_view text, const Classifier& c = Default()) {
  std::vector<std::string> out;
  for (const auto& s : c.ClassifyText(text).spans) {
    EXPECT_LE(s.begin, s.end);
    EXPECT_LE(s.end, text.size());
    out.push_back(s.type + ":" + std::string(text.substr(s.begin, s.end - s.begin)));
  }
  return out;
}

struct Example {
  std::string text, want;  // empty: nothing may be found
};

class Finds : public ::testing::TestWithParam<Example> {};

TEST_P(Finds, ExactlyThis) {
  const auto& [text, want] = GetParam();
  if (want.empty()) {
    EXPECT_THAT(Found(text), ElementsAre()) << text;
  } else {
    EXPECT_THAT(Found(text), ElementsAre(want)) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Personal, Finds,
    ::testing::Values(
        Example{"write to jane.doe+x@mail.example.co.uk today", "email:jane.doe+x@mail.example.co.uk"},
        Example{"(mail: a_b@x.io).", "email:a_b@x.io"},
        Example{"J\xc3\xb6rg@m\xc3\xbcller.de", "email:J\xc3\xb6rg@m\xc3\xbcller.de"},
        Example{"card 4111 1111 1111 1111 ok", "card:4111 1111 1111 1111"},
        Example{"4111-1111-1111-1111", "card:4111-1111-1111-1111"},
        Example{"pay 378282246310005.", "card:378282246310005"},
        Example{"IBAN DE89 3704 0044 0532 0130 00, danke", "iban:DE89 3704 0044 0532 0130 00"},
        Example{"gb82west12345698765432", "iban:gb82west12345698765432"},
        Example{"call +49 (89) 1234-5678", "phone:+49 (89) 1234-5678"},
        Example{"+14155552671", "phone:+14155552671"},
        Example{"(555) 123-4567 is mine", "phone:(555) 123-4567"},
        Example{"555-123-4567x99", "phone:555-123-4567x99"},
        Example{"06 12 34 56 78", "phone:06 12 34 56 78"}, Example{"06.12.34.56.78", "phone:06.12.34.56.78"},
        Example{"my phone is 785 8949", "phone:785 8949"}, Example{"0171/1234567", "phone:0171/1234567"},
        Example{"001-748-088-2851x818", "phone:001-748-088-2851x818"},
        Example{"ssn 536-90-4399", "us_ssn:536-90-4399"},
        Example{"social security number 536904399", "us_ssn:536904399"},
        Example{"nino AB 12 34 56 C!", "national_id:AB 12 34 56 C"},
        Example{"DNI 12345678Z", "national_id:12345678Z"}, Example{"NIE X1234567L", "national_id:X1234567L"},
        Example{"cf RSSMRA85T10A562S", "national_id:RSSMRA85T10A562S"},
        Example{"NIR 2 55 08 14 168 025 38", "national_id:2 55 08 14 168 025 38"},
        Example{"BSN: 123456782", "national_id:123456782"},
        Example{"Steuer-ID 86095742719", "national_id:86095742719"},
        Example{"PESEL 44051401359", "national_id:44051401359"},
        Example{"CPF 529.982.247-25", "national_id:529.982.247-25"},
        Example{"from 8.8.4.4 yesterday", "ip:8.8.4.4"},
        Example{"ip 2001:db8::ff00:42:8329 x", "ip:2001:db8::ff00:42:8329"}));

INSTANTIATE_TEST_SUITE_P(
    Words, Finds,
    ::testing::Values(Example{"Hello, my name is Maria Lopez and", "name:Maria Lopez"},
                      Example{"MY NAME IS Bob.", "name:Bob"},
                      Example{"Je m'appelle Jean de La Fontaine.", "name:Jean de La Fontaine"},
                      Example{"ich hei\xc3\x9f"
                              "e J\xc3\xbcrgen",
                              "name:J\xc3\xbcrgen"},
                      Example{"The patient John Smith came", "name:John Smith"},
                      Example{"Name: Anna Berg\n", "name:Anna Berg"},
                      Example{"Kind regards,\nDr. Ann Lee", "name:Dr. Ann Lee"},
                      Example{"born on 12 March 1984", "birth_date:12 March 1984"},
                      Example{"DOB: 03/12/1984", "birth_date:03/12/1984"},
                      Example{"n\xc3\xa9"
                              "e le 3 mai 1990",
                              "birth_date:3 mai 1990"},
                      Example{"I am at 221B Baker Street now", "address:221B Baker Street"},
                      Example{"Wir wohnen Hauptstra\xc3\x9f"
                              "e 12a dort",
                              "address:Hauptstra\xc3\x9f"
                              "e 12a"},
                      Example{"au 12, rue de la Paix", "address:12, rue de la Paix"},
                      Example{"in Calle Mayor 5", "address:Calle Mayor 5"},
                      Example{"I have been diagnosed by them", "health:diagnos"},
                      Example{"my diabetes got worse", "health:diabet"},
                      Example{"passport number: X12345678", "document_id:X12345678"}));

INSTANTIATE_TEST_SUITE_P(
    Secrets, Finds,
    ::testing::Values(Example{"use sk-proj-4Kd82mZqPw91LxTtVb36", "api_key:sk-proj-4Kd82mZqPw91LxTtVb36"},
                      Example{"AKIAIOSFODNN7EXAMPLE", "api_key:AKIAIOSFODNN7EXAMPLE"},
                      Example{"t=ghp_0123456789abcdefghijABCDEFGHIJ456789",
                              "api_key:ghp_0123456789abcdefghijABCDEFGHIJ456789"},
                      Example{"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END",
                              "private_key:-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"},
                      Example{"password: hunter2!", "credential:hunter2"},
                      Example{"the password is Tr0ub4dor&3.", "credential:Tr0ub4dor&3"},
                      Example{"api_key = \"8f14e45fceea167a5a36dedd4bea2543\"",
                              "credential:8f14e45fceea167a5a36dedd4bea2543"},
                      Example{"postgres://app:s3cret@db.internal/x", "url_credentials:app:s3cret"},
                      Example{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
                              "jwt:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN"}));

INSTANTIATE_TEST_SUITE_P(
    Nothing, Finds,
    ::testing::Values(
        Example{"What is the capital of France?", ""}, Example{"Compute 1234567890123456 + 1", ""},
        Example{"pi is 3.14159265358979323846264338327950288", ""}, Example{"version 1.2.3.4 is out", ""},
        Example{"std::vector<int> a; a::b::c; 12:30:45", ""}, Example{"order 100 200 3000 units", ""},
        Example{"from 2024-01-02 to 2024-02-03 10:00", ""}, Example{"on 01-02-24 and 03.04.2025 07:10", ""},
        Example{"$1,234,567,890", ""}, Example{"def f(self, x): return x @ y", ""},
        Example{"@app.route('/x')", ""}, Example{"git@example.com:a/b.git", ""},
        Example{"Mrs. Smith has 12 apples", ""}, Example{"Natalia sold 48 clips in May 2019", ""},
        Example{"password: your_password1", ""}, Example{"api_key=os.environ['OPENAI_API_KEY1']", ""},
        Example{"set password = getpass(1)", ""}, Example{"sk-learn-is-a-library-for-machine-learning", ""},
        Example{"What causes diabetes?", ""}, Example{"the road to 1984", ""},
        Example{"0x1234567890abcdef", ""}, Example{"uuid 123e4567-e89b-12d3-a456-426614174000", ""},
        Example{"sha 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", ""}, Example{"123456789", ""},
        Example{"44051401359", ""}, Example{"4111 1111 1111 1112", ""}));

TEST(Classifier, NothingFoundGivesTheDefaultClassOnly) {
  EXPECT_THAT(Default().ClassifyText("hello").classes, ElementsAre("internal"));
  ClassifierOptions o;
  o.default_class = "public";
  EXPECT_THAT(Make(o)->ClassifyText("hello").classes, ElementsAre("public"));
}

TEST(Classifier, WhatIsFoundReplacesTheDefaultClass) {
  EXPECT_THAT(Default().ClassifyText("a@b.org").classes, ElementsAre("personal"));
  EXPECT_THAT(Default().ClassifyText("a@b.org password: hunter2!").classes,
              ElementsAre("personal", "secret"));
}

TEST(Classifier, PrivateAddressesAreInternal) {
  ClassifierOptions o;
  o.default_class = "public";
  EXPECT_THAT(Make(o)->ClassifyText("ping 192.168.1.20").classes, ElementsAre("internal"));
}

TEST(Classifier, LooksIntoEveryPartOfARequest) {
  auto with = [](auto change) {
    chat::Request r;
    r.messages.push_back({});
    change(r);
    return Default().Classify(r).classes.count("personal") == 1;
  };
  const std::string mail = "x@y.org";
  EXPECT_FALSE(with([](chat::Request&) {}));
  EXPECT_TRUE(with([&](chat::Request& r) { r.messages[0].parts.push_back(chat::Text{mail, {}}); }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    r.messages[0].role = chat::Role::kSystem;
    r.messages[0].parts.push_back(chat::Text{mail, {}});
  }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    chat::ToolCall c;
    c.arguments = "{\"to\":\"" + mail + "\"}";
    r.messages[0].parts.push_back(c);
  }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    chat::ToolResult t;
    t.content.push_back(chat::Text{mail, {}});
    r.messages[0].parts.push_back(t);
  }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    chat::Media m;
    m.filename = mail + ".pdf";
    r.messages[0].parts.push_back(m);
  }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    chat::Reasoning t;
    t.text = mail;
    r.messages[0].parts.push_back(t);
  }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    r.messages[0].parts.push_back(chat::Opaque{chat::Dialect::kOpenAi, {"\"" + mail + "\""}});
  }));
  EXPECT_TRUE(with([&](chat::Request& r) { r.user = mail; }));
  EXPECT_TRUE(with([&](chat::Request& r) { r.metadata.emplace_back("who", mail); }));
  EXPECT_TRUE(
      with([&](chat::Request& r) { r.extra.emplace_back("prediction", chat::Json{"\"" + mail + "\""}); }));
  EXPECT_TRUE(with([&](chat::Request& r) {
    chat::Tool t;
    t.description = mail;
    r.tools.push_back(t);
  }));
}

TEST(Classifier, SpansSayWhichMessageAndPart) {
  chat::Request r;
  r.messages.resize(2);
  r.messages[1].parts.push_back(chat::Text{"nothing", {}});
  r.messages[1].parts.push_back(chat::Text{"to a@b.org", {}});
  auto c = Default().Classify(r);
  ASSERT_EQ(c.spans.size(), 1u);
  EXPECT_EQ(c.spans[0].place.message, 1u);
  EXPECT_EQ(c.spans[0].place.part, 1u);
  EXPECT_EQ(c.spans[0].begin, 3u);
  EXPECT_EQ(c.spans[0].end, 10u);
}

TEST(Classifier, SpansAreBoundedButClassesAreComplete) {
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "a" + std::to_string(i) + "@b.org ";
  text += "password: hunter2!";
  auto c = Default().ClassifyText(text);
  EXPECT_EQ(c.spans.size(), Classification::kMaxSpans);
  EXPECT_TRUE(c.truncated);
  EXPECT_THAT(c.classes, ElementsAre("personal", "secret"));
}

TEST(Classifier, CustomPatternsHaveTheirOwnClassAndPlace) {
  ClassifierOptions o;
  o.custom = {{"project", "PRJ-[0-9]{4}", "confidential"}};
  auto c = Make(o);
  auto got = c->ClassifyText("about PRJ-1234 and PRJ-99");
  EXPECT_THAT(got.classes, ElementsAre("confidential"));
  ASSERT_EQ(got.spans.size(), 1u);
  EXPECT_EQ(got.spans[0].type, "project");
  EXPECT_EQ(got.spans[0].begin, 6u);
  EXPECT_EQ(got.spans[0].end, 14u);
}

TEST(Classifier, BadCustomPatternIsNamed) {
  for (const char* bad : {"(", "a*", "(?<=x)y(", "\\"}) {
    ClassifierOptions o;
    o.custom = {{"fine", "abc", "x"}, {"broken", bad, "x"}};
    auto c = Classifier::Build(o);
    ASSERT_FALSE(c) << bad;
    EXPECT_EQ(c.error().code, Code::kInvalidRequest);
    EXPECT_NE(c.error().message.find("broken"), std::string::npos) << c.error().message;
  }
}

TEST(Classifier, ThreadsShareOne) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&wrong] {
      for (int i = 0; i < 200; ++i) {
        if (Default().ClassifyText("my name is Bob, a@b.org").spans.size() != 2) ++wrong;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

// No input may crash it or make it read outside the text (the sanitizer build is the judge).
TEST(Classifier, SurvivesEveryCutOfAText) {
  const std::string text =
      "+49 (0)89/12-34@x.de:1::2 DE89 3704 0044 password: sk-AKIA my name is A street 12 born 1/2/3 eyJ.eyJ. "
      "\xc3\xa9\xff rue 1";
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t n = 0; n <= 12 && i + n <= text.size(); ++n) {
      std::string cut = text.substr(i, n);
      (void)Default().ClassifyText(cut);
    }
    (void)Default().ClassifyText(std::string(text.substr(i)));
    (void)Default().ClassifyText(std::string(text.substr(0, i)));
  }
}

}  // namespace
}  // namespace baton::rails
