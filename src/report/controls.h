// Controls that security reviews ask for, with where Baton implements each and the test that shows it. One
// table; a test checks that every file and every test in it exists.
#pragma once

#include <string_view>
#include <vector>

namespace baton::report {

struct Control {
  std::string_view framework;  // "OWASP LLM Top 10 2026", "NIST AI RMF 1.0", "NIST AI 600-1", "ISO/IEC 42001"
  std::string_view id, title;
  std::string_view how;    // what Baton does about it, and what it leaves to the operator
  std::string_view where;  // files, separated by blanks
  std::string_view tests;  // "path:name", separated by blanks; a C++ name is Suite.Name
  std::string_view live;   // figures of the store that belong to it (report/evidence.cc), separated by blanks
};

const std::vector<Control>& Controls();

}  // namespace baton::report
