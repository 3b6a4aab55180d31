// The audit chain's figures, as docs/results/audit.md shows them: rows verified per second, and every way of
// tampering with whether it is found. `audit_bench FOLDER [ROWS]` prints the page; the folder is made and
// emptied.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "record/tamper.h"

namespace {

using namespace baton;
using namespace baton::record;
namespace fs = std::filesystem;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

template <class T>
T Must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "audit_bench: {}\n", result.error().message);
  std::exit(1);
}

audit::Report Check(const std::string& path, audit::VerifyOptions options) {
  auto source = Must(OpenChainSource(path));
  return Must(audit::Verify(*source, options));
}

RecorderOptions At(const std::string& path, std::size_t rows) {
  RecorderOptions o;
  o.path = path;
  o.retention = Duration::zero();
  o.max_queue = rows;
  return o;
}

void Rate(const fs::path& dir, int rows) {
  const std::string path = (dir / "rows.db").string();
  auto start = std::chrono::steady_clock::now();
  if (auto made = MakeAuditedStore(At(path, 100'000), rows, SystemClock()); !made)
    Must(Result<int>(made.error()));
  const double made = Seconds(start);
  std::vector<double> runs;
  audit::Report report;
  for (int run = 0; run < 3; ++run) {
    start = std::chrono::steady_clock::now();
    audit::VerifyOptions options;
    options.anchors.push_back(*Must(audit::ReadHead(audit::HeadPath(path))));
    report = Check(path, options);
    runs.push_back(Seconds(start));
  }
  std::sort(runs.begin(), runs.end());
  const double links = static_cast<double>(report.last);
  fmt::print("| {} exchanges, {} links, {} checkpoints | |\n|---|---|\n", report.exchanges, report.last,
             report.checkpoints);
  fmt::print("| outcome | {} |\n",
             report.ok() ? "verified" : "NOT verified: " + report.findings.front().what);
  fmt::print("| time, median of 3 (min - max) | {:.1f} ({:.1f} - {:.1f}) s |\n", runs[1], runs[0], runs[2]);
  fmt::print("| links per second | {:.0f} ({:.0f} - {:.0f}) |\n", links / runs[1], links / runs[2],
             links / runs[0]);
  fmt::print("| store | {:.0f} bytes per exchange |\n", static_cast<double>(fs::file_size(path)) / rows);
  fmt::print("| written with its chain | {:.0f} exchanges/s, producer and writer together |\n", rows / made);
}

void Cases(const fs::path& dir) {
  const std::string path = (dir / "cases.db").string();
  if (auto made = MakeAuditedStore(At(path, 100'000), 4'000, SystemClock()); !made)
    Must(Result<int>(made.error()));
  const audit::Checkpoint anchor = *Must(audit::ReadHead(audit::HeadPath(path)));
  fmt::print("\n| what was done | found as | first bad row right | needs |\n|---|---|---|---|\n");
  int n = 0, found = 0;
  for (const Tamper& t : TamperCases()) {
    const std::string copy = (dir / fmt::format("case-{}.db", ++n)).string();
    for (const char* end : {"", ".audit.head"}) fs::copy_file(path + end, copy + end);
    std::int64_t first = 0;
    {
      auto db = Must(store::OpenSqlite(StoreAt(copy, store::Mode::kCreate)));
      Hands hands(*db, copy);
      first = t.act(hands);
    }
    audit::VerifyOptions o;
    if (t.needs == Needs::kHead || t.needs == Needs::kKey || t.needs == Needs::kSealed)
      o.anchors.push_back(*Must(audit::ReadHead(audit::HeadPath(copy))));
    if (t.needs == Needs::kAnchor) o.anchors.push_back(anchor);
    if (t.needs == Needs::kKey) o.keys.push_back(anchor.key);
    o.sealed = t.needs == Needs::kSealed;
    const auto report = Check(copy, o);
    found += !report.ok();
    const bool right = !report.ok() && report.findings.front().seq == first;
    fmt::print("| {}: {} | {} | {} | {} |\n", t.kind, t.what,
               report.ok() ? "NOT FOUND" : report.findings.front().name,
               report.ok()  ? "-"
               : first == 0 ? report.findings.front().row
               : right      ? "yes"
                            : "NO",
               NeedsName(t.needs));
  }
  fmt::print("\n{} of {} found.\n", found, n);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: audit_bench FOLDER [ROWS]\n");
    return 2;
  }
  const fs::path dir = argv[1];
  const int rows = argc > 2 ? std::atoi(argv[2]) : 1'000'000;
  fs::remove_all(dir);
  fs::create_directories(dir);
  utsname machine{};
  uname(&machine);
  fmt::print(
      "# The audit chain\n\n`build/release/bench/audit_bench FOLDER {}` on {} {}, SQLite 3.40, OpenSSL "
      "3.0.\n\n",
      rows, machine.sysname, machine.machine);
  Rate(dir, rows);
  Cases(dir);
  fs::remove_all(dir);
}
