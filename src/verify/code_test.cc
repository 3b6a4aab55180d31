// The code verifier, and agreement by behaviour: on real runs in the sandbox.
#include <optional>

#include "verify/code_text.h"
#include "verify/sandbox_fixture.h"
#include "verify/test_util.h"

namespace baton::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CodeText, TheLongestBlockInALanguageThatCanBeRunIsTheCode) {
  auto c =
      FindCode("Use:\n```python\ndef f(x):\n    return x\n```\nlike\n```python\nf(1)\n```\n```json\n{}\n```");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->source, "def f(x):\n    return x\n");
  EXPECT_EQ(FindCode("```bash\nls\n```")->language, Program::Language::kShell);
  EXPECT_FALSE(FindCode("for example, this is prose"));
  EXPECT_FALSE(FindCode("def f(x): return x")->fenced);
  EXPECT_FALSE(FindCode("```sql\nselect 1\n```"));
}

TEST(CodeText, TestsAreFoundInEveryUsualForm) {
  auto t = FindTests(
      "Write f.\nassert f(1) == 2\nassert f([1,\n  2]) == 3\nassert g == ??\nassert that it works\n");
  EXPECT_THAT(t.asserts, ElementsAre("assert f(1) == 2", "assert f([1,\n  2]) == 3"));
  t = FindTests(">>> f(1)\n2\n>>> x = 3\n\"\"\"");
  ASSERT_EQ(t.doctests.size(), 2u);
  EXPECT_EQ(t.doctests[0].output, "2");
  EXPECT_EQ(t.doctests[1].output, "");
  t = FindTests(
      "Sample Input 1\n\n5\nTTAAT\n\nSample Output 1\n\nT\n\nTakahashi won.\n\nSample Input "
      "2:\n1\n\nA\nSample Output 2:\nA");
  ASSERT_EQ(t.programs.size(), 2u);
  EXPECT_EQ(t.programs[0].input, "5\nTTAAT\n");
  EXPECT_EQ(t.programs[0].output, "T");
  EXPECT_EQ(t.programs[1].input, "1\nA\n");
  t = FindTests("Example 1:\n\nInput: nums = [1,2], k = 3\nOutput: 5\nExplanation: because");
  ASSERT_EQ(t.calls.size(), 1u);
  EXPECT_EQ(t.calls[0].input, "nums = [1,2], k = 3");
  t = FindTests("### Input\n```\n1 2\n\n3\n```\n### Output\n```\n6\n```\n");
  ASSERT_EQ(t.programs.size(), 1u);
  t = FindTests(
      "Input\n\nThe first line contains N.\n\nOutput\n\nThe sum\n\nIt is unique.Sample Input 1:\n2\n\n"
      "Sample Output 1:\n3");
  ASSERT_EQ(t.programs.size(), 1u);
  EXPECT_EQ(t.programs[0].input, "2\n");
  EXPECT_TRUE(
      FindTests("Input\n\nThe input is given from Standard Input.\n\nOutput\n\nPrint the answer.").empty());
}

TEST(CodeText, OutputsAreTheSameUpToSpaceAndTheLastDigits) {
  EXPECT_TRUE(SameOutput("1 2\n3 \n\n", "1  2\n3"));
  EXPECT_TRUE(SameOutput("0.3333333333", "0.33333333"));
  EXPECT_FALSE(SameOutput("1 2", "1\n2"));
  EXPECT_FALSE(SameOutput("10000001", "10000000"));
  EXPECT_FALSE(SameOutput("", "1"));
}

struct CodeTest : SandboxTest {
  static Task<void> Into(const Verifier* v, const Subject* s, const Context* c,
                         std::optional<Judgement>* out) {
    Judgement j = co_await v->Check(*s, *c);
    *out = std::move(j);
  }
  Judgement Check(Spec spec, Case what, Cancel* cancel = nullptr) {
    auto v = *Make(spec, Tools{.sandbox = sandbox, .seed = 5});
    const Subject subject = what.subject();
    const Context context{.loop = loop, .deadline = {}, .cancel = cancel};
    std::optional<Judgement> out;
    Spawn(Into(v.get(), &subject, &context, &out));
    loop.RunUntil([&] { return out.has_value(); });
    return *out;
  }
  Judgement Check(std::string question, std::string answer, std::map<std::string, std::string> options = {}) {
    Case c;
    c.question = std::move(question);
    c.answer = std::move(answer);
    return Check({"code", std::move(options)}, std::move(c));
  }
};

