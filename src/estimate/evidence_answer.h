// One answer as evidence: what it says, in a form that equal answers share, and what it looks like.
//
// Read from one answer alone, so that the same text gives the same key whoever else was asked, when a model
// is trained and when it serves. Tool calls are compared as calls (name and arguments, whatever notation),
// marked answers and short ones as choice, number or normalised text, long ones that mark nothing by the
// number they end in or by a first line that stands alone; else nothing can be read, and the answer agrees
// with nobody.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "estimate/evidence.h"

namespace baton::estimate {

struct AnswerReading {
  std::string key;  // "n:42", "c:B", "x:paris", "t:f{a:1}"; empty: nothing could be read
  Signs signs{};
};

// `answer`: what a caller already took for the final answer, or empty. `calls`: tools are on offer, so that
// an answer without a call says "none of them". Pure; linear in the texts.
AnswerReading ReadAnswer(std::string_view response, std::string_view answer = {}, bool calls = false);

// Tool calls in a text, in the notations models use (JSON with name and arguments, {"f": {...}}, f(a=1)), as
// one key; empty: there are none.
std::string CallsKey(std::string_view text);

// Numbers answers the way tables and beliefs want them: equal keys, equal numbers from 0; kUnread without a
// key.
class KeyGroups {
 public:
  int Of(const std::string& key);

 private:
  std::vector<std::string> keys_;
};

}  // namespace baton::estimate
