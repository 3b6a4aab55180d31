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
Problem Wheels(Draw& d) {
  const int bicycles = d.Int(2, 5 + 3 * d.level), tricycles = d.Int(2, 4 + 2 * d.level);
  return Count(fmt::format("Bicycles have 2 wheels and tricycles have 3. How many wheels do {} bicycles and "
                           "{} tricycles have?",
                           bicycles, tricycles),
               bicycles * 2 + tricycles * 3);
}
Problem Bus(Draw& d) {
  const int buses = d.Int(2, 4 + 2 * d.level), guests = d.Int(12, 20 + 6 * d.level), off = d.Int(2, 11);
  return Count(
      fmt::format("Each of {} buses carries {} guests. At the first stop {} guests get off. How many "
                  "guests stay on the buses?",
                  buses, guests, off),
      buses * guests - off);
}
Problem Tank(Draw& d) {
  const int rate = d.Int(4, 9 + 4 * d.level), hours = d.Int(2, 8), before = d.Int(10, 60);
  return Count(
      fmt::format("A tank holds {} litres. Every hour {} litres flow into it. How many litres does it "
                  "hold after {} hours?",
                  before, rate, hours),
      before + rate * hours);
}
Problem Beads(Draw& d) {
  const int strings = d.Int(2, 4 + d.level), each = d.Int(4, 9 + 2 * d.level), red = d.Int(2, 7);
  return Count(
      fmt::format("{} puts {} red beads and {} blue beads on {} strings, the same number on each. How "
                  "many beads does a string hold?",
                  d.Of(Who(d)), red, strings * each - red, strings),
      each);
}
Problem Rope(Draw& d) {
  const int pieces = d.Int(2, 4 + d.level), length = d.Int(3, 8 + 2 * d.level), waste = d.Int(1, 9);
  return Count(fmt::format("From a rope of {} metres, {} metres are thrown away. What is left is cut into {} "
                           "equal pieces. How long is a piece?",
                           pieces * length + waste, waste, pieces),
               length);
}
Problem Ticket(Draw& d) {
  const int people = d.Int(3, 6 + 2 * d.level), price = d.Int(4, 15), fee = d.Int(3, 20);
  return Count(
      fmt::format("Entry to the museum costs {} dollars for a person, and the guide takes {} dollars. "
                  "What do {} people pay with the guide?",
                  price, fee, people),
      people * price + fee);
}
Problem Bakery(Draw& d) {
  const int trays = d.Int(3, 5 + 2 * d.level), rolls = d.Int(6, 12 + 4 * d.level), sold = d.Int(5, 17);
  return Count(fmt::format("A baker makes {} trays with {} rolls on every tray and sells {} rolls. How many "
                           "rolls has he still got?",
                           trays, rolls, sold),
               trays * rolls - sold);
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
          {Boxes, Shop, Spent, Shared, Days, Wheels, Bus, Tank, Beads, Rope, Ticket, Bakery},
          {Rows, Farm, Wage, Teams, Trip}};
}

}  // namespace baton::arena