TEST_F(CodeTest, AcceptsWhatPassesAndRejectsWhatDoesNot) {
  const std::string question = "Write add.\nassert add(1, 2) == 3\nassert add(-1, 1) == 0";
  auto j = Check(question, "```python\ndef add(a, b):\n    return a + b\n```");
  EXPECT_EQ(j.verdict, Verdict::kAccept) << j.reason << j.evidence;
  EXPECT_THAT(j.reason, HasSubstr("2 public tests"));
  j = Check(question, "```python\ndef add(a, b):\n    return abs(a) + b\n```");
  EXPECT_EQ(j.verdict, Verdict::kReject);
  EXPECT_THAT(j.reason, HasSubstr("test 2 of 2 failed"));
  j = Check(question, "```python\ndef plus(a, b):\n    return a + b\n```");
  EXPECT_THAT(j.evidence, HasSubstr("NameError"));
  EXPECT_EQ(Check(question, "```python\ndef add(a, b\n```").verdict, Verdict::kReject);
  EXPECT_EQ(Check(question, "I cannot do that.").verdict, Verdict::kUnknown);
  EXPECT_EQ(Check("Write add.", "```python\ndef add(a, b):\n    return a + b\n```").verdict,
            Verdict::kUnknown);
}

TEST_F(CodeTest, EndingEarlyIsNoPass) {
  const std::string question = "assert f(1) == 2";
  for (const char* exit : {"import os\nos._exit(0)", "import sys\nsys.exit(0)", "raise SystemExit",
                           "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"}) {
    auto j = Check(question, std::string("```python\n") + exit + "\ndef f(x): return 0\n```");
    EXPECT_EQ(j.verdict, Verdict::kReject) << exit << " " << j.reason;
  }
  auto j = Check(question, "```python\nprint('0 ok')\ndef f(x):\n    print('\\n0 ok')\n    return 0\n```");
  EXPECT_EQ(j.verdict, Verdict::kReject) << "a forged report without the mark";
  j = Check(question, "```python\ndef f(x):\n    while True: pass\n```", {{"seconds", "0.5"}});
  EXPECT_EQ(j.verdict, Verdict::kReject);
  EXPECT_THAT(j.reason, HasSubstr("did not end"));
}

TEST_F(CodeTest, ProgramsClassesAndDoctestsAreTried) {
  EXPECT_EQ(
      Check("Input:\n3 4\n\nOutput:\n7", "```python\na, b = map(int, input().split())\nprint(a + b)\n```")
          .verdict,
      Verdict::kAccept);
  EXPECT_EQ(
      Check("Input:\n3 4\n\nOutput:\n7", "```python\na, b = map(int, input().split())\nprint(a * b)\n```")
          .verdict,
      Verdict::kReject);
  EXPECT_EQ(Check("Input:\n3 4\n\nOutput:\n7", "```python\ndef add(a, b): return a + b\n```").verdict,
            Verdict::kUnknown)
      << "a function is no program";
  const std::string leet = "Example 1:\n\nInput: nums = [1,2], k = 3\nOutput: [true, null]\nExplanation: x";
  EXPECT_EQ(Check(leet,
                  "```python\nclass Solution:\n    def f(self, nums: List[int], k: int):\n        return "
                  "[True, None]\n```")
                .verdict,
            Verdict::kAccept);
  EXPECT_EQ(
      Check(
          leet,
          "```python\nclass Solution:\n    def f(self, nums: List[int], k: int):\n        return [True]\n```")
          .verdict,
      Verdict::kReject);
  EXPECT_EQ(Check(">>> f(2)\n[4, 0.5]", "```python\ndef f(x): return [x * x, 1 / x]\n```").verdict,
            Verdict::kAccept);
  EXPECT_EQ(Check("Input:\nworld\n\nOutput:\nhello world", "```bash\nread x\necho hello $x\n```").verdict,
            Verdict::kAccept);
}

