// Citations, language and format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verify/citation_text.h"
#include "verify/format_text.h"
#include "verify/language_text.h"
#include "verify/test_util.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Verdict Check(const Spec& spec, std::string question, std::string answer) {
  Case c;
  c.question = std::move(question);
  c.answer = std::move(answer);
  return JudgeNow(spec, c).verdict;
}

TEST(Citations, MarksAreToldFromElementsAndLists) {
  auto c = FindCitations(
      "As shown [1], and elsewhere [2, 4-5][^7] \u30108\u3011. Use a[3] here.\n```\nx = [9]\n```\n");
  EXPECT_THAT(c.marks, ElementsAre(1, 2, 4, 5, 7, 8));
  c = FindCitations("It is so [1].\n\nSources:\n1. A book\n2. Another\n[3] Third, https://example.org/a).");
  EXPECT_THAT(c.marks, ElementsAre(1));
  EXPECT_THAT(c.listed, ElementsAre(1, 2, 3));
  EXPECT_THAT(c.links, ElementsAre("https://example.org/a"));
}

TEST(Citations, EveryMarkMustLeadToASource) {
  const Spec spec{"citations", {}};
  EXPECT_EQ(Check(spec, "", "True [1].\n\n[1]: https://example.org"), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "", "True [1], also [2].\n\n[1]: https://example.org"), Verdict::kReject);
  EXPECT_EQ(Check(spec, "Use these.\n[1] First text\n[2] Second text\nWhat is true?", "This is true [2]."),
            Verdict::kAccept);
  EXPECT_EQ(Check(spec, "Document 1: text\n\nQuestion?", "Yes [1]."), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "Document 1: text\n\nQuestion?", "Yes [3]."), Verdict::kReject);
  EXPECT_EQ(Check(spec, "", "No sources at all."), Verdict::kReject);
  EXPECT_EQ(Check(spec, "", "See https://nowhere/x."), Verdict::kReject);
  EXPECT_EQ(
      Check({"citations", {{"known_links", "yes"}}}, "From https://a.example/1", "See https://a.example/2"),
      Verdict::kReject);
  EXPECT_EQ(
      Check({"citations", {{"known_links", "yes"}}}, "From https://a.example/1", "See https://a.example/1."),
      Verdict::kAccept);
}

TEST(Citations, SourcesMayComeFromAToolsResult) {
  Case c;
  chat::Message m;
  m.role = chat::Role::kTool;
  chat::ToolResult result;
  result.content.emplace_back(chat::Text{"[4] A passage", {}});
  m.parts.emplace_back(std::move(result));
  c.request.messages.push_back(std::move(m));
  c.answer = "So it is [4].";
  EXPECT_EQ(JudgeNow({"citations", {}}, c).verdict, Verdict::kAccept);
}

TEST(Language, IsDetectedByScriptAndCommonWords) {
  EXPECT_EQ(DetectLanguage("The cat is on the table and it does not want to leave."), "en");
  EXPECT_EQ(DetectLanguage("Die Katze ist auf dem Tisch und sie will nicht gehen."), "de");
  EXPECT_EQ(DetectLanguage("Le chat est sur la table et il ne veut pas partir."), "fr");
  EXPECT_EQ(DetectLanguage("El gato está en la mesa y no quiere salir de la casa."), "es");
  EXPECT_EQ(DetectLanguage("Il gatto è sul tavolo e non vuole andare via, anche se è tardi."), "it");
  EXPECT_EQ(DetectLanguage("De kat ligt op de tafel en wil niet weg, maar het is al laat."), "nl");
  EXPECT_EQ(DetectLanguage("Кошка лежит на столе и не хочет уходить."), "ru");
  EXPECT_EQ(DetectLanguage("Кішка лежить на столі і не хоче йти."), "uk");
  EXPECT_EQ(DetectLanguage("猫はテーブルの上にいます。"), "ja");
  EXPECT_EQ(DetectLanguage("猫在桌子上，不想离开。"), "zh");
  EXPECT_EQ(DetectLanguage("고양이가 탁자 위에 있다."), "ko");
  EXPECT_EQ(DetectLanguage("OK"), "");
  EXPECT_EQ(DetectLanguage("```\nfor the of and to in\n```"), "");
}

