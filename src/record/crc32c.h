// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), the check sum of the journal's records.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::record {

// Continues from `crc`, the result for the bytes before. Uses the CPU's instruction where there is one.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t crc = 0);
// The table form, for machines without the instruction; the same values.
std::uint32_t Crc32cTable(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace baton::record
