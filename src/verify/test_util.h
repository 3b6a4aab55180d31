// For the tests of this folder: one judgement in one line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/sim_loop.h"
#include "verify/verifier.h"

namespace baton::verify {

// What is judged, with owned text.
struct Case {
  std::string question, answer;
  chat::Request request;
  std::optional<chat::Response> response;
  std::vector<std::string> others;

  Subject subject() const {
    Subject s;
    s.question = question;
    s.answer = answer;
    s.request = &request;
    s.response = response ? &*response : nullptr;
    for (const auto& o : others) s.others.push_back(o);
    return s;
  }
};

inline Task<void> CheckInto(const Verifier* v, const Subject* s, const Context* c,
                            std::optional<Judgement>* out) {
  auto judgement = co_await v->Check(*s, *c);
  *out = std::move(judgement);
}

// Runs on a simulated loop; for verifiers that end without anything from outside the loop.
inline Judgement JudgeNow(const Verifier& v, const Case& what, Asker* asker = nullptr) {
  SimLoop loop;
  const Subject subject = what.subject();
  const Context context{.loop = loop, .deadline = {}, .asker = asker};
  std::optional<Judgement> out;
  Spawn(CheckInto(&v, &subject, &context, &out));
  loop.Run();
  return out.value_or(
      Judgement{.verdict = Verdict::kUnknown, .score = -1, .reason = "it did not end", .evidence = ""});
}

inline Judgement JudgeNow(const Spec& spec, const Case& what, Asker* asker = nullptr) {
  auto v = Make(spec, Tools{.sandbox = nullptr, .seed = 7});
  if (!v) return {Verdict::kUnknown, -1, "make: " + v.error().message, ""};
  return JudgeNow(**v, what, asker);
}

inline Judgement JudgeNow(const Spec& spec, std::string answer) {
  Case c;
  c.answer = std::move(answer);
  return JudgeNow(spec, c);
}

}  // namespace baton::verify
