// Questions about tables that only the SQL worker holds. The test split's wordings differ in the words that
// the worker's own phrases look for, so some of them need a query that somebody else writes.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "arena/families.h"

namespace baton::arena {
namespace {

struct Group {
  std::string value;
  int sum = 0, rows = 0, most = 0;
};

// One value of a column, and what the numbers beside it come to.
Group PickGroup(Draw& d, const exact::Table& t, std::size_t column) {
  std::map<std::string, Group> groups;
  for (const auto& row : t.rows) {
    Group& g = groups[row[column]];
    g.value = row[column];
    const int n = std::stoi(row[2]);
    g.sum += n;
    ++g.rows;
    g.most = std::max(g.most, n);
  }
  auto at = groups.begin();
  std::advance(at, static_cast<long>(d.random.Below(groups.size())));
  return at->second;
}
Problem Number(std::string text, int answer) {
  return Ask(std::move(text), std::to_string(answer), Check::kNumber);
}
const exact::Table& Goods(Draw& d) {
  return d.world.tables[0];
}
const exact::Table& People(Draw& d) {
  return d.world.tables[1];
}

// Training: sales(city, product, units), staff(name, team, salary).
Problem Total(Draw& d) {
  const Group g = PickGroup(d, Goods(d), 0);
  return Number(fmt::format("Table sales: what is the total number of units in the city {}?", g.value),
                g.sum);
}
Problem HowMany(Draw& d) {
  const Group g = PickGroup(d, People(d), 1);
  return Number(fmt::format("How many people of table staff are in the team {}?", g.value), g.rows);
}
Problem Salary(Draw& d) {
  const auto& row = d.Of(People(d).rows);
  return Number(fmt::format("What is the salary of {} in table staff?", row[0]), std::stoi(row[2]));
}
Problem Highest(Draw& d) {
  const Group g = PickGroup(d, Goods(d), 1);
  return Number(fmt::format("What is the highest number of units of the product {} in table sales?", g.value),
                g.most);
}
Problem Sum(Draw& d) {
  const Group g = PickGroup(d, Goods(d), 1);
  return Number(fmt::format("Give me the sum of units of {} in the table sales.", g.value), g.sum);
}
Problem Rows(Draw& d) {
  const Group g = PickGroup(d, Goods(d), 0);
  return Number(fmt::format("In sales, what is the number of rows for {}?", g.value), g.rows);
}
Problem Earns(Draw& d) {
  const auto& row = d.Of(People(d).rows);
  return Number(fmt::format("See table staff: what salary has {}?", row[0]), std::stoi(row[2]));
}
Problem TeamMost(Draw& d) {
  const Group g = PickGroup(d, People(d), 1);
  return Number(fmt::format("Staff: the largest salary in {} is how much?", g.value), g.most);
}

// Test: harvest(village, crop, crates), members(member, club, points).
Problem Altogether(Draw& d) {
  const Group g = PickGroup(d, Goods(d), 1);
  return Number(fmt::format("According to harvest, how many crates of {} were there altogether?", g.value),
                g.sum);
}
Problem Count(Draw& d) {
  const Group g = PickGroup(d, People(d), 1);
  return Number(fmt::format("Count the rows of members whose club is {}.", g.value), g.rows);
}
Problem Points(Draw& d) {
  const auto& row = d.Of(People(d).rows);
  return Number(fmt::format("Look at members: {} has how many points?", row[0]), std::stoi(row[2]));
}
Problem Best(Draw& d) {
  const Group g = PickGroup(d, Goods(d), 0);
  return Number(fmt::format("In harvest, what was the best result, in crates, of the village {}?", g.value),
                g.most);
}

}  // namespace

Family TablesFamily() {
  return {"tables",
          "questions about tables",
          {Total, HowMany, Salary, Highest, Sum, Rows, Earns, TeamMost},
          {Altogether, Count, Points, Best}};
}

}  // namespace baton::arena
