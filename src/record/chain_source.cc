#include "record/chain_source.h"

#include <fmt/format.h>

#include "record/encode.h"
#include "record/open.h"
#include "record/table.h"

namespace baton::record {
namespace {

using audit::Item;
using audit::Kind;

template <std::size_t N>
void CopyBytes(std::string_view from, std::array<std::uint8_t, N>& to) {
  to.fill(0);  // a shorter blob is a wrong one, and will not fit what it should
  std::copy_n(from.begin(), std::min(from.size(), N), to.begin());
}

class ChainSource : public audit::Source {
 public:
  explicit ChainSource(std::unique_ptr<TableReader> rows) : rows_(std::move(rows)), db_(rows_->database()) {}
  ~ChainSource() override { (void)db_.Exec("ROLLBACK"); }

  Status Open() {
    TRY_VOID(db_.Exec("BEGIN"));
    TRY(const std::int64_t store, Number("SELECT value FROM meta WHERE key = 'audit_store'"));
    store_ = static_cast<std::uint64_t>(store);
    TRY_VOID(LoadCut());
    TRY_VOID(LoadClaims());
    TRY_VOID(LoadCounts());
    TRY(links_,
        db_.Prepare("SELECT l.seq, l.kind, l.ref, l.digest, l.hash, c.at_ns, c.hash, c.signature, k.public "
                    "FROM audit_chain l LEFT JOIN audit_checkpoints c ON c.seq = l.seq "
                    "LEFT JOIN audit_keys k ON k.id = c.key ORDER BY l.seq"));
    TRY(event_, db_.Prepare("SELECT at_ns, actor, action, target, detail FROM audit_events WHERE seq = $1"));
    TRY(feedback_,
        db_.Prepare("SELECT exchange, name, tenant, said_by, source, label, score_millionths, at_ns "
                    "FROM feedback WHERE seq = $1"));
    TRY(content_,
        db_.Prepare("SELECT exchange, tenant, form, data, (SELECT w.text FROM exchanges e JOIN words w "
                    "ON w.id = e.tenant WHERE e.id = contents.exchange) FROM contents WHERE seq = $1"));
    return {};
  }

  std::uint64_t store() const override { return store_; }
  const std::optional<audit::Checkpoint>& cut() const override { return cut_; }
  const std::vector<audit::Claim>& claims() const override { return claims_; }
  const std::optional<audit::Counts>& counts() const override { return counts_; }
  std::pair<std::int64_t, std::int64_t> children() const override { return children_; }

  Result<bool> Next(Item& item) override {
    TRY(const bool more, links_->Step());
    if (!more) return false;
    item.link.seq = links_->Int(0);
    item.link.kind = static_cast<Kind>(links_->Int(1));
    item.link.ref = links_->Int(2);
    CopyBytes(links_->Blob(3), item.link.digest);
    CopyBytes(links_->Blob(4), item.link.hash);
    item.checkpoint.reset();
    if (!links_->IsNull(5)) item.checkpoint = CheckpointAt(*links_, 0, 5);
    item.canonical.clear();
    item.tenant.clear();
    children_ = {0, 0};
    TRY(item.row, ReadRow(item));
    return true;
  }

  Result<std::string> FindStray() override;

 private:
  audit::Checkpoint CheckpointAt(const store::Statement& row, int seq, int first) const {
    audit::Checkpoint c;
    c.store = store_;
    c.seq = row.Int(seq);
    c.at_unix_ns = row.Int(first);
    CopyBytes(row.Blob(first + 1), c.hash);
    CopyBytes(row.Blob(first + 2), c.signature);
    CopyBytes(row.Blob(first + 3), c.key);
    return c;
  }
  Status LoadCut();
  Status LoadClaims();
  Status LoadCounts();
  Result<std::int64_t> Number(std::string_view sql) {
    TRY(auto select, db_.Prepare(sql));
    TRY(const bool row, select->Step());
    return row ? select->Int(0) : 0;
  }
  Result<Item::Row> ReadRow(Item& item);
  Result<Item::Row> ReadExchange(Item& item);
  Result<Item::Row> ReadEvent(Item& item);
  Result<Item::Row> ReadFeedback(Item& item);
  Result<Item::Row> ReadContent(Item& item);

