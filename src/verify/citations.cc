// Does the answer say where it has it from, and does every mark lead somewhere? A mark resolves when the
// answer's own list of sources, or the sources offered in the conversation, have its number. Links are not
// fetched: with `known_links` they must at least have been in the conversation, which catches invented ones.
// Whether a source says what it is cited for is not checked.
#include <fmt/format.h>

#include <algorithm>

#include "verify/citation_text.h"
#include "verify/rule.h"
#include "verify/said.h"

namespace baton::verify {
namespace {

constexpr Facts kFacts{
    .name = "citations",
    .version = 1,
    .cost = {},
    .error_rate = {
        .false_accept = 0.002, .false_reject = 0.004, .n = 786, .set = "bipia_contexts", .of_form = true}};

class CitationRule : public InstantRule {
 public:
  CitationRule(std::size_t least, bool known_links)
      : InstantRule(kFacts), least_(least), known_links_(known_links) {}

  Judgement Judge(const Subject& subject) const override {
    const Citations c = FindCitations(subject.answer);
    if (c.bad_link) return Reject("a link in the answer has no host");
    std::set<int> offered = c.listed;
    ForEachText(subject, [&](std::string_view text) { AddOffered(text, &offered); });
    for (int mark : c.marks) {
      if (!offered.contains(mark))
        return Reject("a citation mark leads to no source", fmt::format("[{}]", mark));
    }
    if (known_links_) {
      for (const std::string& link : c.links) {
        bool known = false;
        ForEachText(subject, [&](std::string_view text) {
          known = known || text.find(link) != std::string_view::npos;
        });
        if (!known) return Reject("a link in the answer was not in the conversation", link);
      }
    }
    const std::size_t count = std::max(c.marks.size() + c.links.size(), c.listed.size());
    if (count < least_) return Reject(fmt::format("{} citations are there, {} are asked for", count, least_));
    return Accept(fmt::format("{} citations are there and lead somewhere", count));
  }

 private:
  std::size_t least_;
  bool known_links_;
};

std::shared_ptr<const Verifier> MakeCitations(const Spec& spec, const Tools&, Error* error) {
  Options options(spec, error);
  const auto least = static_cast<std::size_t>(options.Number("least", 1, 0, 100));
  const bool known = options.Flag("known_links", false);
  if (!options.ok()) return nullptr;
  return std::make_shared<CitationRule>(least, known);
}

}  // namespace

Info CitationsInfo() {
  return {kFacts.name,
          "The answer cites sources, and every mark such as [1] leads to one.",
          {{"least", "citations needed", "1"},
           {"known_links", "yes: every link must have been in the conversation", "no"}},
          MakeCitations};
}

}  // namespace baton::verify
