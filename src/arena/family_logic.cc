// Small puzzles that no exact worker understands.
#include <fmt/format.h>

#include <algorithm>

#include "arena/families.h"

namespace baton::arena {
namespace {

using S = std::vector<std::string>;

S Shuffled(Draw& d, S names, std::size_t keep) {
  for (std::size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[d.random.Below(i)]);
  names.resize(keep);
  return names;
}

// A chain a > b > c ..., its links told in any order.
Problem Chain(Draw& d, const S& names, const char* link, const std::string& question, bool first) {
  const S order = Shuffled(d, names, static_cast<std::size_t>(2 + d.level));
  S links;
  for (std::size_t i = 0; i + 1 < order.size(); ++i)
    links.push_back(fmt::format("{} {} {}.", order[i], link, order[i + 1]));
  links = Shuffled(d, links, links.size());
  Problem p = Ask(fmt::format("{} {} Answer with the name only.", fmt::join(links, " "), question),
                  first ? order.front() : order.back(), Check::kText);
  p.options = order;
  return p;
}

// "All A are B. Some/No ... : yes or no."
Problem Syllogism(Draw& d, const S& kinds, bool must) {
  const S k = Shuffled(d, kinds, 3);
  const bool follows = d.Int(0, 1) == 1;
  const std::string question =
      must ? fmt::format("Must all {} be {}?", k[0], k[2]) : fmt::format("Are all {} {}?", k[0], k[2]);
  Problem p = Ask(fmt::format("All {} are {}. {} {} are {}. {} Answer yes or no.", k[0], k[1],
                              follows ? "All" : "No", k[1], k[2], question),
                  follows ? "yes" : "no", Check::kText);
  p.options = {"yes", "no"};
  return p;
}

Problem Taller(Draw& d) {
  return Chain(d, {"Ann", "Bob", "Cid", "Dee", "Eli"}, "is taller than", "Who is the tallest?", true);
}
Problem Older(Draw& d) {
  return Chain(d, {"Fay", "Gus", "Hal", "Ivy", "Jim"}, "is older than", "Who is the youngest?", false);
}
Problem Are(Draw& d) {
  return Syllogism(d, {"wugs", "daxes", "blickets", "feps"}, false);
}

Problem Faster(Draw& d) {
  return Chain(d, {"Kim", "Leo", "Mae", "Ned", "Ola"}, "ran faster than", "Who won the race?", true);
}
Problem Cheaper(Draw& d) {
  return Chain(d, {"tea", "milk", "soup", "rice", "bread"}, "costs more than", "What costs the least?",
               false);
}
Problem Must(Draw& d) {
  return Syllogism(d, {"zorps", "quims", "tovas", "lirks"}, true);
}

}  // namespace

Family LogicFamily() {
  return {"logic", "orderings and syllogisms", {Taller, Older, Are}, {Faster, Cheaper, Must}};
}

}  // namespace baton::arena
