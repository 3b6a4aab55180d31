// The tree under an answer:
//
//   ex_0fyz…  ok · smol · 183 + 42 tokens · $0.00012 · 812 ms
//   ├─ asked   baton · chat, stream · task extraction · data internal, personal
//   ├─ route   sensitive · single · rules/1
//   │          rule 'sensitive': personal data stays here -> smol
//   ├─ answer  worker
//   │  ├─ ✗ large  connect_timeout · 0 + 0 tokens · $0 · 5.00 s · first choice
//   │  └─ ✓ smol   183 + 42 tokens · $0.00012 · 812 ms (first byte 120 ms) · fallback: large timed out
//   ├─ lost    seed=dropped
//   └─ time    812 ms in all, first byte after 120 ms, Baton itself 85 us
#include "cli/log_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/text_layout.h"

namespace baton::cli {
namespace {

using record::Provenance;

struct Glyphs {
  std::string_view branch, last, stem, blank, dot, ok, failed, idle, cut;
};
constexpr Glyphs kUnicode = {"├─ ", "└─ ", "│  ", "   ", " · ", "✓", "✗", "–", "…"};
constexpr Glyphs kAscii = {"|- ", "`- ", "|  ", "   ", " - ", "+", "x", "-", "..."};

bool Failed(const Provenance& r) {
  return r.outcome != "ok" && r.outcome != "client_gone";
}

Colour OutcomeColour(const Provenance& r) {
  if (r.outcome == "ok") return Colour::kGreen;
  return Failed(r) ? Colour::kRed : Colour::kYellow;
}

std::string Money(budget::Nanos cost, bool complete) {
  if (complete) return "$" + budget::FormatUsd(cost);
  // Unknown is not free: say so, and give what is known as the lower bound it is.
  return cost.v == 0 ? "price unknown" : fmt::format("over ${}", budget::FormatUsd(cost));
}

std::string Tokens(std::int64_t in, std::int64_t out) {
  return fmt::format("{} + {} tokens", FormatCount(in), FormatCount(out));
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string s;
  for (const auto& p : parts) {
    if (p.empty()) continue;
    if (!s.empty()) s += separator;
    s += p;
  }
  return s;
}

// Collects branches; knows which is the last only at the end.
class Tree {
 public:
  explicit Tree(const ViewOptions& options)
      : options_(options), glyphs_(options.unicode ? kUnicode : kAscii) {}
  const Glyphs& glyphs() const { return glyphs_; }

  struct Branch {
    std::string label;               // coloured, in a column of its own
    std::vector<std::string> lines;  // plain; wrapped
    std::vector<Branch> children;
    Colour mark_colour = Colour::kNone;
    std::string mark;
  };

  std::string Render(const std::vector<Branch>& branches, const std::string& indent) const {
    std::string out;
    int label_width = 0;
    for (const auto& b : branches) label_width = std::max(label_width, Columns(b.label));
    for (std::size_t i = 0; i < branches.size(); ++i) {
      out += RenderBranch(branches[i], indent, i + 1 == branches.size(), std::min(label_width, 24));
    }
    return out;
  }