TEST(Language, WhatIsAskedForGoesBeforeTheQuestionsOwn) {
  EXPECT_EQ(LanguageAsked("Please answer in French: what is the capital of Spain?"), "fr");
  EXPECT_EQ(LanguageAsked("Antworte bitte auf Englisch."), "en");
  EXPECT_EQ(LanguageAsked("Translate the following into German: good morning"), "de");
  EXPECT_EQ(LanguageAsked("Is there a word for this in French?"), "");
  const Spec spec{"language", {}};
  const std::string german = "Die Hauptstadt ist Madrid, und sie liegt in der Mitte des Landes.";
  EXPECT_EQ(Check(spec, "Reply in German. What is the capital of Spain?", german), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "What is the capital of Spain, and where does it lie?", german), Verdict::kReject);
  EXPECT_EQ(Check(spec, "What is the capital of Spain, and where does it lie?", "Madrid"), Verdict::kUnknown);
  EXPECT_EQ(Check({"language", {{"language", "Deutsch"}}}, "", german), Verdict::kAccept);
}

TEST(Format, ReadsWhatQuestionsAskFor) {
  EXPECT_EQ(ReadFormat("List three reasons why the sky is blue.").items, 3);
  EXPECT_EQ(ReadFormat("Give me exactly 5 short tips for sleeping").items, 5);
  EXPECT_EQ(ReadFormat("Summarise it in 4 bullet points").items, 4);
  EXPECT_EQ(ReadFormat("Explain in at most 50 words.").max_words, 50);
  EXPECT_EQ(ReadFormat("Explain in 50 words or less.").max_words, 50);
  EXPECT_EQ(ReadFormat("Write at least 200 words.").min_words, 200);
  EXPECT_EQ(ReadFormat("Answer with one word.").max_words, 1);
  EXPECT_EQ(ReadFormat("Describe it in two sentences.").max_sentences, 2);
  EXPECT_TRUE(ReadFormat("Return only valid JSON with the keys a and b").json);
  EXPECT_TRUE(ReadFormat("Show it as a markdown table").table);
  EXPECT_TRUE(ReadFormat("Answer yes or no.").yes_or_no);
  EXPECT_TRUE(ReadFormat("What is JSON? I had three apples and a table.").empty());
}

TEST(Format, ChecksWhatWasAskedFor) {
  const Spec spec{"format", {}};
  EXPECT_EQ(Check(spec, "List three reasons.", "1. a\n2. b\n   - detail\n3. c"), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "List three reasons.", "- a\n- b"), Verdict::kReject);
  EXPECT_EQ(Check(spec, "In at most 5 words: why?", "Because of the long winter nights."), Verdict::kReject);
  EXPECT_EQ(Check(spec, "Answer in one word.", "Paris."), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "Answer in one word.", "It is Paris."), Verdict::kReject);
  EXPECT_EQ(
      Check(spec, "Describe it in two sentences.", "Dr. Smith is 3.5 m tall. He is, e.g. at home, nice."),
      Verdict::kAccept);
  EXPECT_EQ(Check(spec, "Return JSON only.", "```json\n{\"a\": 1}\n```"), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "Return JSON only.", "a: 1"), Verdict::kReject);
  EXPECT_EQ(Check(spec, "Put it in a table.", "| a | b |\n|---|:-:|\n| 1 | 2 |"), Verdict::kAccept);
  EXPECT_EQ(Check(spec, "Why is the sky blue?", "Because."), Verdict::kUnknown);
  EXPECT_EQ(Check({"format", {{"form", "bullets"}, {"items", "2"}}}, "", "* a\n* b"), Verdict::kAccept);
}

TEST(Text, FencesAreReadAlsoWhenUnclosed) {
  auto f = Fences("a\n```Python\nx = 1\n```\nb ```inline``` c\n~~~\ny\n~~~\n```sh\necho");
  ASSERT_EQ(f.size(), 3u);
  EXPECT_EQ(f[0].language, "python");
  EXPECT_EQ(f[0].body, "x = 1\n");
  EXPECT_EQ(f[1].body, "y\n");
  EXPECT_EQ(f[2].body, "echo");
  EXPECT_EQ(Fences("```").size(), 1u);
  EXPECT_EQ(Fences("```\r\nx\r\n```")[0].body, "x\r\n");
}

}  // namespace
}  // namespace baton::verify
