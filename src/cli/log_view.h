// How records look to a person: the table of `baton log` and the tree under an answer. Pure: data in, text
// out.
//
// All texts in a record come from outside (clients name models, providers name errors), so every one of them
// goes through PlainText() before it reaches a terminal.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "record/recorder.h"

namespace baton::cli {

struct ViewOptions {
  int width = 100;      // columns of the terminal; lines are never longer, but for the shortest useful form
  bool colour = false;  // ANSI colours
  bool unicode = true;  // else ASCII lines and marks
};
// What suits the file behind `fd`: width and colour of a terminal (NO_COLOR and TERM=dumb respected), plain
// and 100 columns wide otherwise.
ViewOptions ViewOptionsFor(int fd);

// `text` without what could command a terminal: control characters but newline and tab become "\x1b", bytes
// that are no UTF-8 "\xff"; marks that reverse the direction of text become "\u202e". Newlines stay.
std::string PlainText(std::string_view text);

// One line per record, newest first as given, with a head line. Columns that do not fit are left out.
std::string RenderList(std::span<const record::Provenance> records, const ViewOptions& options);
// "412 exchanges, 3 failed, $1.25, 120,034 + 40,120 tokens".
std::string RenderTotals(const record::Recorder::Totals& totals);

// What ran where, why, for how many tokens, dollars and milliseconds.
std::string RenderTree(const record::Provenance& record, const ViewOptions& options);
// The same from the public JSON (GET /v1/exchanges/{id}); a one-line remark when it is not an exchange.
std::string RenderTree(std::string_view json, const ViewOptions& options);

}  // namespace baton::cli
