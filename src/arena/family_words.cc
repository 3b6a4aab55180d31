// Word problems of two to four steps. The sum behind a story is never written in it: somebody has to find it.
#include <fmt/format.h>

#include "arena/families.h"

namespace baton::arena {
namespace {

using S = std::vector<std::string>;
const S& Who(Draw&) {
  static const S kNames = {"Anna", "Ben", "Clara", "David", "Eva", "Frank", "Lena", "Max"};
  return kNames;
}
Problem Count(std::string text, int answer) {
  return Ask(std::move(text), std::to_string(answer), Check::kNumber);
}

// Training.
Problem Boxes(Draw& d) {
  const int boxes = d.Int(2, 4 + 3 * d.level), each = d.Int(3, 6 + 4 * d.level), more = d.Int(1, 9);
  return Count(
      fmt::format(
          "{} has {} boxes with {} apples each and finds {} more apples. How many apples are there now?",
          d.Of(Who(d)), boxes, each, more),
      boxes * each + more);
}
Problem Shop(Draw& d) {
  const int a = d.Int(2, 3 + 2 * d.level), price = d.Int(2, 9), b = d.Int(2, 5), other = d.Int(2, 12);
  return Count(
      fmt::format(
          "A pen costs ${} and a book costs ${}. {} buys {} pens and {} books. How many dollars is that?",
          price, other, d.Of(Who(d)), a, b),
      a * price + b * other);
}
Problem Spent(Draw& d) {
  const int paid = d.Int(2, 6 + d.level), items = d.Int(2, 5), left = d.Int(3, 40);
  return Count(
      fmt::format("{} had {} dollars and bought {} tickets for {} dollars each. How many dollars are left?",
                  d.Of(Who(d)), paid * items + left, items, paid),
      left);
}
Problem Shared(Draw& d) {
  const int people = d.Int(2, 4 + d.level), each = d.Int(3, 8 + 2 * d.level), eaten = d.Int(1, 9);
  return Count(
      fmt::format(
          "A bag holds {} sweets. {} sweets are eaten, and {} children share the rest equally. How many "
          "sweets does each child get?",
          people * each + eaten, eaten, people),
      each);
}
Problem Days(Draw& d) {
  const int pages = d.Int(5, 12 + 6 * d.level), days = d.Int(3, 7), more = d.Int(2, 20);
  return Count(
      fmt::format(
          "{} reads {} pages a day for {} days, then {} pages on the last day. How many pages in all?",
          d.Of(Who(d)), pages, days, more),
      pages * days + more);
}

// Test.
Problem Rows(Draw& d) {
  const int rows = d.Int(3, 5 + 3 * d.level), seats = d.Int(4, 8 + 3 * d.level), broken = d.Int(1, 9);
  return Count(
      fmt::format("A cinema has {} rows of {} seats. {} seats are broken. How many people can sit down?",
                  rows, seats, broken),
      rows * seats - broken);
}
Problem Farm(Draw& d) {
  const int cows = d.Int(2, 4 + 2 * d.level), hens = d.Int(3, 6 + 3 * d.level);
  return Count(
      fmt::format(
          "A farmer keeps {} cows and {} hens. A cow has 4 legs and a hen has 2. How many legs are on the "
          "farm?",
          cows, hens),
      cows * 4 + hens * 2);
}
Problem Wage(Draw& d) {
  const int rate = d.Int(8, 12 + 3 * d.level), hours = d.Int(3, 9), bonus = d.Int(5, 30);
  return Count(
      fmt::format(
          "{} earns {} dollars an hour, works {} hours and gets a bonus of {} dollars. What is the pay in "
          "dollars?",
          d.Of(Who(d)), rate, hours, bonus),
      rate * hours + bonus);
}
Problem Teams(Draw& d) {
  const int teams = d.Int(3, 5 + d.level), size = d.Int(4, 7 + d.level), late = d.Int(1, 8);
  return Count(
      fmt::format(
          "{} pupils form teams after {} pupils have gone home. There are {} teams of equal size. How many "
          "pupils are in a team?",
          teams * size + late, late, teams),
      size);
}
Problem Trip(Draw& d) {
  const int speed = d.Int(30, 50 + 10 * d.level), hours = d.Int(2, 5), walk = d.Int(2, 15);
  return Count(
      fmt::format(
          "A coach drives {} miles in every hour for {} hours; then the group walks {} miles. How far have "
          "they come, in miles?",
          speed, hours, walk),
      speed * hours + walk);
}

}  // namespace

Family WordsFamily() {
  return {"words",
          "word problems of two to four steps",
          {Boxes, Shop, Spent, Shared, Days},
          {Rows, Farm, Wage, Teams, Trip}};
}

}  // namespace baton::arena
