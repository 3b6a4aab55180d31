// For tests: a recorder that keeps what it is given.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "record/recorder.h"

namespace baton::exchange {

// Keeps what it is given, in order.
class KeptRecords : public record::Recorder {
 public:
  bool Submit(record::Provenance r) override {
    records.push_back(std::move(r));
    return true;
  }
  void Flush(std::function<void()> done) override { done(); }
  Result<record::Provenance> Find(ExchangeId) const override { return Fail(Code::kNotFound, ""); }
  Result<std::vector<record::Provenance>> List(const record::LogFilter&) const override { return records; }
  Result<Totals> Sum(const record::LogFilter&) const override { return Totals{}; }
  std::uint64_t dropped() const override { return 0; }
  bool HasRoom() const override { return room; }
  bool room = true;
  std::vector<record::Provenance> records;
};

}  // namespace baton::exchange
