// Plans that may solve a problem, by the book: where the warm start's examples come from.
//
// Problem: a model of a hundred million parameters cannot find the form of a plan by trying, and a plan that
// somebody thinks is right is not yet one that is. Choice: write down every simple plan that fits a problem's
// text (ask one worker; search twice; an expression over the numbers in the text; a line of Python over its
// words and lists), run all of them through the workflow engine on training problems, and let the reference
// checker say which were right. What was right for all problems of a template was right for a reason; what
// was right once was luck (SharesRight). Nothing here reads a test template.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "train/stage.h"

namespace baton::train {

struct Draft {
  std::string name;  // the same for the same idea: "calculator", "search twice", "n0*n1+n2", "python max(L)"
  struct Step {
    std::string worker;  // what it computes ("calculator"), or "language"
    std::string subtask;
  };
  std::vector<Step> steps;  // each sees all before it
};

// At most a few dozen, the plainest first. Expressions are only drafted when `shapes` names them for the
// problem's family and form (ShapesOf).
std::vector<Draft> DraftsFor(const arena::Problem& problem, const std::vector<std::string>& shapes);

// Expressions over the numbers of a problem's text ("n0*n1+n2"), by family and form, that give the reference
// for every one of these problems: the shortest two of each. Pure arithmetic, nobody is asked.
using Shapes = std::map<std::pair<std::string, int>, std::vector<std::string>>;
Shapes ShapesOf(const std::vector<arena::Problem>& problems);

// The whole numbers of a text, in order, at most five.
std::vector<long> NumbersIn(const std::string& text);

// A draft as steps for this team. Nullopt: somebody it needs is not there.
std::optional<std::vector<workflow::WrittenStep>> Bind(const Draft& draft, const Team& team);

}  // namespace baton::train