  std::unique_ptr<TableReader> rows_;
  store::Database& db_;
  std::uint64_t store_ = 0;
  std::optional<audit::Checkpoint> cut_;
  std::vector<audit::Claim> claims_;
  std::optional<audit::Counts> counts_;
  std::pair<std::int64_t, std::int64_t> children_;
  Provenance record_;
  std::unique_ptr<store::Statement> links_, event_, feedback_, content_;
};

// The chain begins behind a checkpoint that stands alone: its link went with retention.
Status ChainSource::LoadCut() {
  TRY(auto select,
      db_.Prepare("SELECT c.seq, c.at_ns, c.hash, c.signature, k.public FROM audit_checkpoints c "
                  "LEFT JOIN audit_keys k ON k.id = c.key WHERE c.seq < "
                  "(SELECT COALESCE(MIN(seq), 0) FROM audit_chain) ORDER BY c.seq DESC LIMIT 1"));
  TRY(const bool row, select->Step());
  if (row) cut_ = CheckpointAt(*select, 0, 1);
  return {};
}

Status ChainSource::LoadClaims() {
  TRY(auto select, db_.Prepare("SELECT seq, action, target, detail FROM audit_events WHERE action IN "
                               "('chain_begin', 'retention', 'erase', 'chain_gap') ORDER BY seq"));
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return {};
    claims_.push_back({select->Int(0), std::string(select->Text(1)), std::string(select->Text(2)),
                       std::string(select->Text(3))});
  }
}

Status ChainSource::LoadCounts() {
  audit::Counts c;
  for (auto [table, to] : {std::pair{"exchanges", &c.exchanges},
                           {"calls", &c.calls},
                           {"steps", &c.steps},
                           {"audit_events", &c.events},
                           {"feedback", &c.feedback},
                           {"contents", &c.contents}}) {
    TRY(*to, Number(fmt::format("SELECT COUNT(*) FROM {}", table)));
  }
  counts_ = c;
  return {};
}

Result<Item::Row> ChainSource::ReadRow(Item& item) {
  switch (item.link.kind) {
    case Kind::kExchange:
      return ReadExchange(item);
    case Kind::kEvent:
      return ReadEvent(item);
    case Kind::kFeedback:
      return ReadFeedback(item);
    case Kind::kContent:
      return ReadContent(item);
  }
  return Item::Row::kGone;  // a kind that nobody wrote
}

Result<Item::Row> ChainSource::ReadExchange(Item& item) {
  record_ = Provenance();
  TRY(const bool found, rows_->Read(item.link.ref, record_));
  if (!found) return Item::Row::kGone;
  item.canonical.resize(kMaxRecordBytes);
  item.canonical.resize(Encode(record_, item.canonical.data()));
  children_ = {static_cast<std::int64_t>(record_.calls.size()),
               static_cast<std::int64_t>(record_.steps.size())};
  return Item::Row::kWhole;
}

Result<Item::Row> ChainSource::ReadEvent(Item& item) {
  event_->Reset();
  event_->BindInt(1, item.link.seq);
  TRY(const bool found, event_->Step());
  if (!found) return Item::Row::kGone;
  item.canonical =
      Encode(audit::Event{event_->Int(0), std::string(event_->Text(1)), std::string(event_->Text(2)),
                          std::string(event_->Text(3)), std::string(event_->Text(4))});
  return Item::Row::kWhole;
}

Result<Item::Row> ChainSource::ReadFeedback(Item& item) {
  feedback_->Reset();
  feedback_->BindInt(1, item.link.seq);
  TRY(const bool found, feedback_->Step());
  if (!found) return Item::Row::kGone;
  Feedback f;
  f.exchange = feedback_->Int(0);
  f.name = feedback_->Text(1);
  f.tenant = feedback_->Text(2);
  f.by = feedback_->Text(3);
  f.source = feedback_->Text(4);
  f.label = feedback_->Text(5);
  f.score_millionths = feedback_->Int(6);
  f.at_unix_ns = feedback_->Int(7);
  item.canonical = Encode(f);
  return Item::Row::kWhole;
}

Result<Item::Row> ChainSource::ReadContent(Item& item) {
  content_->Reset();
  content_->BindInt(1, item.link.seq);
  TRY(const bool found, content_->Step());
  if (!found) return Item::Row::kGone;
  item.tenant = content_->Text(1);
  if (content_->IsNull(3)) {
    // Whose it was is told by its exchange too, which nobody could change unseen.
    if (content_->IsText(4) && content_->Text(4) != item.tenant) item.tenant = "?";
    return Item::Row::kErased;
  }
  item.canonical = Encode(Content{content_->Int(0), item.tenant, static_cast<ContentForm>(content_->Int(2)),
                                  std::string(content_->Blob(3))});
  return Item::Row::kWhole;
}

// Only when something is wrong already, so it may take its time.
Result<std::string> ChainSource::FindStray() {
  struct Look {
    const char *what, *sql;
    bool exchange;
  };
  static constexpr Look kLooks[] = {
      {"exchange",
       "SELECT id FROM exchanges WHERE id NOT IN (SELECT ref FROM audit_chain WHERE kind = 1) LIMIT 1", true},
      {"a call of", "SELECT exchange FROM calls WHERE exchange NOT IN (SELECT id FROM exchanges) LIMIT 1",
       true},
      {"a step of", "SELECT exchange FROM steps WHERE exchange NOT IN (SELECT id FROM exchanges) LIMIT 1",
       true},
      {"event",
       "SELECT seq FROM audit_events WHERE seq NOT IN (SELECT seq FROM audit_chain WHERE kind = 2) LIMIT 1",
       false},
      {"feedback",
       "SELECT seq FROM feedback WHERE seq NOT IN (SELECT seq FROM audit_chain WHERE kind = 3) LIMIT 1",
       false},
      {"content",
       "SELECT seq FROM contents WHERE seq NOT IN (SELECT seq FROM audit_chain WHERE kind = 4) LIMIT 1",
       false},
  };
  for (const Look& look : kLooks) {
    TRY(const std::int64_t found, Number(look.sql));
    if (found != 0)
      return fmt::format("{} {}", look.what, look.exchange ? FormatExchangeId(found) : std::to_string(found));
  }
  return std::string();
}

}  // namespace

