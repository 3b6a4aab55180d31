// Citation marks, their sources and links in a text. Pure; linear; bounded.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baton::verify {

struct Citations {
  std::set<int> marks;             // [1], [2, 3], [4-6], [^7], 【8】 used in running text; at most 200
  std::set<int> listed;            // numbers that a list of sources in the text explains
  std::vector<std::string> links;  // http and https addresses, at most 200
  bool bad_link = false;           // something that begins like an address has no host
};
// Code blocks are left out: a[1] is no citation.
Citations FindCitations(std::string_view text);
// Numbers under which a text offers sources: lines that begin with [1], "Source 1:", "Document 1", "(1)",
// <source id="1">.
void AddOffered(std::string_view text, std::set<int>* offered);

}  // namespace baton::verify