 private:
  std::string RenderBranch(const Branch& b, const std::string& indent, bool last, int label_width) const {
    const std::string stem = indent + std::string(last ? glyphs_.blank : glyphs_.stem);
    std::string head = indent + std::string(last ? glyphs_.last : glyphs_.branch);
    const int mark = b.mark.empty() ? 0 : Columns(b.mark) + 1;
    const int used = Columns(head) + mark + label_width + 2;
    // Below this the terminal wraps; text of three characters per line would be worse.
    const int room = std::max(options_.width - used, 20);
    std::string out = Dim(head);
    if (mark > 0) out += Paint(b.mark, b.mark_colour, options_.colour) + " ";
    out +=
        Paint(PadRight(Clip(b.label, label_width, glyphs_.cut), label_width), Colour::kBold, options_.colour);
    bool first = true;
    for (const auto& line : b.lines) {
      for (const auto& piece : Wrap(line, room)) {
        if (!first) {
          out += "\n" + Dim(b.children.empty() ? stem : stem + std::string(glyphs_.stem));
          out.append(static_cast<std::size_t>(used - Columns(stem) -
                                              (b.children.empty() ? 0 : Columns(glyphs_.stem))),
                     ' ');
        } else {
          out += "  ";
        }
        out += piece;
        first = false;
      }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += "\n";
    if (!b.children.empty()) out += Render(b.children, stem);
    return out;
  }
  std::string Dim(std::string_view s) const { return Paint(s, Colour::kDim, options_.colour); }

  const ViewOptions& options_;
  const Glyphs& glyphs_;
};

std::string CallLine(const pool::CallRecord& c, const Glyphs& g) {
  std::string time = FormatDuration(c.whole);
  if (c.to_first_byte > Duration::zero() && c.to_first_byte < c.whole) {
    time += fmt::format(" (first byte {})", FormatDuration(c.to_first_byte));
  }
  std::vector<std::string> parts;
  if (c.outcome != "ok") parts.push_back(OneLine(c.outcome));
  if (c.upstream_status >= 400) parts.push_back(fmt::format("HTTP {}", c.upstream_status));
  const bool reached = c.usage.input > 0 || c.usage.output > 0;
  if (reached || c.outcome == "ok") {
    parts.push_back(Tokens(c.usage.input, c.usage.output) + (c.usage_estimated ? " (estimated)" : ""));
    parts.push_back(Money(c.cost, c.priced));
  }
  parts.push_back(time);
  if (c.queued >= std::chrono::milliseconds(1)) parts.push_back("queued " + FormatDuration(c.queued));
  parts.push_back(OneLine(c.why));
  return Join(parts, g.dot);
}

Tree::Branch CallBranch(const pool::CallRecord& c, const Glyphs& g) {
  Tree::Branch b;
  b.label = OneLine(c.worker);
  b.lines.push_back(CallLine(c, g));
  const bool ok = c.outcome == "ok";
  // A call that worked but whose answer was not used (a hedge that lost) is neither.
  b.mark = std::string(ok ? (c.winner ? g.ok : g.idle) : g.failed);
  b.mark_colour = ok ? (c.winner ? Colour::kGreen : Colour::kDim) : Colour::kRed;
  return b;
}

// "worker · rejected · sees outline · confidence 0.42"
std::string StepLine(const record::StepRecord& s, bool called, const Glyphs& g) {
  const bool usual = s.status.empty() || s.status == "done";
  std::string status = usual ? "" : OneLine(s.status);
  std::replace(status.begin(), status.end(), '_', ' ');
  return Join(
      {OneLine(s.role), status,
       s.verdict == "accept"   ? "accepted"
       : s.verdict == "reject" ? "rejected"
                               : "",
       s.confidence > 0 ? fmt::format("confidence {:.2f}", (s.confidence - 1) / 1000.0) : "",
       s.sees.empty() ? "" : "reads " + OneLine(s.sees), called || !usual ? "" : "no worker was called"},
      g.dot);
}

void AddSteps(const Provenance& r, const Glyphs& g, std::vector<Tree::Branch>& branches) {
  std::vector<record::StepRecord> steps = r.steps;
  if (steps.empty()) {
    steps.emplace_back();
    steps.back().name = "answer";
    steps.back().role = "worker";
    steps.back().calls = static_cast<int>(r.calls.size());
  }
  std::size_t next = 0;
  for (const auto& s : steps) {
    Tree::Branch& b = branches.emplace_back();
    b.label = OneLine(s.name);
    const std::size_t end = std::min(r.calls.size(), next + static_cast<std::size_t>(std::max(0, s.calls)));
    b.lines.push_back(StepLine(s, next < end, g));
    if (!s.note.empty()) b.lines.push_back(OneLine(s.note));
    if (s.verdict == "reject" || s.status == "failed") b.mark_colour = Colour::kRed;
    for (; next < end; ++next) b.children.push_back(CallBranch(r.calls[next], g));
  }
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(OneLine(text.substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

std::string Asked(const Provenance& r, const Glyphs& g) {
  return Join({OneLine(r.model), OneLine(r.endpoint) + (r.stream ? ", stream" : ""),
               r.task.empty() ? "" : "task " + OneLine(r.task),
               r.data_classes.empty() ? "" : "data " + OneLine(r.data_classes),
               r.contract.empty() ? "" : "contract " + OneLine(r.contract),
               r.tenant.empty() ? "" : "tenant " + OneLine(r.tenant),
               r.key.empty() ? "" : "key " + OneLine(r.key), r.user.empty() ? "" : "user " + OneLine(r.user)},
              g.dot);
}

std::string TimeLine(const Provenance& r) {
  std::string line = fmt::format("{} in all", FormatDuration(r.duration));
  if (r.first_byte > Duration::zero())
    line += fmt::format(", first byte after {}", FormatDuration(r.first_byte));
  return line + fmt::format(", Baton itself {}", FormatDuration(r.overhead));
}

std::vector<Tree::Branch> Branches(const Provenance& r, const Glyphs& g) {
  std::vector<Tree::Branch> branches;
  branches.push_back({"asked", {Asked(r, g)}, {}, Colour::kNone, {}});
  if (!r.rails_reasons.empty()) branches.push_back({"rails", Lines(r.rails_reasons), {}, Colour::kNone, {}});
  if (!r.route.empty()) {
    std::vector<std::string> lines = {
        Join({OneLine(r.route), OneLine(r.workflow), OneLine(r.policy),
              r.propensity == 1 ? "" : fmt::format("chance {:.3g}", r.propensity)},
             g.dot)};
    for (auto& l : Lines(r.reason)) lines.push_back(std::move(l));
    branches.push_back({"route", std::move(lines), {}, Colour::kNone, {}});
  }
  if (!r.route.empty() || !r.calls.empty()) AddSteps(r, g, branches);
  if (!r.notes.empty()) branches.push_back({"plan", Lines(r.notes), {}, Colour::kNone, {}});
  if (!r.degraded.empty()) branches.push_back({"degraded", {OneLine(r.degraded)}, {}, Colour::kRed, {}});
  if (!r.losses.empty()) branches.push_back({"lost", {OneLine(r.losses)}, {}, Colour::kNone, {}});
  if (r.calls_cut > 0) {
    branches.push_back(
        {"note", {fmt::format("{} more calls were not recorded", r.calls_cut)}, {}, Colour::kNone, {}});
  }
  if (!r.feedback.empty()) {
    std::vector<std::string> lines;
    for (const auto& f : r.feedback) {
      lines.push_back(Join({fmt::format("{:.3g}", f.score()), OneLine(f.label), OneLine(f.source),
                            OneLine(f.by), FormatTime(f.at_unix_ns)},
                           g.dot));
    }
    branches.push_back({"feedback", std::move(lines), {}, Colour::kNone, {}});
  }
  branches.push_back({"time", {TimeLine(r)}, {}, Colour::kNone, {}});
  return branches;
}

// One column of the list: its head, its text, and how dear it is when the terminal is narrow (least goes
// first).
struct Column {
  std::string_view head;
  std::string (*text)(const Provenance&);
  bool right;
  int keep;
  int max_width;
};
constexpr int kWhole = 1'000;
const Column kColumns[] = {
    {"TIME (UTC)", [](const Provenance& r) { return FormatTime(ExchangeUnixNanos(r.id)); }, false, 7, kWhole},
    {"ID", [](const Provenance& r) { return FormatExchangeId(r.id); }, false, 9, kWhole},
    {"OUTCOME", [](const Provenance& r) { return OneLine(r.outcome); }, false, 8, 24},
    {"MODEL", [](const Provenance& r) { return OneLine(r.model); }, false, 3, 20},
    {"ROUTE", [](const Provenance& r) { return OneLine(r.route); }, false, 4, 20},
    {"WORKER", [](const Provenance& r) { return r.worker.empty() ? "-" : OneLine(r.worker); }, false, 6, 20},
    {"CALLS", [](const Provenance& r) { return std::to_string(r.calls.size()); }, true, 1, kWhole},
    {"IN", [](const Provenance& r) { return FormatCount(r.input_tokens); }, true, 2, kWhole},
    {"OUT", [](const Provenance& r) { return FormatCount(r.output_tokens); }, true, 2, kWhole},
    {"COST",
     [](const Provenance& r) { return r.unpriced && r.cost.v == 0 ? "?" : Money(r.cost, !r.unpriced); }, true,
     5, kWhole},
    {"TIME", [](const Provenance& r) { return FormatDuration(r.duration); }, true, 5, kWhole},
};

struct Laid {
  const Column* column;
  int width;
  std::vector<std::string> cells;
};

// Leaves out the least dear columns until the line fits.
void Fit(std::vector<Laid>& columns, int width) {
  const auto total = [&] {
    int sum = 0;
    for (const auto& c : columns) sum += c.width + 2;
    return sum - 2;
  };
  while (columns.size() > 1 && total() > width) {
    columns.erase(std::min_element(columns.begin(), columns.end(), [](const Laid& a, const Laid& b) {
      return a.column->keep < b.column->keep;
    }));
  }
}

std::string Cell(const std::string& text, const Laid& c, bool last) {
  if (c.column->right) return PadLeft(text, c.width);
  return last ? text : PadRight(text, c.width);
}

}  // namespace

ViewOptions ViewOptionsFor(int fd) {
  ViewOptions o;
  const char* locale = nullptr;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!locale || !*locale) locale = std::getenv(name);
  }
  const std::string_view name = locale ? locale : "";
  o.unicode = name.empty() || name.find("UTF") != std::string_view::npos ||
              name.find("utf") != std::string_view::npos;
  if (!::isatty(fd)) return o;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  o.colour = !(no_colour && *no_colour) && !(term && std::string_view(term) == "dumb");
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) o.width = std::max<int>(40, size.ws_col);
  return o;
}

std::string RenderTree(const Provenance& r, const ViewOptions& options) {
  Tree tree(options);
  const Glyphs& g = tree.glyphs();
  const std::string outcome = OneLine(r.outcome);
  const std::string rest =
      Join({"", r.worker.empty() ? "no answer" : OneLine(r.worker), Tokens(r.input_tokens, r.output_tokens),
            Money(r.cost, !r.unpriced), FormatDuration(r.duration)},
           g.dot);
  const std::string id = FormatExchangeId(r.id);
  const int room = options.width - Columns(id) - 2 - Columns(outcome) - Columns(g.dot);
  return Paint(id, Colour::kCyan, options.colour) + "  " + Paint(outcome, OutcomeColour(r), options.colour) +
         std::string(g.dot) + Clip(rest, std::max(room, 20), g.cut) + "\n" + tree.Render(Branches(r, g), "");
}

std::string RenderTree(std::string_view json, const ViewOptions& options) {
  auto record = record::FromJson(json);
  return record ? RenderTree(*record, options) : "(no record of this exchange)\n";
}

std::string RenderList(std::span<const Provenance> records, const ViewOptions& options) {
  if (records.empty()) return "no exchanges\n";
  const Glyphs& g = options.unicode ? kUnicode : kAscii;
  std::vector<Laid> columns;
  for (const Column& c : kColumns) {
    Laid laid{&c, Columns(c.head), {}};
    for (const Provenance& r : records) {
      laid.cells.push_back(Clip(c.text(r), c.max_width, g.cut));
      laid.width = std::max(laid.width, Columns(laid.cells.back()));
    }
    columns.push_back(std::move(laid));
  }
  Fit(columns, options.width);
  std::string out;
  for (std::size_t row = 0; row <= records.size(); ++row) {
    std::string line;
    for (const Laid& c : columns) {
      const bool last = &c == &columns.back();
      std::string cell = Cell(row == 0 ? std::string(c.column->head) : c.cells[row - 1], c, last);
      Colour colour = row == 0 ? Colour::kDim : Colour::kNone;
      if (row > 0 && c.column->head == "OUTCOME") colour = OutcomeColour(records[row - 1]);
      line += Paint(cell, colour, options.colour) + (last ? "" : "  ");
    }
    out += line + "\n";
  }
  return out;
}

std::string RenderTotals(const record::Recorder::Totals& t) {
  return fmt::format("{} exchange{}, {} failed, ${}, {}\n", FormatCount(t.exchanges),
                     t.exchanges == 1 ? "" : "s", FormatCount(t.failures), budget::FormatUsd(t.cost),
                     Tokens(t.input_tokens, t.output_tokens));
}

}  // namespace baton::cli