Result<std::unique_ptr<audit::Source>> OpenChainSource(const std::string& path) {
  TRY(auto rows, TableReader::Open(StoreAt(path, store::Mode::kReadOnly)));
  auto source = std::make_unique<ChainSource>(std::move(rows));
  TRY_VOID(source->Open());
  return std::unique_ptr<audit::Source>(std::move(source));
}

Result<std::vector<audit::Event>> ReadEvents(const std::string& path, std::string_view action) {
  TRY(auto rows, TableReader::Open(StoreAt(path, store::Mode::kReadOnly)));
  TRY(auto select, rows->database().Prepare("SELECT at_ns, actor, action, target, detail FROM audit_events "
                                            "WHERE action = $1 ORDER BY seq"));
  select->BindText(1, action);
  std::vector<audit::Event> events;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return events;
    events.push_back({select->Int(0), std::string(select->Text(1)), std::string(select->Text(2)),
                      std::string(select->Text(3)), std::string(select->Text(4))});
  }
}

Status EachContent(const std::string& path, const std::function<Status(const Content&)>& take) {
  TRY(auto rows, TableReader::Open(StoreAt(path, store::Mode::kReadOnly)));
  TRY(auto select, rows->database().Prepare("SELECT exchange, tenant, form, data FROM contents "
                                            "WHERE data IS NOT NULL ORDER BY seq"));
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return {};
    TRY_VOID(take({select->Int(0), std::string(select->Text(1)), static_cast<ContentForm>(select->Int(2)),
                   std::string(select->Blob(3))}));
  }
}

}  // namespace baton::record
