// Inside route/: a choice in the making, and how workers are compared and told about.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "route/rules.h"

namespace baton::route {

inline constexpr std::size_t kMaxAlternatives = 16;

using Workers = std::vector<const pool::Worker*>;

// Why this worker cannot serve the request, whoever asks; empty: it can. `length` tells that length is the
// reason.
std::string WhyNot(const pool::Worker& w, const Features& f, bool* length);
// At the newest prices and a usual length of answer; unpriced workers last.
Workers ByCost(const Workers& workers, const Features& f, bool dearest_first);
// "a, b, c", at most five.
std::string Names(const Workers& workers);

struct Rules::Pick {
  const Features& f;
  const rails::Permit& permit;
  const rails::Catalogue& catalogue;
  Workers chosen;
  std::size_t primaries = 0;
  std::vector<std::string> notes;
  // Candidates left out, and how many of them for length alone or because the Permit forbids them.
  int refused = 0, too_long = 0, forbidden = 0;
  Asking asking{};

  void Note(std::string line) {
    if (notes.size() < kMaxAlternatives) notes.push_back(std::move(line));
  }
  bool NotesLeft() const { return notes.size() < kMaxAlternatives; }
  bool Chosen(const pool::Worker* w) const;
  // Adds the worker unless something speaks against it.
  void Consider(const pool::Worker* w);
  // What a rule names, or everybody by cost. With a router installed a learned rule leaves everybody open.
  void ConsiderRule(const Rule& rule, bool routed);
  void ConsiderAll(bool dearest_first);
  Error NobodyLeft(std::string_view what) const;
};

}  // namespace baton::route