TEST_F(CodeTest, AnAnswerToABlankIsComparedWithWhatTheQuestionsCodeGives) {
  const std::string question =
      "Complete the assertion.\n\n[PYTHON]\nimport math\ndef f(a):\n    return [(n, a.count(n)) for n in "
      "sorted(set(a))]\nassert f([1, 1, 3]) == ??\n[/PYTHON]";
  EXPECT_EQ(Check(question, "[(1, 2), (3, 1)]").verdict, Verdict::kAccept);
  EXPECT_EQ(Check(question, R"({"reasoning": "x", "answer": "[(1,2),(3,1)]"})").verdict, Verdict::kAccept);
  EXPECT_EQ(Check(question, "assert f([1, 1, 3]) == [(1, 2), (3, 1)]").verdict, Verdict::kAccept);
  EXPECT_EQ(Check(question, "[(1, 1), (3, 1)]").verdict, Verdict::kReject);
  for (const char* cheat : {"f([1, 1, 3])", "[(n, [1, 1, 3].count(n)) for n in (1, 3)]",
                            "[(1, 2), (3, 1)] or True", "\") or (True", "I do not know."})
    EXPECT_EQ(Check(question, cheat).verdict, Verdict::kUnknown) << cheat << ": no literal";
  EXPECT_EQ(Check("def f(a): return a[9]\nassert f([]) == ??", "1").verdict, Verdict::kUnknown)
      << "the question's own code fails";
  const std::string text = "def f(a):\n    return a + '!'\nassert f('so') == ??";
  EXPECT_EQ(Check(text, "'so!'").verdict, Verdict::kAccept);
  EXPECT_EQ(Check(text, "so!").verdict, Verdict::kAccept) << "a text without its quotes";
  EXPECT_EQ(Check(text, "so").verdict, Verdict::kReject);
  EXPECT_EQ(Check(text, "f('so')").verdict, Verdict::kReject) << "is another text";
  EXPECT_FALSE(FillBlank("assert f(1) == ??", "2")) << "no code to run";
  EXPECT_FALSE(FillBlank("def f(): pass\nassert f() == 1", "2")) << "no blank";
}

TEST_F(CodeTest, TheOperatorsOwnTestsGoBeforeTheQuestions) {
  EXPECT_EQ(
      Check("", "```python\ndef f(): return 2\n```", {{"tests", "import math\nassert f() == math.sqrt(4)"}})
          .verdict,
      Verdict::kAccept);
  EXPECT_EQ(Check("", "```sh\necho 42\n```", {{"tests", "test \"$(sh answer.sh)\" = 42"}}).verdict,
            Verdict::kAccept);
  EXPECT_EQ(Check("", "```sh\necho 43\n```", {{"tests", "test \"$(sh answer.sh)\" = 42"}}).verdict,
            Verdict::kReject);
}

TEST_F(CodeTest, AModuleThatIsNotHereIsNoFaultOfTheAnswer) {
  EXPECT_EQ(Check("assert f() == 1", "```python\nimport no_such_module\ndef f(): return 1\n```").verdict,
            Verdict::kUnknown);
  EXPECT_EQ(Check("Input:\n1\n\nOutput:\n1", "```python\nimport no_such_module\nprint(input())\n```").verdict,
            Verdict::kUnknown);
}

TEST_F(CodeTest, CancelledIsNoVerdict) {
  Cancel cancel;
  cancel.Fire(Cancel::Why::kClientGone);
  Case c;
  c.question = "assert f() == 1";
  c.answer = "```python\ndef f(): return 1\n```";
  EXPECT_EQ(Check({"code", {}}, c, &cancel).verdict, Verdict::kUnknown);
}

TEST_F(CodeTest, AnswersThatBehaveAlikeAgreeHoweverTheyAreWritten) {
  Case c;
  c.question = "assert f(3) == 9\nassert f(2) == 4";
  c.answer = "```python\ndef f(x): return x * x\n```";
  c.others = {"```python\ndef f(x):\n    return x ** 2\n```", "```python\ndef f(x): return x + x\n```",
              "no code"};
  const Spec spec{"agreement", {{"by", "behaviour"}}};
  EXPECT_EQ(Check(spec, c).verdict, Verdict::kAccept);
  std::swap(c.answer, c.others[1]);
  EXPECT_EQ(Check(spec, c).verdict, Verdict::kReject);
  c.answer = c.others[0] = c.others[1] = "```python\nraise ValueError\n```";
  EXPECT_EQ(Check(spec, c).verdict, Verdict::kUnknown) << "crashing alike is no agreement";
}

}  // namespace
}  // namespace baton::verify
