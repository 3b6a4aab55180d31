#include "record/ratings.h"

namespace baton::record {

Result<std::vector<Rating>> RatingsAfter(store::Database& db, std::int64_t seq, int limit) {
  TRY(auto select,
      db.Prepare("SELECT seq, exchange, name, tenant, said_by, source, label, score_millionths, at_ns "
                 "FROM feedback WHERE seq > $1 ORDER BY seq LIMIT $2"));
  select->BindInt(1, seq);
  select->BindInt(2, limit);
  std::vector<Rating> all;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return all;
    Rating& r = all.emplace_back();
    r.seq = select->Int(0);
    r.feedback.exchange = select->Int(1);
    r.feedback.name = select->Text(2);
    r.feedback.tenant = select->Text(3);
    r.feedback.by = select->Text(4);
    r.feedback.source = select->Text(5);
    r.feedback.label = select->Text(6);
    r.feedback.score_millionths = select->Int(7);
    r.feedback.at_unix_ns = select->Int(8);
  }
}

}  // namespace baton::record
