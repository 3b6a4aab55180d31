// What somebody who can write the store might do to it, and what verification should say. For the test and
// for the table in docs/results/audit.md; not part of the server.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <future>
#include <string>
#include <vector>

#include "audit/head.h"
#include "audit/verify.h"
#include "record/chain_source.h"
#include "record/encode.h"
#include "record/open.h"
#include "record/sample.h"
#include "record/tamper_hands.h"

namespace baton::record {

// A store with `exchanges` exchanges, events, feedback and contents among them.
inline Status MakeAuditedStore(RecorderOptions options, int exchanges, const Clock& clock) {
  Random random(11);
  TRY(auto recorder, Recorder::Open(std::move(options), clock, nullptr, baton::Log::Null()));
  for (int i = 0; i < exchanges; ++i) {
    const ExchangeId id = SampleId(i);
    while (!recorder->Submit(Sample(id, random, 1 + i % 2))) {
    }
    if (i % 10 == 3)
      (void)recorder->AddFeedback({id, "a", "default", "", "user", "helpful", 250'000, clock.UnixNanos()});
    if (i % 10 == 5) (void)recorder->AddContent({id, "default", ContentForm::kPlain, R"({"asked":"hello"})"});
    if (i % 10 == 7) (void)recorder->Append({0, "ann", "reload", "baton.yaml", ""});
    // A small store is written in pieces, so that checkpoints lie in its middle whatever the writer's pace.
    if (exchanges <= 10'000 && i % 400 == 399) {
      std::promise<void> written;
      recorder->Flush([&] { written.set_value(); });
      written.get_future().wait();
    }
  }
  return {};
}

// What the checker has beside the store.
enum class Needs { kNothing, kHead, kAnchor, kKey, kSealed };
inline const char* NeedsName(Needs n) {
  static constexpr const char* kNames[] = {"the store alone", "the head file", "an anchor kept elsewhere",
                                           "the public key kept elsewhere",
                                           "a server stopped in order (--sealed)"};
  return kNames[static_cast<int>(n)];
}

struct Tamper {
  std::string kind, what;
  std::string finding;  // the first one's name
  Needs needs = Needs::kNothing;
  std::function<std::int64_t(Hands&)> act;  // gives the link of the first bad row; 0: not one
};

inline std::vector<Tamper> TamperCases() {
  const auto row = [](const char* sql) {
    return [sql](Hands& h) {
      const std::int64_t id = h.MiddleExchange();
      h.Sql(fmt::format(fmt::runtime(sql), id));
      return h.LinkOf(id);
    };
  };
  const auto linked = [](int kind, const char* sql) {
    return [kind, sql](Hands& h) {
      const std::int64_t seq = h.MiddleLink(kind);
      h.Sql(fmt::format(fmt::runtime(sql), seq));
      return seq;
    };
  };
  const auto truncate = [](Hands& h) {
    const std::int64_t last = h.Number("SELECT MAX(seq) FROM audit_chain");
    const std::int64_t keep = h.NewestCheckpointBefore(last).seq;
    h.Sql(fmt::format(
        "DELETE FROM exchanges WHERE id IN (SELECT ref FROM audit_chain WHERE kind = 1 AND seq > {0});"
        "DELETE FROM calls WHERE exchange NOT IN (SELECT id FROM exchanges);"
        "DELETE FROM audit_events WHERE seq > {0}; DELETE FROM feedback WHERE seq > {0};"
        "DELETE FROM contents WHERE seq > {0}; DELETE FROM audit_checkpoints WHERE seq > {0};"
        "DELETE FROM audit_chain WHERE seq > {0};",
        keep));
    return keep;
  };
  return {
      {"edit", "the cost of an exchange", "row_edited", Needs::kNothing,
       row("UPDATE exchanges SET cost_nanos = cost_nanos - 1 WHERE id = {}")},
      {"edit", "who was called", "row_edited", Needs::kNothing,
       row("UPDATE calls SET worker = 'nobody' WHERE exchange = {} AND seq = 0")},
      {"edit", "a word that many rows share", "row_edited", Needs::kNothing,
       [](Hands& h) {
         h.Sql("UPDATE words SET text = 'somebody' WHERE text = 'default'");
         return h.Number(
             "SELECT MIN(seq) FROM audit_chain WHERE kind = 1 AND ref IN (SELECT id FROM exchanges WHERE "
             "tenant = (SELECT id FROM words WHERE text = 'somebody'))");
       }},
      {"edit", "who did an admin action", "row_edited", Needs::kNothing,
       linked(2, "UPDATE audit_events SET actor = 'bob' WHERE seq = {}")},
      {"edit", "a piece of feedback", "row_edited", Needs::kNothing,
       linked(3, "UPDATE feedback SET score_millionths = 1000000 WHERE seq = {}")},
      {"edit", "stored content", "row_edited", Needs::kNothing,
       linked(4, "UPDATE contents SET data = x'7b7d' WHERE seq = {}")},
      {"edit", "a row and its digest", "link_changed", Needs::kNothing,
       [](Hands& h) {
         const std::int64_t id = h.MiddleExchange();
         h.Sql(fmt::format("UPDATE exchanges SET worker = 'other' WHERE id = {}", id));
         audit::Chain chain;
         const audit::Digest digest = chain.DigestOf(audit::Kind::kExchange, Encode(h.Read(id)));
         h.Sql(fmt::format("UPDATE audit_chain SET digest = x'{}' WHERE kind = 1 AND ref = {}",
                           audit::Hex(digest), id));
         return h.LinkOf(id);
       }},
      {"edit", "a row, its digest and every later hash", "checkpoint_bad", Needs::kNothing,
       [](Hands& h) {
         const std::int64_t id = h.MiddleExchange(), link = h.LinkOf(id);
         h.Sql(fmt::format("UPDATE exchanges SET worker = 'other' WHERE id = {}", id));
         h.Rehash(link);
         return h.Number(fmt::format("SELECT MIN(seq) FROM audit_checkpoints WHERE seq >= {}", link));
       }},
      {"edit", "the same, signed anew with a key of one's own, head file too", "foreign_key", Needs::kKey,
       [](Hands& h) {
         const std::int64_t id = h.MiddleExchange(), link = h.LinkOf(id);
         h.Sql(fmt::format("UPDATE exchanges SET worker = 'other' WHERE id = {}", id));
         h.Rehash(link);
         return h.SignAnew(link);
       }},
      {"delete", "an exchange", "row_deleted", Needs::kNothing,
       row("DELETE FROM exchanges WHERE id = {0}; DELETE FROM calls WHERE exchange = {0}")},
      {"delete", "one call of an exchange", "row_edited", Needs::kNothing,
       row("DELETE FROM calls WHERE exchange = {} AND seq = 0")},
      {"delete", "an admin action", "row_deleted", Needs::kNothing,
       linked(2, "DELETE FROM audit_events WHERE seq = {}")},
      {"delete", "stored content, without an erasure", "row_deleted", Needs::kNothing,
       linked(4, "UPDATE contents SET data = NULL WHERE seq = {}")},
      {"delete", "an exchange and its link", "link_missing", Needs::kNothing,
       [](Hands& h) {
         const std::int64_t id = h.MiddleExchange(), link = h.LinkOf(id);
         h.Sql(
             fmt::format("DELETE FROM exchanges WHERE id = {0}; DELETE FROM calls WHERE exchange = {0}; "
                         "DELETE FROM audit_chain WHERE seq = {1}",
                         id, link));
         return link;
       }},
      {"delete", "the beginning, as if by retention", "chain_cut", Needs::kNothing,
       [](Hands& h) {
         const std::int64_t cut = h.NewestCheckpointBefore(h.MiddleLink(1)).seq;
         h.Sql(fmt::format(
             "DELETE FROM exchanges WHERE id IN (SELECT ref FROM audit_chain WHERE kind = 1 AND seq <= {0});"
             "DELETE FROM calls WHERE exchange NOT IN (SELECT id FROM exchanges);"
             "DELETE FROM audit_events WHERE seq <= {0}; DELETE FROM feedback WHERE seq <= {0};"
             "DELETE FROM contents WHERE seq <= {0}; DELETE FROM audit_checkpoints WHERE seq < {0};"
             "DELETE FROM audit_chain WHERE seq <= {0};",
             cut));
         return cut;
       }},
      {"insert", "an exchange", "row_inserted", Needs::kNothing,
       [](Hands& h) {
         h.Sql(fmt::format("INSERT INTO exchanges(id, worker) VALUES({}, 'ghost')", h.MiddleExchange() + 1));
         return std::int64_t{0};
       }},
      {"insert", "a call into an exchange", "row_edited", Needs::kNothing,
       row("INSERT INTO calls(exchange, seq, worker) VALUES({}, 9, 'ghost')")},
      {"insert", "an admin action", "row_inserted", Needs::kNothing,
       [](Hands& h) {
         h.Sql("INSERT INTO audit_events SELECT MAX(seq) + 5, 0, 'ann', 'reload', '', '' FROM audit_chain");
         return std::int64_t{0};
       }},
      {"insert", "an exchange with a link of its own at the end, hash and all", "unsigned_links",
       Needs::kSealed,
       [](Hands& h) {
         const std::int64_t last = h.Number("SELECT MAX(seq) FROM audit_chain");
         h.Sql(
             fmt::format("INSERT INTO exchanges(id, worker) VALUES({0}, 'ghost'); INSERT INTO audit_chain "
                         "VALUES({1}, 1, {0}, zeroblob(32), zeroblob(32))",
                         SampleId(900'000), last + 1));
         h.Rehash(last + 1);
         return last + 1;
       }},
      {"reorder", "the rows of two exchanges", "row_edited", Needs::kNothing,
       [](Hands& h) {
         const std::int64_t id = h.MiddleExchange();
         const std::int64_t other = h.Number(fmt::format("SELECT MIN(id) FROM exchanges WHERE id > {}", id));
         h.Sql(fmt::format(
             "UPDATE exchanges SET id = 1 WHERE id = {0}; UPDATE exchanges SET id = {0} WHERE id = {1}; "
             "UPDATE exchanges SET id = {1} WHERE id = 1",
             id, other));
         return std::min(h.LinkOf(id), h.LinkOf(other));
       }},
      {"reorder", "two links", "link_changed", Needs::kNothing,
       [](Hands& h) {
         const std::int64_t link = h.LinkOf(h.MiddleExchange());
         h.Sql(fmt::format(
             "UPDATE audit_chain SET seq = -1 WHERE seq = {0}; UPDATE audit_chain SET seq = {0} WHERE seq = "
             "{0} + 1; UPDATE audit_chain SET seq = {0} + 1 WHERE seq = -1",
             link));
         return link;
       }},
      {"truncate", "the end, checkpoints included", "chain_truncated", Needs::kHead,
       [truncate](Hands& h) { return truncate(h) + 1; }},
      {"truncate", "the end, and the head file replaced by an older checkpoint", "chain_truncated",
       Needs::kAnchor,
       [truncate](Hands& h) {
         const std::int64_t keep = truncate(h);
         h.WriteHead(h.NewestCheckpointBefore(keep + 1));
         return keep + 1;
       }},
  };
}

}  // namespace baton::record
