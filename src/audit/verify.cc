// The walk. Each link is recomputed from the hash before it; a wrong one is reported and the walk goes on
// from what the link says, so that one edit gives one finding and the first finding is the first bad row.
#include "audit/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ids.h"

namespace baton::audit {
namespace {

constexpr std::int64_t kProgressEvery = 10'000;

std::int64_t NumberIn(const std::string& detail, const char* name) {
  const auto j = nlohmann::json::parse(detail, nullptr, false);
  if (!j.is_object()) return 0;
  const auto at = j.find(name);
  return at != j.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

// What the events of the chain say about rows that are not there.
struct Explained {
  std::int64_t gone_up_to = 0;  // exchanges with ids up to it
  std::int64_t cut = 0;         // the last link that retention took
  std::int64_t uncovered = 0;
  std::map<std::string, std::int64_t, std::less<>> erased_tenants;  // tenant: the event's link
  std::map<std::int64_t, std::int64_t> erased_exchanges;
  std::vector<std::pair<std::int64_t, std::string>> gaps;

  explicit Explained(const std::vector<Claim>& claims) {
    for (const Claim& c : claims) Add(c);
  }
  void Add(const Claim& c) {
    if (c.action == "retention") {
      gone_up_to = std::max(gone_up_to, NumberIn(c.detail, "last"));
      cut = std::max(cut, NumberIn(c.detail, "cut"));
    } else if (c.action == "erase") {
      const std::int64_t exchange = NumberIn(c.detail, "exchange");
      if (exchange != 0) {
        erased_exchanges[exchange] = c.seq;
      } else {
        erased_tenants[c.target] = std::max(erased_tenants[c.target], c.seq);
      }
    } else if (c.action == "chain_begin") {
      uncovered = NumberIn(c.detail, "uncovered");
    } else if (c.action == "chain_gap") {
      gaps.emplace_back(c.seq, c.target);
    }
  }
  bool Erased(const Item& item) const {
    const auto tenant = erased_tenants.find(item.tenant);
    if (tenant != erased_tenants.end() && tenant->second > item.link.seq) return true;
    const auto exchange = erased_exchanges.find(item.link.ref);
    return exchange != erased_exchanges.end() && exchange->second > item.link.seq;
  }
};

class Walk {
 public:
  Walk(Source& source, const VerifyOptions& options)
      : source_(source), options_(options), explained_(source.claims()) {
    report_.pinned = !options.keys.empty();
    anchors_ = options.anchors;
    std::sort(anchors_.begin(), anchors_.end(), [](auto& a, auto& b) { return a.seq < b.seq; });
  }

  Result<Report> Run() {
    Begin();
    Item item;
    for (;;) {
      TRY(const bool more, source_.Next(item));
      if (!more) break;
      Take(item);
      if (options_.progress && item.link.seq % kProgressEvery == 0) options_.progress(item.link.seq);
    }
    TRY_VOID(End());
    return std::move(report_);
  }

 private:
  void Find(std::string name, std::int64_t seq, std::string row, std::string what) {
    if (report_.findings.size() < kMaxFindings)
      report_.findings.push_back({std::move(name), seq, std::move(row), std::move(what)});
  }

  void Begin() {
    for (const auto& [seq, why] : explained_.gaps) {
      report_.gaps.push_back(fmt::format("link {}: {}", seq, why));
      if (!options_.allow_gaps)
        Find("chain_gap", seq, fmt::format("event {}", seq),
             fmt::format("the server found at its start that the store did not hold what it had signed ({}); "
                         "--allow-gaps accepts it",
                         why));
    }
    const auto& cut = source_.cut();
    if (!cut) return;
    chain_ = Chain(cut->seq, cut->hash);
    CheckCheckpoint(*cut, cut->hash);
    PassAnchors(cut->seq, cut->hash);
    if (explained_.cut < cut->seq)
      Find("chain_cut", cut->seq, {},
           fmt::format("links up to {} are missing, and no retention event of the chain says why", cut->seq));
  }

  void Take(const Item& item) {
    const Link& link = item.link;
    if (report_.first == 0) report_.first = link.seq;
    report_.last = link.seq;
    if (link.seq != chain_.seq() + 1) {
      Find("link_missing", chain_.seq() + 1, {},
           fmt::format("after link {} comes {}: {} are missing", chain_.seq(), link.seq,
                       link.seq - chain_.seq() - 1));
      // From here on only what follows can be checked.
      chain_ = Chain(link.seq, link.hash);
      CheckRow(item);
    } else {
      CheckRow(item);
      const Link now = chain_.Add(link.kind, link.ref, link.digest);
      if (now.hash != link.hash) {
        Find("link_changed", link.seq, RowName(link), "the hash does not follow from the link before it");
        chain_ = Chain(link.seq, link.hash);
      }
    }
    if (item.checkpoint) CheckCheckpoint(*item.checkpoint, link.hash);
    ++report_.unsigned_tail;
    if (item.checkpoint) report_.unsigned_tail = 0;
    PassAnchors(link.seq, link.hash);
  }

  void CheckRow(const Item& item) {
    const Link& link = item.link;
    if (item.row == Item::Row::kWhole) {
      Count(link.kind, 1);
      const auto [calls, steps] = source_.children();
      seen_.calls += calls;
      seen_.steps += steps;
      if (chain_.DigestOf(link.kind, item.canonical) != link.digest) {
        Find("row_edited", link.seq, RowName(link), "the row is not what was recorded");
      } else if (options_.agrees && !item.readable.empty() &&
                 !options_.agrees(link.kind, item.canonical, item.readable)) {
        Find("row_edited", link.seq, RowName(link), "the readable row does not say what was recorded");
      }
    } else if (item.row == Item::Row::kErased) {
      Count(link.kind, 1);
      ++report_.erased;
      if (!explained_.Erased(item))
        Find("row_deleted", link.seq, RowName(link),
             "the content is gone, and no erasure of the chain says why");
    } else if (link.kind != Kind::kEvent && link.ref <= explained_.gone_up_to) {
      ++report_.expired;
    } else {
      Find("row_deleted", link.seq, RowName(link), "the row is missing");
    }
  }

  void Count(Kind kind, std::int64_t n) {
    (kind == Kind::kExchange   ? seen_.exchanges
     : kind == Kind::kEvent    ? seen_.events
     : kind == Kind::kFeedback ? seen_.feedback
                               : seen_.contents) += n;
  }

  void CheckCheckpoint(const Checkpoint& c, const Digest& hash) {
    ++report_.checkpoints;
    const std::string row = fmt::format("checkpoint {}", c.seq);
    if (c.store != source_.store() || c.hash != hash || !Holds(c)) {
      Find("checkpoint_bad", c.seq, row, "the signature is not one under this chain");
      return;
    }
    if (options_.keys.empty() ||
        std::find(options_.keys.begin(), options_.keys.end(), c.key) != options_.keys.end()) {
      ++report_.keys[Fingerprint(c.key)];
      return;
    }
    Find("foreign_key", c.seq, row, fmt::format("signed by key {}, which was not given", Fingerprint(c.key)));
  }

  // Anchors at this link, or at one that is already gone by.
  void PassAnchors(std::int64_t seq, const Digest& hash) {
    for (; next_anchor_ < anchors_.size() && anchors_[next_anchor_].seq <= seq; ++next_anchor_) {
      const Checkpoint& a = anchors_[next_anchor_];
      CheckAnchor(a);
      if (a.seq == seq && a.hash != hash)
        Find("anchor_missed", seq, {}, "the chain was another when this checkpoint was signed");
      if (a.seq == seq) report_.unsigned_tail = 0;
    }
  }
  void CheckAnchor(const Checkpoint& a) {
    if (!Holds(a))
      Find("checkpoint_bad", a.seq, "an anchor", "the signature of a given checkpoint does not hold");
    if (a.store != source_.store())
      Find("anchor_missed", a.seq, {}, "a given checkpoint is of another store's chain");
    if (!options_.keys.empty() &&
        std::find(options_.keys.begin(), options_.keys.end(), a.key) == options_.keys.end())
      Find("foreign_key", a.seq, "an anchor",
           fmt::format("signed by key {}, which was not given", Fingerprint(a.key)));
  }

  Status End() {
    for (; next_anchor_ < anchors_.size(); ++next_anchor_) {
      const Checkpoint& a = anchors_[next_anchor_];
      CheckAnchor(a);
      Find("chain_truncated", chain_.seq() + 1, {},
           fmt::format("the chain ends at link {}, but link {} was signed", chain_.seq(), a.seq));
    }
    if (options_.sealed && report_.unsigned_tail > 0)
      Find("unsigned_links", report_.last - report_.unsigned_tail + 1, {},
           fmt::format("{} links at the end bear no signature", report_.unsigned_tail));
    report_.exchanges = seen_.exchanges;
    report_.events = seen_.events;
    report_.feedback = seen_.feedback;
    report_.contents = seen_.contents;
    return source_.counts() ? CompareCounts(*source_.counts()) : Status();
  }

  // Every whole row was found from its own link, so equal numbers mean that there is no row beside them.
  Status CompareCounts(const Counts& rows) {
    const std::int64_t more = rows.exchanges - seen_.exchanges;
    report_.uncovered = std::clamp<std::int64_t>(more, 0, explained_.uncovered);
    const bool strays = more > explained_.uncovered || rows.events > seen_.events ||
                        rows.feedback > seen_.feedback || rows.contents > seen_.contents ||
                        (explained_.uncovered == 0 && (rows.calls > seen_.calls || rows.steps > seen_.steps));
    if (!strays) return {};
    TRY(std::string row, source_.FindStray());
    Find("row_inserted", 0, std::move(row), "there are rows that no link of the chain stands for");
    return {};
  }

  Source& source_;
  const VerifyOptions& options_;
  const Explained explained_;
  Report report_;
  Chain chain_;
  Counts seen_;
  std::vector<Checkpoint> anchors_;
  std::size_t next_anchor_ = 0;
};

}  // namespace

std::string RowName(const Link& link) {
  if (link.kind == Kind::kEvent) return fmt::format("event {}", link.seq);
  const std::string exchange = FormatExchangeId(link.ref);
  if (link.kind == Kind::kExchange) return "exchange " + exchange;
  return fmt::format("{} {} of {}", KindName(link.kind), link.seq, exchange);
}

Result<Report> Verify(Source& source, const VerifyOptions& options) {
  return Walk(source, options).Run();
}

}  // namespace baton::audit
