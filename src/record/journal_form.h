// The journal's form on disk, version 1 (docs/format/provenance.md). Little-endian; every part 8-byte
// aligned.
#pragma once

#include <cstdint>
#include <string_view>

#include "record/crc32c.h"

namespace baton::record {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the journal's form is little-endian");

inline constexpr std::size_t kFileHeaderBytes = 4096;
inline constexpr char kJournalMagic[8] = {'B', 'A', 'T', 'O', 'N', 'J', 'N', 'L'};
inline constexpr std::uint32_t kJournalVersion = 1;

struct FileHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t check;  // of the fields below
  std::uint64_t id;
  std::uint64_t segment_bytes;
  std::uint64_t segments;
};

struct SegmentHeader {
  std::uint64_t base;  // number of the first record; 0: segment not in use
};

struct RecordHeader {
  std::uint64_t seq;  // stored last
  std::int64_t id;
  std::uint32_t length;  // of the payload that follows
  std::uint32_t check;   // of id, length and payload
};
static_assert(sizeof(FileHeader) == 40 && sizeof(SegmentHeader) == 8 && sizeof(RecordHeader) == 24);

// Room a record takes.
constexpr std::size_t Padded(std::size_t payload) {
  return (sizeof(RecordHeader) + payload + 7) & ~std::size_t{7};
}

inline std::uint32_t Check(const RecordHeader& h, std::string_view payload) {
  const auto* id_and_length = reinterpret_cast<const char*>(&h.id);
  return Crc32c(payload, Crc32c({id_and_length, sizeof(h.id) + sizeof(h.length)}));
}

inline std::uint32_t Check(const FileHeader& h) {
  return Crc32c({reinterpret_cast<const char*>(&h.id), sizeof(FileHeader) - 16});
}

}  // namespace baton::record
