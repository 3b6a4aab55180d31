// Questions about documents that only the search worker holds: one sentence answers it, or two that must be
// found one after the other.
#include <fmt/format.h>

#include "arena/families.h"

namespace baton::arena {
namespace {

const World::Fact& FactOf(Draw& d) {
  return d.Of(d.world.facts);
}
Problem Text(std::string text, const std::string& answer) {
  return Ask(std::move(text), answer, Check::kText);
}

// Training: mills.
Problem Runs(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("Who runs the mill {}?", f.subject), f.keeper);
}
Problem Lives(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("Where does {} live?", f.keeper), f.home);
}
Problem RunnersHome(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("In which town does the person live who runs the mill {}?", f.subject), f.home);
}
Problem Miller(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("Tell me by whom the mill {} is run.", f.subject), f.keeper);
}
Problem Town(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("What is the town that {} lives in?", f.keeper), f.home);
}
Problem SomebodysHome(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("Somebody runs the mill {}. Find out where this person lives.", f.subject), f.home);
}

// Test: ships.
Problem Commands(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("Name the person who commanded the ship {}.", f.subject), f.keeper);
}
Problem Home(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("Tell me the place in which {} lives.", f.keeper), f.home);
}
Problem CommandersHome(Draw& d) {
  const auto& f = FactOf(d);
  return Text(fmt::format("The ship {} has a commander. In what place is the commander's home?", f.subject),
              f.home);
}

}  // namespace

Family DocumentsFamily() {
  return {"documents",
          "questions about documents",
          {Runs, Lives, RunnersHome, Miller, Town, SomebodysHome},
          {Commands, Home, CommandersHome}};
}

}  // namespace baton::arena
