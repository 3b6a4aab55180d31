// Checks a chain against what stands in the store, or in an export of it, without trusting either.
//
// Streaming: a link at a time, in memory that does not grow with the chain. What is found, and what cannot
// be, stands in docs/audit.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/checkpoint.h"
#include "base/result.h"

namespace baton::audit {

// One link, and the row it stands for.
struct Item {
  enum class Row {
    kWhole,   // `canonical` holds its bytes
    kGone,    // there is none
    kErased,  // content whose bytes were erased; `tenant` says whose it was
  };
  Link link;
  Row row = Row::kGone;
  std::string canonical, tenant;
  std::string readable;  // of an export: the row as people read it; must say what `canonical` says
  std::optional<Checkpoint> checkpoint;  // the one at this link
};

// An event that explains why rows are missing. Its own row is checked when the walk comes to it.
struct Claim {
  std::int64_t seq = 0;
  std::string action, target, detail;
};

// Rows in the tables, to be compared with the links that stand for them.
struct Counts {
  std::int64_t exchanges = 0, calls = 0, steps = 0, events = 0, feedback = 0, contents = 0;
  bool operator==(const Counts&) const = default;
};

// A chain with its rows, from its first link that is kept to its last.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t store() const = 0;
  // The checkpoint at which retention has cut the chain; unset: it is whole.
  virtual const std::optional<Checkpoint>& cut() const = 0;
  virtual const std::vector<Claim>& claims() const = 0;
  // Unset: the source holds links only (an export), so there are no rows beside them.
  virtual const std::optional<Counts>& counts() const = 0;
  // False: the end.
  virtual Result<bool> Next(Item& item) = 0;
  // Calls and steps of the exchange that Next() gave last.
  virtual std::pair<std::int64_t, std::int64_t> children() const { return {0, 0}; }
  // A row that no link stands for, named; asked only when there must be one. May be slow.
  virtual Result<std::string> FindStray() { return std::string(); }
};

struct VerifyOptions {
  // Whose signatures count. Empty: whatever key the checkpoints bear, which is said in the report.
  std::vector<PublicKey> keys;
  // Checkpoints known from elsewhere (the head file, an earlier export): the chain must contain them.
  std::vector<Checkpoint> anchors;
  // The server was stopped in order, or an anchor was taken since: a link that nobody signed is a finding.
  bool sealed = false;
  bool allow_gaps = false;                          // a chain_gap event is told, and is no finding
  std::function<void(std::int64_t rows)> progress;  // now and then
  // Whether a readable row says what the canonical bytes say.
  std::function<bool(Kind, const std::string& canonical, const std::string& readable)> agrees;
};

// Something that is not as it was written. `name` is one of: row_edited, row_deleted, row_inserted,
// link_missing, link_changed, chain_truncated, chain_cut, checkpoint_bad, foreign_key, anchor_missed,
// unsigned_links, chain_gap.
struct Finding {
  std::string name;
  std::int64_t seq = 0;  // link
  std::string row;       // "exchange ex_...", "event 17"; empty: no single row
  std::string what;      // a sentence
};

struct Report {
  std::vector<Finding> findings;  // the first is the first bad row; at most kMaxFindings
  std::int64_t first = 0, last = 0;
  std::int64_t exchanges = 0, events = 0, feedback = 0, contents = 0;
  std::int64_t expired = 0, erased = 0;  // links whose rows retention, or an erasure, took away
  std::int64_t uncovered = 0;            // exchanges recorded before the chain began
  std::int64_t checkpoints = 0, unsigned_tail = 0;
  std::vector<std::string> gaps;             // chain_gap events
  std::map<std::string, std::int64_t> keys;  // fingerprint: checkpoints it signed
  bool pinned = false;                       // the keys were given, not found
  bool ok() const { return findings.empty(); }
};
inline constexpr std::size_t kMaxFindings = 20;

// An error only when the source cannot be read.
Result<Report> Verify(Source& source, const VerifyOptions& options);
// "exchange ex_...", "event 17".
std::string RowName(const Link& link);

}  // namespace baton::audit
