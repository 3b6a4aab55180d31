// A journal file of any content opens, says what is damaged and goes on; whatever it gives out lies inside
// it.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bytes_file.h"
#include "record/encode.h"
#include "record/journal.h"
#include "record/journal_form.h"

namespace {

using namespace baton::record;

constexpr std::size_t kSegment = 4096, kSegments = 2;

std::string Head() {
  FileHeader h{};
  std::memcpy(h.magic, kJournalMagic, sizeof h.magic);
  h.version = kJournalVersion;
  h.id = 7;
  h.segment_bytes = kSegment;
  h.segments = kSegments;
  h.check = Check(h);
  std::string head(reinterpret_cast<char*>(&h), sizeof h);
  head.resize(kFileHeaderBytes);
  return head;
}

// Gives the records the numbers and check sums they need to be read, up to the first zero length.
void Repair(char* segment) {
  std::uint64_t base = static_cast<std::uint8_t>(segment[0]);
  std::memcpy(segment, &base, sizeof base);
  for (std::size_t at = sizeof(SegmentHeader); base != 0 && at + sizeof(RecordHeader) <= kSegment;) {
    RecordHeader h;
    std::memcpy(&h, segment + at, sizeof h);
    h.length %= 300;
    if (h.length == 0 || at + Padded(h.length) > kSegment) return;
    h.seq = base++;
    h.check = Check(h, {segment + at + sizeof h, h.length});
    std::memcpy(segment + at, &h, sizeof h);
    at += Padded(h.length);
  }
}

std::string Image(std::string_view bytes, bool repaired) {
  std::string image = Head();
  for (std::size_t i = 0; i < kSegments; ++i) {
    std::string segment(bytes.substr(0, kSegment));
    bytes.remove_prefix(segment.size());
    segment.resize(kSegment);
    if (repaired) Repair(segment.data());
    image += segment;
  }
  return image;
}

void Use(Journal& journal) {
  std::vector<Journal::Entry> entries;
  journal.Read(1000, entries);
  RecordView view;
  for (const auto& e : entries) {
    static_cast<void>(Decode(e.payload, view));
    static_cast<void>(journal.Find(e.id));
  }
  journal.StartAfter(journal.last_seq());
  static_cast<void>(journal.Append(5, "payload"));
  entries.clear();
  journal.Rewind();
  journal.Read(1000, entries);
  if (!entries.empty()) journal.Release(entries.back().seq);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const baton::BytesFile file(data[0] & 2 ? std::string(bytes) : Image(bytes, data[0] & 1));
  JournalOptions options;
  options.path = file.path();
  options.segment_bytes = kSegment;
  options.bytes = kSegments * kSegment;
  auto journal = Journal::Open(options);
  if (journal) Use(**journal);
  return 0;
}
